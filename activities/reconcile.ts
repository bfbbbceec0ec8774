import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { openTicketIds } from '../db/tickets.repository.ts';
import { openDay } from './day-cut.ts';
import type { Dependencies, WorkflowDoor } from './dependencies.ts';

/** How many open tickets a round looks at. */
const TICKETS_A_ROUND = 20;

/**
 * Opens the workflows of the open ledger date that Temporal does not have: at boot, after its
 * database was lost, after a bundle that old histories do not fit. Likewise the next open tickets,
 * round by round. Safe to repeat at any time, since the door leaves an open workflow alone.
 */
export function createReconciler({
  db,
  door,
}: {
  readonly db: Dependencies['db'];
  readonly door: WorkflowDoor;
}): () => Promise<void> {
  let lastTicketId = '';
  return async () => {
    const open = await openLedgerDateRow(db);
    if (open) await openDay({ db, door }, open.ledgerDate);
    const ticketIds = await openTicketIds(db, lastTicketId, TICKETS_A_ROUND);
    lastTicketId = ticketIds.length < TICKETS_A_ROUND ? '' : (ticketIds.at(-1) ?? '');
    for (const ticketId of ticketIds) await door.openTicket(ticketId);
  };
}
