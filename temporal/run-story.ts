import type proto from '@temporalio/proto';
import type { Moment } from '../domain/audit/moment.ts';
import { textsOf } from './history-values.ts';
import { instantOf, runFacts, type History, type HistoryEvent } from './run-facts.ts';

type Failure = proto.temporal.api.failure.v1.IFailure | null | undefined;
type Payloads = Parameters<typeof textsOf>[0];

const NOTHING = {
  endedAt: null,
  given: [],
  gave: undefined,
  commandId: null,
  process: null,
  activityId: null,
  attempt: null,
  code: null,
} as const;

/** The moments of a run in the order in which they began. */
export function storyOf(history: History): Moment[] {
  const events = history.events ?? [];
  const later = laterEvents(events);
  const moments: Moment[] = [];
  for (const event of events) {
    const moment = momentOf(event, later.get(String(event.eventId)) ?? []);
    if (moment) moments.push({ eventId: Number(event.eventId), at: instantOf(event), ...moment });
  }
  const closed = closing(history);
  return closed ? [...moments, closed] : moments;
}

/** What came of an event: number of the event → those that name it. */
function laterEvents(events: readonly HistoryEvent[]): Map<string, HistoryEvent[]> {
  const found = new Map<string, HistoryEvent[]>();
  for (const event of events) {
    const of =
      event.activityTaskStartedEventAttributes?.scheduledEventId ??
      endOf(event)?.scheduledEventId ??
      event.timerFiredEventAttributes?.startedEventId ??
      event.timerCanceledEventAttributes?.startedEventId;
    if (of === undefined || of === null) continue;
    found.set(String(of), [...(found.get(String(of)) ?? []), event]);
  }
  return found;
}

const endOf = (event: HistoryEvent) =>
  event.activityTaskCompletedEventAttributes ??
  event.activityTaskFailedEventAttributes ??
  event.activityTaskTimedOutEventAttributes ??
  event.activityTaskCanceledEventAttributes;

type Told = Omit<Moment, 'eventId' | 'at'> & Partial<Pick<Moment, 'at'>>;

function momentOf(event: HistoryEvent, later: readonly HistoryEvent[]): Told | undefined {
  const opened = event.workflowExecutionStartedEventAttributes;
  if (opened) {
    return {
      ...NOTHING,
      kind: 'opened',
      what: opened.workflowType?.name ?? '',
      given: valuesOf(opened.input),
      process: opened.identity ?? null,
    };
  }
  const accepted = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  if (accepted) {
    return {
      ...NOTHING,
      kind: 'asked',
      what: accepted.input?.name ?? '',
      given: valuesOf(accepted.input?.args),
      commandId: accepted.meta?.updateId ?? null,
    };
  }
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal) {
    const [what, given] = [signal.signalName ?? '', valuesOf(signal.input)];
    return { ...NOTHING, kind: 'told', what, given, process: signal.identity ?? null };
  }
  if (event.activityTaskScheduledEventAttributes) return workedMoment(event, later);
  const timer = event.timerStartedEventAttributes;
  if (timer) {
    const [end] = later;
    const endedAt = end ? instantOf(end) : null;
    const what = end?.timerCanceledEventAttributes ? 'canceled' : 'timer';
    return { ...NOTHING, kind: 'waited', what, endedAt };
  }
  const stumbled = event.workflowTaskFailedEventAttributes;
  if (stumbled) {
    const code = stumbled.failure?.message ?? null;
    return { ...NOTHING, kind: 'stumbled', what: 'task', code, process: stumbled.identity ?? null };
  }
  return undefined;
}

/** An activity begins when its kept attempt was taken up; what it waited in the queue is not work. */
function workedMoment(event: HistoryEvent, later: readonly HistoryEvent[]): Told {
  const asked = event.activityTaskScheduledEventAttributes;
  const started = later.find((each) => each.activityTaskStartedEventAttributes);
  const attributes = started?.activityTaskStartedEventAttributes;
  const end = later.find(endOf);
  const [gave] = valuesOf(end?.activityTaskCompletedEventAttributes?.result);
  return {
    ...(started ? { at: instantOf(started) } : {}),
    kind: 'worked',
    what: asked?.activityType?.name ?? '',
    given: valuesOf(asked?.input),
    gave,
    commandId: null,
    endedAt: end ? instantOf(end) : null,
    process: attributes?.identity ?? null,
    activityId: asked?.activityId ?? null,
    attempt: attributes?.attempt ?? null,
    code: end ? codeOfEnd(end) : null,
  };
}

function codeOfEnd(end: HistoryEvent): string | null {
  if (end.activityTaskFailedEventAttributes) {
    return codeOf(end.activityTaskFailedEventAttributes.failure);
  }
  if (end.activityTaskTimedOutEventAttributes) return 'TIMED_OUT';
  return end.activityTaskCanceledEventAttributes ? 'CANCELED' : null;
}

/** Our failures carry their code as type. */
const codeOf = (failure: Failure): string =>
  failure?.applicationFailureInfo?.type || failure?.message || 'INTERNAL';

function closing(history: History): Moment | undefined {
  const { closeStatus } = runFacts(history);
  const last = history.events?.at(-1);
  if (closeStatus === 'RUNNING' || !last) return undefined;
  const terminated = last.workflowExecutionTerminatedEventAttributes;
  const failed = last.workflowExecutionFailedEventAttributes;
  return {
    ...NOTHING,
    eventId: Number(last.eventId),
    at: instantOf(last),
    kind: 'closed',
    what: closeStatus,
    process: terminated?.identity ?? null,
    code: terminated?.reason ?? (failed ? codeOf(failed.failure) : null),
  };
}

/** The values themselves; a text that is no JSON stays text. */
const valuesOf = (payloads: Payloads): readonly unknown[] =>
  textsOf(payloads).map((text) => {
    try {
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    } catch {
      return text;
    }
  });

/** The runs before and after this one in its chain. */
export function neighboursOf(history: History): {
  readonly previousRunId: string | null;
  readonly nextRunId: string | null;
} {
  const [first] = history.events ?? [];
  const last = history.events?.at(-1);
  return {
    previousRunId: first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || null,
    nextRunId: last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null,
  };
}
