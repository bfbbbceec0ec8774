import { holders } from '../../db/people.repository.ts';
import type { Tx } from '../../db/client.ts';
import { approvalFlowOf } from '../../db/ticket-flows.repository.ts';
import { approversFor } from '../../db/tickets.repository.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { canBeGranted } from '../../domain/tickets/seats.ts';
import { chosenNodes } from '../../domain/tickets/ticket-flow.ts';
import { APPROVAL_FLOW_KEY } from '../../tickets/approval-flow.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';

/**
 * Of these makers, those whose change of an approval flow nobody could consent to by ticket: at the
 * beginning of an installation all of them, since nobody is approver yet.
 */
export async function makersWithoutConsent(
  tx: Tx,
  kinds: TicketKinds,
  makers: readonly string[],
): Promise<readonly string[]> {
  const kind = kinds.get(APPROVAL_FLOW_KEY);
  const flow = await approvalFlowOf(tx, APPROVAL_FLOW_KEY);
  if (!kind || !flow) return makers;
  const nodes = chosenNodes(flow.definition, undefined);
  if (nodes.length === 0) return makers;
  const approvers = await approversFor(tx, kind.see);
  return makers.filter((maker) => !canBeGranted(nodes, maker, approvers));
}

/**
 * Lets a person go, or come back. Throws LAST_APPROVER when somebody else could then change flows
 * alone: one administrator could otherwise let every approver go, and decide everything.
 */
export async function keepingConsent(
  tx: Tx,
  kinds: TicketKinds,
  personId: string,
  change: () => Promise<void>,
): Promise<void> {
  const others = (await holders(tx))
    .filter((each) => each.active && each.permissions.has('ticket.flow_operation'))
    .map((each) => each.personId)
    .filter((each) => each !== personId);
  const before = await makersWithoutConsent(tx, kinds, others);
  await change();
  const after = await makersWithoutConsent(tx, kinds, others);
  if (after.length > before.length) throw new ClearingError('LAST_APPROVER', { personId });
}
