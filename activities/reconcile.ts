import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { openDay } from './day-cut.ts';
import type { Dependencies, WorkflowDoor } from './dependencies.ts';

/**
 * Opens the workflows of the open ledger date that Temporal does not have: at boot, after its
 * database was lost, after a bundle that old histories do not fit. Safe to repeat at any time,
 * since
 * the door leaves an open workflow alone.
 */
export async function reconcile(
  deps: Dependencies & { readonly door: WorkflowDoor },
): Promise<void> {
  const open = await openLedgerDateRow(deps.db);
  if (open) await openDay(deps, open.ledgerDate);
}
