import { assertKeyOfDecision, lockKey } from '../../db/request-answers.repository.ts';
import {
  approversFor,
  databaseTime,
  decisionOfRequest,
  insertDecision,
  judgedTicket,
  lockTicket,
} from '../../db/tickets.repository.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { Refusal } from '../../domain/clearing/guards.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  decidesByEscalation,
  decisionRefusal,
  elapse,
  takeDecisions,
} from '../../domain/tickets/ticket-machine.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';
import type { DecisionRequest } from '../ports.ts';

export type WrittenDecision =
  | { readonly kind: 'written'; readonly decisionId: number; readonly node: number }
  | { readonly kind: 'repeated'; readonly decisionId: number; readonly node: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Writes a decision down under the lock of its ticket, so that decisions have an order, or refuses
 * it: judged on the ticket as all decisions before it will leave it. Safe to repeat under the same
 * Idempotency-Key. Throws NOT_FOUND, and IDEMPOTENCY_KEY_REUSED for another request under the key.
 */
export async function writeDecision(
  t: Transaction,
  kinds: TicketKinds,
  request: Omit<DecisionRequest, 'origin'>,
): Promise<WrittenDecision> {
  const { ticketId, kind, by, reason, requestId } = request;
  await lockKey(t, requestId);
  const judged = await judgedTicket(t.tx, await lockTicket(t.tx, ticketId));
  const known = await decisionOfRequest(t.tx, requestId);
  if (known) {
    const isSame =
      known.ticketId === ticketId &&
      known.kind === kind &&
      known.person === by.id &&
      known.reason === reason &&
      (request.node ?? known.node) === known.node;
    if (!isSame) throw new ClearingError('IDEMPOTENCY_KEY_REUSED', { idempotencyKey: requestId });
    return { kind: 'repeated', decisionId: known.decisionId, node: known.node };
  }
  await assertKeyOfDecision(t, requestId);
  const see = kinds.get(judged.row.ticketKey)?.see;
  const persons = [...judged.state.consents, ...judged.waiting].map(({ person }) => person);
  const approvers = see
    ? await approversFor(t.tx, see, [...persons, by.id])
    : new Map<string, never>();
  const decidedAt = await databaseTime(t.tx);
  const { ticket } = takeDecisions(judged.state, judged.waiting, approvers);
  const now = elapse(ticket, decidedAt);
  const node = request.node ?? now.node;
  const byEscalation = decidesByEscalation(now, by.id, approvers);
  const decision = { node, kind, person: by.id, reason, byEscalation };
  const refusal = decisionRefusal(now, decision, approvers);
  if (refusal) return { kind: 'refused', refusal };
  const decisionId = await insertDecision(t.tx, {
    ...decision,
    ticketId,
    requestId,
    account: by.account,
    decidedAt,
  });
  return { kind: 'written', decisionId, node };
}
