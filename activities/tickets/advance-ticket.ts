import {
  approversFor,
  databaseTime,
  judgedTicket,
  loadTicketProgress,
  lockTicket,
  saveAdvance,
} from '../../db/tickets.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import type { TicketProgress, TicketStatus } from '../../domain/tickets/ticket.ts';
import { elapse, takeDecisions } from '../../domain/tickets/ticket-machine.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';
import type { Dependencies } from '../dependencies.ts';

export interface TicketDependencies extends Dependencies {
  readonly kinds: TicketKinds;
}

/**
 * Takes every decision that the ticket has not taken yet, in their order, and what time did
 * meanwhile. What the signal said plays no part: the rows do. Safe to repeat: a decision is taken
 * once, under the lock of its ticket.
 */
export async function advanceTicket(
  { db, kinds }: TicketDependencies,
  ticketId: string,
): Promise<TicketProgress> {
  return inTransaction(db, async (t) => {
    await advance(t, kinds, ticketId);
    return loadTicketProgress(t.tx, ticketId);
  });
}

/** As advanceTicket, within a transaction. The status that the ticket has then. */
export async function advance(
  t: Transaction,
  kinds: TicketKinds,
  ticketId: string,
): Promise<TicketStatus> {
  const before = await judgedTicket(t.tx, await lockTicket(t.tx, ticketId));
  const see = kinds.get(before.row.ticketKey)?.see;
  const persons = [...before.state.consents, ...before.waiting].map(({ person }) => person);
  // Of a key that this release does not know, nobody can say who may consent.
  const approvers = see ? await approversFor(t.tx, see, persons) : new Map<string, never>();
  const taken = takeDecisions(before.state, before.waiting, approvers);
  const ticket = elapse(taken.ticket, await databaseTime(t.tx));
  await saveAdvance(t.tx, before, { ...taken, ticket });
  return ticket.status;
}
