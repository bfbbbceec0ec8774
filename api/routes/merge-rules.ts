import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readMergeRules } from '../../db/queries/merge-rules.ts';
import { Day, Instant, list, nullable, shape, strict, Word } from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const MergeRule = shape({
  ruleNo: Type.Integer(),
  mergeRuleId: Type.String(),
  version: Type.Integer(),
  name: Type.String(),
  market: Type.String(),
  effectiveFrom: Day,
  effectiveTo: nullable(Day),
  packages: list(Type.String(), { description: 'General packages whose accounts it is for.' }),
  merge: Type.Boolean({ description: 'False: nothing is merged meanwhile.' }),
  greyMarketMerge: Type.Boolean({
    description: 'True: orders of the grey market share contracts with others.',
  }),
  items: list(shape({ orderSources: list(Type.Integer()), mergeTag: Type.String() }), {
    description: 'Order channels whose orders share contracts.',
  }),
  voided: Type.Boolean({ description: 'True: the rule ends with this version.' }),
  knownFrom: Type.Unsafe<string>({
    ...Day,
    description: 'Earlier ledger dates are billed again without it.',
  }),
  addedBy: Type.String(),
  approvedBy: list(Type.String()),
  ticketId: nullable(Type.String()),
  addedAt: Instant,
});

/** Merge rules are added by ticket only: billing.merge_rule_version.exec. */
export const mergeRuleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/merge-rules',
    {
      config: { permission: 'lb_hk_charging.combination_rule_in_query' },
      schema: {
        operationId: 'listMergeRules',
        tags: ['fees'],
        summary: 'Every version of every merge rule, in the order in which they were added',
        querystring: strict({
          ...PAGE_QUERY,
          market: Type.Optional(Word),
          mergeRuleId: Type.Optional(Word),
          package: Type.Optional(Word),
        }),
        response: { 200: pageOf(MergeRule) },
      },
    },
    ({ query }) => readMergeRules(app.daycut.db.$client, query),
  );
};
