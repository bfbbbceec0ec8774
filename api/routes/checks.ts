import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { TRADE_CHECK } from '../../db/checks.repository.ts';
import { readChecks, readDifferences } from '../../db/queries/checks.ts';
import { SIDES } from '../../domain/trades/trade.ts';
import {
  Amount,
  Anything,
  Day,
  defaulted,
  FlowId,
  Id,
  Instant,
  nullable,
  oneOf,
  shape,
  strict,
} from '../schemas/fields.ts';
import { FIX } from '../schemas/fix.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['checks'];
const TaskStatus = oneOf(['PASSED', 'FAILED']);
const RESULT_TAGS = ['matched', 'mismatch', 'localOnly', 'counterpartyOnly', 'duplicate'] as const;

const Check = shape({
  taskId: Type.Integer(),
  ledgerDate: Day,
  flow: Type.String(),
  stepRunId: Type.Integer(),
  phase: Type.Integer(),
  taskCode: Type.String(),
  market: Type.String(),
  settlementChannel: Type.String(),
  taskStatus: TaskStatus,
  taskNum: Type.Integer({ description: 'How many differences there are.' }),
  ...FIX,
  differencesHash: Type.String(),
  details: Anything,
  createdAt: Instant,
  current: Type.Boolean({ description: 'Only the newest run of the step counts.' }),
});

const text = nullable(Type.String());
const amount = nullable(Amount);
const side = nullable(oneOf(SIDES));
const Difference = shape({
  lineNo: Type.Integer(),
  taskId: Type.Integer(),
  ledgerDate: Day,
  tradeDate: Day,
  settlementChannel: Type.String(),
  settlementAccount: text,
  market: Type.String(),
  accountNo: text,
  clearingInstrumentId: text,
  otherInstrumentId: text,
  clearingCurrency: text,
  otherCurrency: text,
  clearingId: text,
  otherId: text,
  clearingPrice: amount,
  otherPrice: amount,
  clearingQuantity: amount,
  otherQuantity: amount,
  clearingAmount: amount,
  otherAmount: amount,
  clearingIndicator: side,
  otherIndicator: side,
  price: amount,
  quantity: amount,
  amount,
  resultTag: Type.String({ description: RESULT_TAGS.join(', ') }),
  downgradeStatus: text,
  verified: Type.String(),
  toleranceThreshold: Amount,
  toleranceStatus: text,
});

export const checkRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/checks',
    {
      config,
      schema: {
        operationId: 'listChecks',
        tags,
        summary: 'Results of clearing checks, by channel',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Day,
          flow: Type.Optional(FlowId),
          taskCode: Type.Optional(oneOf([TRADE_CHECK])),
          taskStatus: Type.Optional(TaskStatus),
          includeEarlier: defaulted(Type.Boolean({ default: false })),
        }),
        response: { 200: pageOf(Check) },
      },
    },
    async ({ query }) => readChecks(reader, query),
  );
  app.get(
    '/checks/:taskId/differences',
    {
      config,
      schema: {
        operationId: 'listDifferences',
        tags,
        summary: 'Unmatched details: clearing… is our side, other… theirs, the bare name differs',
        params: strict({ taskId: Id }),
        querystring: strict({ ...PAGE_QUERY, resultTag: Type.Optional(oneOf(RESULT_TAGS)) }),
        response: { 200: pageOf(Difference) },
      },
    },
    async ({ params, query }) => readDifferences(reader, params.taskId, query),
  );
};
