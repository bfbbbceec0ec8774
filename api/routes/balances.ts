import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readHoldings } from '../../db/queries/balances.ts';
import { Amount, Day, list, shape, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

/** What clients own: who looks at it stands in the audit log. */
const config = { permission: 'clearing.ledger_query', sensitive: true } as const;
const tags = ['ledger'];
/** The end of this ledger date, from the postings; absent = now. */
const AsOf = Type.Optional(Day);

const AMOUNTS = { settled: Amount, unsettled: Amount, frozen: Amount };
const DUE = {
  unsettledByDate: Type.Optional(
    list(shape({ settlementDate: Day, amount: Amount }), {
      description: 'Only when accountNo is given.',
    }),
  ),
};
const Balance = shape({ accountNo: Type.String(), currency: Type.String(), ...AMOUNTS, ...DUE });
const Position = shape({
  accountNo: Type.String(),
  instrumentId: Type.String(),
  ...AMOUNTS,
  ...DUE,
});

export const balanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/balances',
    {
      config,
      schema: {
        operationId: 'listBalances',
        tags,
        summary: 'Cash of clients: settled, unsettled, frozen; + is theirs, − is owed',
        querystring: strict({
          ...PAGE_QUERY,
          accountNo: Type.Optional(Word),
          currency: Type.Optional(Word),
          asOf: AsOf,
        }),
        response: { 200: pageOf(Balance) },
      },
    },
    async ({ query: { currency: asset, ...rest } }) => {
      const page = await readHoldings(reader, { ...rest, asset, kind: 'CURRENCY' });
      const items = page.items.map(({ asset: currency, ...row }) => ({ ...row, currency }));
      return { ...page, items };
    },
  );
  app.get(
    '/positions',
    {
      config,
      schema: {
        operationId: 'listPositions',
        tags,
        summary: 'Securities of clients: settled, unsettled, frozen',
        querystring: strict({
          ...PAGE_QUERY,
          accountNo: Type.Optional(Word),
          instrumentId: Type.Optional(Word),
          asOf: AsOf,
        }),
        response: { 200: pageOf(Position) },
      },
    },
    async ({ query: { instrumentId: asset, ...rest } }) => {
      const page = await readHoldings(reader, { ...rest, asset, kind: 'INSTRUMENT' });
      const items = page.items.map(({ asset: instrumentId, ...row }) => ({ ...row, instrumentId }));
      return { ...page, items };
    },
  );
};
