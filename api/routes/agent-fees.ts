import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readAgentFeeRules, readAgentFees } from '../../db/queries/agent-fees.ts';
import { pageOfAll } from '../../db/queries/page.ts';
import {
  Amount,
  Anything,
  Day,
  Id,
  Instant,
  list,
  nullable,
  oneOf,
  shape,
  strict,
  Word,
} from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf, WHOLE_QUERY } from '../schemas/page.ts';

const config = { permission: 'billing.agent_fee_query' } as const;
const tags = ['agent fees'];

const AgentFee = shape({
  line: Type.Integer(),
  settlementChannel: Type.String({ description: 'The agent behind it charges the fee.' }),
  feeCode: Type.String(),
  executionNo: Type.Integer({
    description: 'Through all orders of the contract; 0 = a row of an order or of all.',
  }),
  executionId: nullable(Type.String()),
  orderId: nullable(
    Type.String({
      description: 'The order of the row, of an EMS order its first; null = all of the contract.',
    }),
  ),
  currency: Type.String(),
  metric: Amount,
  exactAmount: Amount,
  clamp: oneOf(['', 'min', 'max', 'cap', 'waived', 'threshold']),
  amount: Amount,
  choice: Type.Unsafe<object>({
    ...Anything,
    description: 'The rule of the agent that won, as it stood, and which rules lost why.',
  }),
  steps: list(Type.Unsafe<object>(Anything), {
    description: 'The arithmetic; its last result is the amount.',
  }),
});

const AgentFeeRule = shape({
  ruleId: Type.Integer(),
  settlementChannel: Type.String(),
  feeCode: Type.String(),
  market: Type.String(),
  version: Type.Integer(),
  effectiveFrom: Day,
  definition: Anything,
  addedBy: Type.String(),
  approvedBy: list(Type.String()),
  ticketId: nullable(Type.String()),
  addedAt: Instant,
});

/** 代理商收费: what the house pays, apart from all that clients may see. */
export const agentFeeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/contracts/:contractId/agent-fees',
    {
      config,
      schema: {
        operationId: 'listAgentFees',
        tags,
        summary: 'What a contract costs the house, explained to the cent',
        params: strict({ contractId: Id }),
        querystring: strict(WHOLE_QUERY),
        response: { 200: pageOf(AgentFee) },
      },
    },
    async ({ params: { contractId }, query }) =>
      pageOfAll(await readAgentFees(reader, contractId), `agent fees of ${contractId}`, query),
  );
  app.get(
    '/agent-fee-rules',
    {
      config,
      schema: {
        operationId: 'listAgentFeeRules',
        tags,
        summary: 'Every version of what agents charge, in the order in which they were added',
        querystring: strict({
          ...PAGE_QUERY,
          settlementChannel: Type.Optional(Word),
          feeCode: Type.Optional(Word),
        }),
        response: { 200: pageOf(AgentFeeRule) },
      },
    },
    async ({ query }) => {
      const page = await readAgentFeeRules(reader, query);
      const items = page.items.map((row) => ({ ...row, definition: { ...row.definition } }));
      return { ...page, items };
    },
  );
};
