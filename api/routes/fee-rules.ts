import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readFeeRules } from '../../db/queries/fees.ts';
import { Anything, Day, Instant, list, nullable, shape, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const FeeRule = shape({
  ruleId: Type.Integer(),
  market: Type.String(),
  feeCode: Type.String(),
  scheduleId: nullable(Type.String()),
  accountNo: nullable(Type.String()),
  version: Type.Integer(),
  effectiveFrom: Day,
  definition: Anything,
  addedBy: Type.String(),
  approvedBy: list(Type.String()),
  ticketId: nullable(Type.String()),
  addedAt: Instant,
});

/** Rules are added by ticket only: billing.fee_rule_version.exec. */
export const feeRuleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/fee-rules',
    {
      config: { permission: 'clearing.ledger_query' },
      schema: {
        operationId: 'listFeeRules',
        tags: ['fees'],
        summary: 'Every version of every fee rule, in the order in which they were added',
        querystring: strict({
          ...PAGE_QUERY,
          market: Type.Optional(Word),
          feeCode: Type.Optional(Word),
          scheduleId: Type.Optional(Word),
          accountNo: Type.Optional(Word),
        }),
        response: { 200: pageOf(FeeRule) },
      },
    },
    async ({ query }) => {
      const page = await readFeeRules(app.daycut.db.$client, query);
      const items = page.items.map((row) => ({ ...row, definition: { ...row.definition } }));
      return { ...page, items };
    },
  );
};
