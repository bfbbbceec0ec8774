import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { assetTotals, readTrialBalance } from '../../db/queries/trial-balance.ts';
import { Day, list, nullable, shape, strict } from '../schemas/fields.ts';
import { AssetTotal, TrialBalanceLine } from '../schemas/ledger.ts';

export const trialBalanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/trial-balance',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'getTrialBalance',
        tags: ['ledger'],
        summary: 'Sums per asset and kind of ledger account; the totals are zero',
        querystring: strict({ asOf: Type.Optional(Day) }),
        response: {
          200: shape({
            asOf: nullable(Day),
            items: list(TrialBalanceLine),
            totals: list(AssetTotal),
            nextCursor: nullable(Type.String()),
          }),
        },
      },
    },
    async ({ query: { asOf } }) => {
      const items = await readTrialBalance(reader, asOf);
      return { asOf: asOf ?? null, items, totals: assetTotals(items), nextCursor: null };
    },
  );
};
