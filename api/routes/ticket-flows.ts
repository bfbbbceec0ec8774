import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Tx } from '../../db/client.ts';
import {
  approvalFlows,
  knownApprovers,
  putApprovalFlow,
  type ApprovalFlowRow,
} from '../../db/ticket-flows.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { DEFAULT_FLOW_KEY, flowProblems } from '../../domain/tickets/ticket-flow.ts';
import type { TicketKind, TicketKinds } from '../../tickets/ticket-kind.ts';
import { list, nullable, shape, strict } from '../schemas/fields.ts';
import { ApprovalFlow, TicketKey, TicketKeyView } from '../schemas/ticket.ts';

const tags = ['tickets'];

/** 审批流程配置: who has to consent, key by key. */
export const ticketFlowRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, kinds } = app.daycut;
  app.get(
    '/ticket-flows',
    {
      config: { permission: 'ticket.ticket_query' },
      schema: {
        operationId: 'listTicketFlows',
        tags,
        summary: 'Every ticket key with its approval flow, and the default one',
        response: {
          200: shape({ items: list(TicketKeyView), nextCursor: nullable(Type.String()) }),
        },
      },
    },
    async () => ({ items: await flowViews(db, kinds), nextCursor: null }),
  );
  app.put(
    '/ticket-flows/:key',
    {
      config: { permission: 'ticket.flow_operation' },
      schema: {
        operationId: 'putTicketFlow',
        tags,
        summary: 'Say who has to consent, for tickets that are opened from now on',
        params: strict({ key: TicketKey }),
        body: ApprovalFlow,
        response: { 200: TicketKeyView },
      },
    },
    async ({ params: { key }, body: definition, person }) => {
      if (key !== DEFAULT_FLOW_KEY && !kinds.has(key)) {
        throw new ClearingError('UNKNOWN_TICKET_KEY', { key, known: [...kinds.keys()] });
      }
      return inTransaction(db, async (t) => {
        const errors = flowProblems(definition, await knownApprovers(t.tx));
        if (errors.length > 0) throw new ClearingError('TICKET_FLOW_INVALID', { errors });
        await putApprovalFlow(t, { ticketKey: key, definition, changedBy: person.id });
        const views = await flowViews(t.tx, kinds);
        return views.find((view) => view.key === key) ?? viewOf(key, undefined, undefined);
      });
    },
  );
};

async function flowViews(tx: Tx, kinds: TicketKinds) {
  const flows = await approvalFlows(tx);
  const flowOf = (key: string) => flows.find(({ ticketKey }) => ticketKey === key);
  const fallback = flowOf(DEFAULT_FLOW_KEY);
  return [
    viewOf(DEFAULT_FLOW_KEY, undefined, fallback),
    ...[...kinds.values()].map((kind) => viewOf(kind.key, kind, flowOf(kind.key) ?? fallback)),
  ];
}

const viewOf = (key: string, kind: TicketKind | undefined, flow: ApprovalFlowRow | undefined) => ({
  key,
  name: kind
    ? { en: kind.name.en, 'zh-Hans': kind.name.zhHans, 'zh-Hant': kind.name.zhHant }
    : null,
  targetType: kind?.targetType ?? null,
  ask: kind?.ask ?? null,
  see: kind?.see ?? null,
  usesDefault: flow !== undefined && flow.ticketKey !== key,
  version: flow?.version ?? null,
  definition: flow?.definition ?? null,
  changedBy: flow?.changedBy ?? null,
  changedAt: flow ? new Date(flow.changedAt).toISOString() : null,
});
