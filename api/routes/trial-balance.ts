import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { pageOfAll } from '../../db/queries/page.ts';
import { assetTotals, readTrialBalance } from '../../db/queries/trial-balance.ts';
import { Day, list, nullable, shape, strict } from '../schemas/fields.ts';
import { AssetTotal, TrialBalanceLine } from '../schemas/ledger.ts';
import { pageOf, WHOLE_QUERY } from '../schemas/page.ts';

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
        querystring: strict({ ...WHOLE_QUERY, asOf: Type.Optional(Day) }),
        response: {
          200: shape({
            asOf: nullable(Day),
            ...pageOf(TrialBalanceLine).properties,
            totals: list(AssetTotal, { description: 'Of all lines, whatever page this is.' }),
          }),
        },
      },
    },
    async ({ query: { asOf, ...request } }) => {
      const all = await readTrialBalance(reader, asOf);
      const page = pageOfAll(all, 'trial-balance', request);
      return { asOf: asOf ?? null, ...page, totals: assetTotals(all) };
    },
  );
};
