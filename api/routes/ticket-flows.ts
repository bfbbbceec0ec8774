import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { noteOrigin } from '../../db/audit.repository.ts';
import type { Tx } from '../../db/client.ts';
import {
  approvalFlows,
  putApprovalFlow,
  type ApprovalFlowRow,
} from '../../db/ticket-flows.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { DEFAULT_FLOW_KEY } from '../../domain/tickets/ticket-flow.ts';
import { APPROVAL_FLOW_KEY, assertUsableFlow } from '../../tickets/approval-flow.ts';
import { ApprovalFlow, TicketKey } from '../../tickets/approval-flow-fields.ts';
import type { TicketKind, TicketKinds } from '../../tickets/ticket-kind.ts';
import { actorOf } from '../audit-actor.ts';
import { list, nullable, shape, strict } from '../schemas/fields.ts';
import { TicketKeyView } from '../schemas/ticket.ts';
import { makersWithoutConsent } from '../tickets/consent-to-flows.ts';

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
        summary: 'Say who has to consent, as long as nobody could consent to that by ticket',
        params: strict({ key: TicketKey }),
        body: ApprovalFlow,
        response: { 200: TicketKeyView },
      },
    },
    async (request) => {
      const { person, body: definition } = request;
      const { key } = request.params;
      return inTransaction(db, async (t) => {
        await assertUsableFlow(t.tx, { key, definition }, [...kinds.keys()]);
        await assertNobodyCouldConsent(t, kinds, person.id);
        await noteOrigin(t.tx, actorOf(request));
        await putApprovalFlow(t, { ticketKey: key, definition, changedBy: person.id });
        const views = await flowViews(t.tx, kinds);
        return views.find((view) => view.key === key) ?? viewOf(key, undefined, undefined);
      });
    },
  );
};

/**
 * One administrator alone configures flows only as long as nobody could consent: at the beginning
 * of an installation. Throws TICKET_NEEDED once somebody could; the last who can cannot leave.
 */
async function assertNobodyCouldConsent(
  { tx }: Transaction,
  kinds: TicketKinds,
  personId: string,
): Promise<void> {
  const alone = await makersWithoutConsent(tx, kinds, [personId]);
  if (alone.length === 0) throw new ClearingError('TICKET_NEEDED', { key: APPROVAL_FLOW_KEY });
}

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
