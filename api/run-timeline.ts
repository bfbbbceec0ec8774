import { ledgerDateOfTicket } from '../db/archive.repository.ts';
import type { Db } from '../db/client.ts';
import {
  findAuditRun,
  loadArchivedRun,
  readRelease,
  type AuditRunView,
} from '../db/queries/audit-runs.ts';
import { readTimelineFacts } from '../db/queries/timeline-facts.ts';
import type { TimelineLine } from '../domain/audit/moment.ts';
import { timelineOf } from '../domain/audit/timeline.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { decodeHistory } from '../temporal/history-bytes.ts';
import { ledgerDateIn } from '../temporal/ids.ts';
import { runFacts, type History } from '../temporal/run-facts.ts';
import { neighboursOf, storyOf } from '../temporal/run-story.ts';
import type { FindUnarchivedRun, UnarchivedRun } from '../temporal/unarchived-runs.ts';

/** A run as far as it is known: one that is not archived yet has no hash, since it still grows. */
type KnownRun = Omit<AuditRunView, 'reason' | 'archivedAt' | 'sha256'> & {
  readonly reason: AuditRunView['reason'] | null;
  readonly archivedAt: string | null;
  readonly sha256: string | null;
};

export interface RunTimeline extends KnownRun {
  readonly previousRunId: string | null;
  readonly nextRunId: string | null;
  readonly lines: readonly TimelineLine[];
}

/**
 * The story of a run: from the archive, whose bytes are hashed, and otherwise what Temporal has of
 * it so far. Throws RUN_NOT_ARCHIVED for a run that neither knows, and ENGINE_UNAVAILABLE.
 */
export async function readRunTimeline(
  { db, findUnarchived }: { readonly db: Db; readonly findUnarchived: FindUnarchivedRun },
  runId: string,
): Promise<RunTimeline> {
  const archived = await findAuditRun(db.$client, runId);
  if (archived) {
    return told(db, archived, decodeHistory((await loadArchivedRun(db, runId)).history));
  }
  const found = await findUnarchived(runId);
  if (!found) throw new ClearingError('RUN_NOT_ARCHIVED', { runId });
  return told(db, await knownSoFar(db, runId, found), found.history);
}

async function knownSoFar(
  db: Db,
  runId: string,
  { workflowId, history }: UnarchivedRun,
): Promise<KnownRun> {
  const facts = runFacts(history);
  return {
    ...facts,
    workflowId,
    runId,
    ledgerDate: ledgerDateIn(workflowId) ?? (await ledgerDateOfTicket(db, workflowId)),
    release: await readRelease(db.$client, facts.bundleHash),
    reason: null,
    archivedAt: null,
    sha256: null,
  };
}

async function told(db: Db, run: KnownRun, history: History): Promise<RunTimeline> {
  const story = storyOf(history);
  const facts = await readTimelineFacts(db.$client, run.runId, story);
  return { ...run, ...neighboursOf(history), lines: timelineOf(story, facts) };
}
