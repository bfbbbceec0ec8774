import { createRequire } from 'node:module';
import { Worker } from '@temporalio/worker';
import type { Difference, ReplayJob, ReplayReport, Witness } from '../domain/audit/replay.ts';
import { sha256Of, sha256OfTexts } from './hashes.ts';
import { decodeHistory } from './history-bytes.ts';
import { textsOf, valuesOf, type RecordedValue } from './history-values.ts';
import { runFacts, type CloseStatus, type History } from './run-facts.ts';

const REPLAYER = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
  readonly version: string;
};

const ENDED_BY_ITSELF: ReadonlySet<CloseStatus> = new Set([
  'COMPLETED',
  'CONTINUED_AS_NEW',
  'FAILED',
]);

/**
 * Replays an archived run with the code of its release and compares everything: the bytes with
 * their hash; the commands, by the SDK's own replayer; every value that passed, by a second replay
 * that tells them; and what activities were given and gave, with what their workers wrote down.
 * An altered history is a difference, never an exception.
 */
export async function auditReplay(job: ReplayJob): Promise<ReplayReport> {
  const differences = job.hashes.flatMap(({ of, where, sha256 }) =>
    differs(`sha256 of ${of} in ${where}`, sha256, sha256Of(job[of])),
  );
  const about = { sha256: sha256Of(job.history), replayerVersion: REPLAYER.version };
  let history: History;
  try {
    history = decodeHistory(job.history);
    runFacts(history);
  } catch (error) {
    differences.push({ what: 'history', eventId: null, recorded: null, found: messageOf(error) });
    return { ...about, ok: false, events: 0, values: 0, differences };
  }
  differences.push(...(await replayCommands(job, history)));
  const { values, differences: altered } = await replayValues(job, history);
  differences.push(...altered, ...compareWithWitnesses(history, job.witnesses));
  const events = history.events?.length ?? 0;
  return { ...about, ok: differences.length === 0, events, values, differences };
}

/** The replayer of the SDK: types, ids and order of commands. */
async function replayCommands(job: ReplayJob, history: History): Promise<readonly Difference[]> {
  try {
    const workflowBundle = { code: job.code };
    await Worker.runReplayHistory({ workflowBundle }, history, job.workflowId);
    return [];
  } catch (error) {
    return [{ what: 'replay', eventId: null, recorded: null, found: messageOf(error) }];
  }
}

async function replayValues(
  job: ReplayJob,
  history: History,
): Promise<{ values: number; differences: readonly Difference[] }> {
  const replayed = new Map<string, string>();
  const record = {
    fn: (_: unknown, key: string, values: string) => void replayed.set(key, values),
    callDuringReplay: true,
  };
  try {
    await Worker.runReplayHistory(
      { workflowBundle: { code: job.auditCode }, sinks: { audit: { record } } },
      history,
      job.workflowId,
    );
  } catch {
    // The first replay has said why; what was recorded until here still tells where.
  }
  const recorded = valuesOf(history);
  return { values: recorded.size, differences: compareValues(history, recorded, replayed) };
}

/** Both ways: nothing may be another, nothing may be missing, nothing may have been added. */
function compareValues(
  history: History,
  recorded: ReadonlyMap<string, RecordedValue>,
  replayed: ReadonlyMap<string, string>,
): Difference[] {
  const differences: Difference[] = [];
  // What came in after the last completed task of a run that was ended from outside had no effect.
  const endsByItself = ENDED_BY_ITSELF.has(runFacts(history).closeStatus);
  const reach = endsByItself ? Infinity : lastTaskOf(history);
  for (const [what, { eventId, values }] of recorded) {
    const found = replayed.get(what) ?? null;
    if (found === values || (found === null && eventId > reach)) continue;
    differences.push({ what, eventId, recorded: values, found });
  }
  for (const [what, found] of replayed) {
    if (recorded.has(what) || !endsByItself) continue;
    differences.push({ what, eventId: null, recorded: null, found });
  }
  return differences;
}

/** The second witness: hashes of what each activity was given and gave, written by its worker. */
function compareWithWitnesses(history: History, witnesses: readonly Witness[]): Difference[] {
  const byAttempt = new Map(witnesses.map((w) => [`${w.activityId}/${w.attempt}`, w]));
  const scheduled = new Map<string, { activityId: string; input: string }>();
  const attempts = new Map<string, number>();
  const differences: Difference[] = [];
  for (const event of history.events ?? []) {
    const asked = event.activityTaskScheduledEventAttributes;
    if (asked) {
      const input = sha256OfTexts(textsOf(asked.input));
      scheduled.set(String(event.eventId), { activityId: asked.activityId ?? '', input });
    }
    const started = event.activityTaskStartedEventAttributes;
    if (started) attempts.set(String(started.scheduledEventId), started.attempt ?? 1);
    const done = event.activityTaskCompletedEventAttributes;
    if (!done) continue;
    const key = String(done.scheduledEventId);
    const { activityId, input } = scheduled.get(key) ?? { activityId: '', input: '' };
    const seen = byAttempt.get(`${activityId}/${attempts.get(key) ?? 1}`);
    const eventId = Number(event.eventId);
    differences.push(
      ...differs(
        `worker's note of what activity ${activityId} was given`,
        input,
        seen?.inputSha256,
        eventId,
      ),
      ...differs(
        `worker's note of what activity ${activityId} gave`,
        sha256OfTexts(textsOf(done.result)),
        seen?.resultSha256,
        eventId,
      ),
    );
  }
  return differences;
}

function differs(
  what: string,
  recorded: string | null,
  found: string | null | undefined,
  eventId: number | null = null,
): Difference[] {
  return recorded === found ? [] : [{ what, eventId, recorded, found: found ?? null }];
}

const lastTaskOf = (history: History): number =>
  Number(history.events?.findLast((e) => e.workflowTaskCompletedEventAttributes)?.eventId ?? 0);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
