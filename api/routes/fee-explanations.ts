import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { readFeeExplanation } from '../../db/queries/fee-explanations.ts';
import { FeeExplanationView } from '../schemas/fee-explanation.ts';
import { strict, Word } from '../schemas/fields.ts';

/** Why a fee is what it is, with all that is needed to compute it again elsewhere. */
export const feeExplanationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/fees/:feeId/explanation',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'explainFee',
        tags: ['fees'],
        summary: 'Inputs, rule, rejected rules, arithmetic and rounding of one fee',
        params: strict({ feeId: Word }),
        response: { 200: FeeExplanationView },
      },
    },
    async ({ params }) => readFeeExplanation(app.daycut.db.$client, params.feeId),
  );
};
