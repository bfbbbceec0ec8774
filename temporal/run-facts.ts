import { tsToDate } from '@temporalio/common/lib/time.js';
import type proto from '@temporalio/proto';

export type History = proto.temporal.api.history.v1.IHistory;
export type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

export type CloseStatus =
  'RUNNING' | 'COMPLETED' | 'FAILED' | 'TIMED_OUT' | 'CANCELED' | 'TERMINATED' | 'CONTINUED_AS_NEW';

/** What a history says about its run as a whole. */
export interface RunFacts {
  readonly workflowType: string;
  readonly closeStatus: CloseStatus;
  readonly events: number;
  readonly startedAt: string;
  /** Null for a run that is open. */
  readonly closedAt: string | null;
  /** Of the worker that completed the last workflow task; null when none ever did. */
  readonly sdkVersion: string | null;
  readonly bundleHash: string | null;
}

/** Reads the facts out of the events themselves; nothing else is asked. */
export function runFacts(history: History): RunFacts {
  const events = history.events ?? [];
  const [first] = events;
  const started = first?.workflowExecutionStartedEventAttributes;
  if (!first || !started) throw new TypeError('this is not the history of a workflow run');
  const last = events.at(-1) ?? first;
  const closeStatus = closeStatusOf(last);
  const tasks = events.flatMap((event) => event.workflowTaskCompletedEventAttributes ?? []);
  // The SDK names itself only when its version is another one than before.
  const sdk = tasks.findLast((task) => task.sdkMetadata?.sdkVersion);
  return {
    workflowType: started.workflowType?.name ?? '',
    closeStatus,
    events: events.length,
    startedAt: instantOf(first),
    closedAt: closeStatus === 'RUNNING' ? null : instantOf(last),
    sdkVersion: sdk?.sdkMetadata?.sdkVersion ?? null,
    bundleHash: tasks.at(-1)?.workerVersion?.buildId ?? null,
  };
}

/** When an event happened, as ISO text in UTC. */
export function instantOf(event: HistoryEvent): string {
  if (!event.eventTime) throw new TypeError(`event ${String(event.eventId)} has no time`);
  return tsToDate(event.eventTime).toISOString();
}

function closeStatusOf(last: HistoryEvent): CloseStatus {
  if (last.workflowExecutionCompletedEventAttributes) return 'COMPLETED';
  if (last.workflowExecutionContinuedAsNewEventAttributes) return 'CONTINUED_AS_NEW';
  if (last.workflowExecutionTerminatedEventAttributes) return 'TERMINATED';
  if (last.workflowExecutionFailedEventAttributes) return 'FAILED';
  if (last.workflowExecutionCanceledEventAttributes) return 'CANCELED';
  if (last.workflowExecutionTimedOutEventAttributes) return 'TIMED_OUT';
  return 'RUNNING';
}
