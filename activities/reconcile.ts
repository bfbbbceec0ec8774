import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import { openDay } from './day-cut.ts';
import type { Dependencies, WorkflowDoor } from './dependencies.ts';

const AGAIN_AFTER_MS = 5_000;

/**
 * Opens the workflows of the open ledger date that Temporal does not have: at boot, after its
 * database was lost, after a bundle that old histories do not fit. It looks again and again until
 * the returned function is called, which is safe, since the door leaves an open workflow alone.
 */
export function keepReconciling(
  deps: Dependencies & { readonly door: WorkflowDoor },
  onError: (error: unknown) => void,
): () => void {
  const reconcile = async (): Promise<void> => {
    const open = await openLedgerDateRow(deps.db);
    if (open) await openDay(deps, open.ledgerDate);
  };
  const look = () => void reconcile().catch(onError);
  const looking = setInterval(look, AGAIN_AFTER_MS);
  look();
  return () => clearInterval(looking);
}
