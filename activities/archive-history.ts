import { archiveRun } from '../db/archive.repository.ts';
import type { Db } from '../db/client.ts';
import { encodeHistory } from '../temporal/history-bytes.ts';
import { ledgerDateIn } from '../temporal/ids.ts';
import { runFacts, type History } from '../temporal/run-facts.ts';

/** CLOSED: the run ended by itself. MISFIT: a release whose code it does not fit ended it. */
export type ArchiveReason = 'CLOSED' | 'MISFIT';

/** Stores the history of one run with the facts that auditors search for. Safe to repeat. */
export async function storeHistory(
  db: Db,
  run: { readonly workflowId: string; readonly runId: string; readonly history: History },
  reason: ArchiveReason,
): Promise<void> {
  const { workflowId, runId, history } = run;
  await archiveRun(db, {
    ...runFacts(history),
    workflowId,
    runId,
    reason,
    ledgerDate: ledgerDateIn(workflowId) ?? null,
    history: encodeHistory(history),
  });
}
