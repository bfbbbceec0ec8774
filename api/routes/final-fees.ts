import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readFinalFees } from '../../db/final-fees.ts';
import { TRADE_STAGES, type TradeStage } from '../../domain/trades/trade.ts';
import {
  Anything,
  Day,
  Id,
  list,
  nullable,
  oneOf,
  shape,
  strict,
  Word,
} from '../schemas/fields.ts';

const FinalFee = shape({
  feeCode: Type.String(),
  applies: list(
    shape({
      instrumentTypes: nullable(Type.Unsafe<readonly string[]>(Type.Array(Type.String()))),
      side: oneOf(['BUY', 'SELL', 'BOTH']),
      channels: nullable(Type.Unsafe<readonly number[]>(Type.Array(Type.Integer()))),
      stages: nullable(Type.Unsafe<readonly TradeStage[]>(Type.Array(oneOf(TRADE_STAGES)))),
      outcome: Type.Unsafe<object>({
        ...Anything,
        description: 'The rule that wins, as it is applied; an exempt trade has a waiver.',
      }),
    }),
    { description: 'Kinds of trade that differ; null = all. Who is in no group pays no such fee.' },
  ),
  special: list(Type.Unsafe<object>(Anything), {
    description: 'Rules with conditions that are in force, whether or not a group shows them.',
  }),
});

const FinalFeesView = shape({
  accountNo: Type.String(),
  tradeDate: Day,
  policyVersion: Type.Integer({ description: 'The newest fee rule that played a part.' }),
  markets: list(
    shape({
      market: Type.String(),
      currency: Type.String(),
      scheduleId: nullable(Type.String()),
      refusal: Type.Unsafe<object | null>({
        type: ['object', 'null'],
        additionalProperties: true,
        description: 'The code and details with which billing would refuse a trade.',
      }),
      fees: list(FinalFee),
    }),
  ),
});

/** 客户最终收费: what of all rules applies to one account. */
export const finalFeeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/accounts/:accountNo/final-fees',
    {
      config: { permission: 'lb_hk_charging.lb_hk_fee_level_query' },
      schema: {
        operationId: 'listFinalFees',
        tags: ['fees'],
        summary: 'Which rule prices what for an account on a trade date, by market and fee code',
        params: strict({ accountNo: Word }),
        querystring: strict({
          tradeDate: Day,
          policyVersion: Type.Optional(
            Type.Integer({ ...Id, description: 'Rules up to this id; without it all of them.' }),
          ),
        }),
        response: { 200: FinalFeesView },
      },
    },
    async ({ params: { accountNo }, query: { tradeDate, policyVersion } }) =>
      readFinalFees(app.daycut.db, { accountNo, tradeDate, policyVersion }),
  );
};
