import { archiveRun, ledgerDateOfTicket, notArchived } from '../db/archive.repository.ts';
import type { Db } from '../db/client.ts';
import { inTransaction } from '../db/transaction.ts';
import type { ClosedRuns } from '../temporal/closed-runs.ts';
import { encodeHistory } from '../temporal/history-bytes.ts';
import { ledgerDateIn } from '../temporal/ids.ts';
import { runFacts, type History } from '../temporal/run-facts.ts';
import type { RunRef } from './contract.ts';

/** CLOSED: the run ended by itself. MISFIT: a release whose code it does not fit ended it. */
export type ArchiveReason = 'CLOSED' | 'MISFIT';

interface ArchiveDependencies {
  readonly db: Db;
  readonly closedRuns: ClosedRuns;
}

/**
 * Starts the archiving of every closed run that is not archived yet; so are all links of a chain of
 * continued runs, since each is closed. Safe to repeat at any time, and cheap: a short list and one
 * query.
 */
export async function sweepClosedRuns({ db, closedRuns }: ArchiveDependencies): Promise<void> {
  const missing = await notArchived(db, await closedRuns.lately());
  for (const run of missing) await closedRuns.archive(run);
}

/** Archives what closed since the last sweep without the engine, which is about to stop. */
export async function archiveLeftovers({ db, closedRuns }: ArchiveDependencies): Promise<void> {
  const missing = await notArchived(db, await closedRuns.lately());
  for (const run of missing) await archiveHistory({ db, closedRuns }, run);
}

/** Activity of archiveHistory. Safe to repeat: a closed history no longer changes. */
export async function archiveHistory(
  { db, closedRuns }: ArchiveDependencies,
  run: RunRef,
): Promise<void> {
  await storeHistory(db, { ...run, history: await closedRuns.history(run) }, 'CLOSED');
}

/** Stores the history of one run with the facts that auditors search for. Safe to repeat. */
export async function storeHistory(
  db: Db,
  run: RunRef & { readonly history: History },
  reason: ArchiveReason,
): Promise<void> {
  const { workflowId, runId, history } = run;
  const archived = {
    ...runFacts(history),
    workflowId,
    runId,
    reason,
    ledgerDate: ledgerDateIn(workflowId) ?? (await ledgerDateOfTicket(db, workflowId)),
    history: encodeHistory(history),
  };
  await inTransaction(db, ({ tx }) => archiveRun(tx, archived));
}
