import { readdirSync, readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ReplayJob, ReplayReport, Witness } from '../../../domain/audit/replay.ts';
import { releaseOf } from '../../../scripts/embedded/workflow-bundle.ts';
import { auditReplay } from '../../../temporal/audit-replay.ts';
import { sha256Of, sha256OfTexts } from '../../../temporal/hashes.ts';
import { decodeHistory, encodeHistory } from '../../../temporal/history-bytes.ts';
import { textsOf } from '../../../temporal/history-values.ts';
import type { History, HistoryEvent } from '../../../temporal/run-facts.ts';
import { bundlePath } from '../../support/temporal.ts';
import type { PlayedRun } from './story.ts';

export const HISTORIES = new URL('../histories/', import.meta.url);

export const recordedFiles = (): readonly string[] =>
  readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));

/** As it would come from the server. */
export function readRecorded(file: string): PlayedRun {
  const { workflowId, history } = JSON.parse(readFileSync(new URL(file, HISTORIES), 'utf8')) as {
    readonly workflowId: string;
    readonly history: unknown;
  };
  return { workflowId, history: decodeHistory(encodeHistory(historyFromJSON(history))) };
}

/** A recorded history with all that an installation would have kept beside it. */
export async function jobOf(file: string, codePath?: string): Promise<ReplayJob> {
  const { workflowId, history } = readRecorded(file);
  const bytes = encodeHistory(history);
  const { code, auditCode } = releaseOf(codePath ?? (await bundlePath()));
  return {
    workflowId,
    history: bytes,
    code,
    auditCode,
    hashes: [
      { of: 'history', where: 'the archive', sha256: sha256Of(bytes) },
      { of: 'code', where: 'the history', sha256: sha256Of(code) },
    ],
    witnesses: witnessesOf(history),
  };
}

/** The same job after somebody changed the history; `covered` = and the hash that goes with it. */
export function altered(
  job: ReplayJob,
  change: (events: HistoryEvent[]) => void,
  { covered = true } = {},
): ReplayJob {
  const history = decodeHistory(job.history);
  change(history.events ?? []);
  const bytes = encodeHistory(history);
  const sha256 = sha256Of(bytes);
  const hashes = job.hashes.map((hash) =>
    covered && hash.of === 'history' ? { ...hash, sha256 } : hash,
  );
  return { ...job, history: bytes, hashes };
}

export const replayed = (job: ReplayJob): Promise<ReplayReport> => auditReplay(job);

/** What the workers of that day would have written down. */
function witnessesOf(history: History): Witness[] {
  const asked = new Map<string, { activityId: string; inputSha256: string; attempt: number }>();
  const witnesses: Witness[] = [];
  for (const event of history.events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const inputSha256 = sha256OfTexts(textsOf(scheduled.input));
      const activityId = scheduled.activityId ?? '';
      asked.set(String(event.eventId), { activityId, inputSha256, attempt: 1 });
    }
    const started = event.activityTaskStartedEventAttributes;
    const attempt = started && asked.get(String(started.scheduledEventId));
    if (attempt) attempt.attempt = started.attempt ?? 1;
    const done = event.activityTaskCompletedEventAttributes;
    const given = done && asked.get(String(done.scheduledEventId));
    if (given) witnesses.push({ ...given, resultSha256: sha256OfTexts(textsOf(done.result)) });
  }
  return witnesses;
}
