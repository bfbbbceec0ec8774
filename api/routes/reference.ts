import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readAccounts, readInstruments } from '../../db/queries/reference.ts';
import { ACCOUNT_KINDS, ACCOUNT_STATUSES, INSTRUMENT_TYPES } from '../../domain/trades/trade.ts';
import { Day, list, nullable, oneOf, shape, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['reference data'];
const Kind = oneOf(ACCOUNT_KINDS);
const Status = oneOf(ACCOUNT_STATUSES);
const InstrumentTypeName = oneOf(INSTRUMENT_TYPES);

const Account = shape({
  accountId: Type.Integer(),
  accountNo: Type.String(),
  kind: Kind,
  status: Status,
  openedOn: Day,
  closedOn: nullable(Day),
  feeSchedules: list(
    shape({
      market: Type.String(),
      scheduleId: Type.String(),
      effectiveFrom: Day,
      effectiveTo: nullable(Day),
    }),
  ),
});

const Instrument = shape({
  assetId: Type.Integer(),
  instrumentId: Type.String(),
  market: Type.String(),
  type: InstrumentTypeName,
  name: Type.String(),
  currency: Type.String(),
  lotSize: Type.Integer(),
  stampDutyExempt: Type.Boolean(),
});

export const referenceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/accounts',
    {
      config,
      schema: {
        operationId: 'listAccounts',
        tags,
        summary: 'Client accounts with their fee schedules',
        querystring: strict({
          ...PAGE_QUERY,
          accountNo: Type.Optional(Word),
          kind: Type.Optional(Kind),
          status: Type.Optional(Status),
        }),
        response: { 200: pageOf(Account) },
      },
    },
    async ({ query }) => readAccounts(reader, query),
  );
  app.get(
    '/instruments',
    {
      config,
      schema: {
        operationId: 'listInstruments',
        tags,
        summary: 'Instruments that clearing knows',
        querystring: strict({
          ...PAGE_QUERY,
          instrumentId: Type.Optional(Word),
          market: Type.Optional(Word),
          type: Type.Optional(InstrumentTypeName),
        }),
        response: { 200: pageOf(Instrument) },
      },
    },
    async ({ query }) => readInstruments(reader, query),
  );
};
