import { judgedTicket, loadTicket, approversFor } from '../../db/tickets.repository.ts';
import type { Db } from '../../db/client.ts';
import { readDecisions, readTicket, type StoredTicket } from '../../db/queries/tickets.ts';
import type { DecisionKind } from '../../domain/tickets/ticket.ts';
import { allowedDecisions, elapse, takeDecisions } from '../../domain/tickets/ticket-machine.ts';
import type { TicketKinds } from '../../tickets/ticket-kind.ts';
import type { Asker } from '../ports.ts';

/**
 * A ticket as one person may see it: that it exists, who asks and who decided is for everybody who
 * sees tickets; what it is about is for those who may see its target. `stripped` says so.
 */
export function visibleTicket(ticket: StoredTicket, kinds: TicketKinds, by: Asker) {
  const kind = kinds.get(ticket.key);
  const { en = ticket.key, zhHans = ticket.key, zhHant = ticket.key } = kind?.name ?? {};
  const shown = { ...ticket, name: { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant } };
  return kind && by.permissions.has(kind.see)
    ? { ...shown, stripped: false }
    : {
        ...shown,
        target: null,
        payload: null,
        before: null,
        after: null,
        amount: null,
        currency: null,
        result: null,
        stripped: true,
      };
}

/** One ticket with its decisions, and what this person could decide now. */
export async function visibleTicketWithDecisions(
  db: Db,
  kinds: TicketKinds,
  ticketId: string,
  by: Asker,
) {
  const ticket = await readTicket(db.$client, ticketId);
  return {
    ...visibleTicket(ticket, kinds, by),
    decisions: await readDecisions(db.$client, ticketId),
    allowedDecisions: await decisionsOpenTo(db, kinds, ticketId, by),
  };
}

async function decisionsOpenTo(
  db: Db,
  kinds: TicketKinds,
  ticketId: string,
  by: Asker,
): Promise<readonly DecisionKind[]> {
  const row = await loadTicket(db, ticketId);
  const see = kinds.get(row.ticketKey)?.see;
  if (!see) return [];
  const { state, waiting } = await judgedTicket(db, row);
  const persons = [...state.consents, ...waiting].map(({ person }) => person);
  const approvers = await approversFor(db, see, [...persons, by.id]);
  const { ticket } = takeDecisions(state, waiting, approvers);
  return allowedDecisions(elapse(ticket, new Date().toISOString()), by.id, approvers);
}
