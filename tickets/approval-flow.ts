import {
  approvalFlowOf,
  knownApprovers,
  lockApprovalFlow,
  putApprovalFlow,
} from '../db/ticket-flows.repository.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { DEFAULT_FLOW_KEY, flowProblems, type TicketFlow } from '../domain/tickets/ticket-flow.ts';
import { ApprovalFlow, TicketKey } from './approval-flow-fields.ts';
import { strict } from './payload-fields.ts';
import { ticketKind, type Facts, type TicketKind } from './ticket-kind.ts';

/** Under which key a change of who has to consent is asked for. */
export const APPROVAL_FLOW_KEY = 'ticket.approval_flow.exec';

/** Throws what is wrong with a flow that somebody wants for a key. */
export async function assertUsableFlow(
  tx: Parameters<typeof knownApprovers>[0],
  wanted: { readonly key: string; readonly definition: TicketFlow },
  knownKeys: readonly string[],
): Promise<void> {
  const { key, definition } = wanted;
  if (key !== DEFAULT_FLOW_KEY && !knownKeys.includes(key)) {
    throw new ClearingError('UNKNOWN_TICKET_KEY', { key, known: knownKeys });
  }
  const errors = flowProblems(definition, await knownApprovers(tx));
  if (errors.length > 0) throw new ClearingError('TICKET_FLOW_INVALID', { errors });
}

/**
 * 审批流程变更: who has to consent from now on. Without this, one administrator could let every key
 * approve itself. `knownKeys` is asked late, since this key is one of them.
 */
export const approvalFlow = (knownKeys: () => readonly string[]): TicketKind =>
  ticketKind({
    key: APPROVAL_FLOW_KEY,
    name: { en: 'Change an approval flow', zhHans: '审批流程变更', zhHant: '審批流程變更' },
    targetType: 'ticketKey',
    target: strict({ key: TicketKey }),
    payload: ApprovalFlow,
    ask: 'ticket.flow_operation',
    see: 'ticket.ticket_query',

    async subject(t, { target: { key }, payload }, { lock }) {
      if (lock) await lockApprovalFlow(t, key);
      await assertUsableFlow(t.tx, { key, definition: payload }, knownKeys());
      const now = await approvalFlowOf(t.tx, key);
      return {
        targetId: key,
        version: now ? `${now.ticketKey} ${now.version}` : 'none',
        before: factsOf(now?.definition),
        after: factsOf(payload),
      };
    },

    effect: {
      kind: 'transaction',
      async apply(t, { target: { key }, payload, maker }) {
        await putApprovalFlow(t, { ticketKey: key, definition: payload, changedBy: maker });
        return { key };
      },
    },
  });

const factsOf = (flow: TicketFlow | undefined): Facts => ({
  nodes: flow?.nodes ?? null,
  autoApprove: flow?.autoApprove ?? null,
  expiresAfterMinutes: flow?.expiresAfterMinutes ?? null,
});
