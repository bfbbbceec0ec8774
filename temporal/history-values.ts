import type proto from '@temporalio/proto';
import type { History, HistoryEvent } from './run-facts.ts';

type Payloads = proto.temporal.api.common.v1.IPayloads | null | undefined;

/** One thing that passed between a workflow and the world, as its history has it. */
export interface RecordedValue {
  readonly eventId: number;
  /** JSON of the list of values, each as the text of its payload. */
  readonly values: string;
}

/** A key as the audit's interceptors make it, and the texts of the values. */
type Read = readonly [key: string, values: readonly string[]];

type Readers = {
  readonly [Kind in keyof HistoryEvent]?: (
    attributes: NonNullable<HistoryEvent[Kind]>,
    reader: ValueReader,
    eventId: string,
  ) => Read | undefined;
};

/** What a later event calls by the number of an earlier one. */
class ValueReader {
  readonly activityIds = new Map<string, string>();
  readonly updateIds = new Map<string, string>();
  signals = 0;

  read(event: HistoryEvent): Read | undefined {
    const kind = kindOf(event);
    if (kind === undefined || WITHOUT_VALUES.has(kind)) return undefined;
    const reader = READERS[kind] as
      ((attributes: unknown, values: ValueReader, eventId: string) => Read | undefined) | undefined;
    // Told, not passed over: no replay has this key.
    if (!reader) return [`unknown ${kind}`, []];
    return reader(event[kind], this, String(event.eventId));
  }
}

const READERS: Readers = {
  workflowExecutionStartedEventAttributes: ({ input }) => ['input', textsOf(input)],
  workflowExecutionUpdateAcceptedEventAttributes: ({ acceptedRequest }, reader, eventId) => {
    const updateId = acceptedRequest?.meta?.updateId ?? '';
    reader.updateIds.set(eventId, updateId);
    const { name, args } = acceptedRequest?.input ?? {};
    return [`update ${updateId}`, [JSON.stringify(name), ...textsOf(args)]];
  },
  workflowExecutionUpdateCompletedEventAttributes: ({ acceptedEventId, outcome }, reader) => {
    const updateId = reader.updateIds.get(String(acceptedEventId)) ?? '';
    return outcome?.failure ? undefined : [`answer ${updateId}`, oneTextOf(outcome?.success)];
  },
  workflowExecutionSignaledEventAttributes: ({ signalName, input }, reader) => {
    reader.signals += 1;
    return [`signal ${reader.signals}`, [JSON.stringify(signalName), ...textsOf(input)]];
  },
  activityTaskScheduledEventAttributes: ({ activityId, activityType, input }, reader, eventId) => {
    reader.activityIds.set(eventId, activityId ?? '');
    return [
      `activity ${activityId ?? ''}`,
      [JSON.stringify(activityType?.name), ...textsOf(input)],
    ];
  },
  activityTaskCompletedEventAttributes: ({ scheduledEventId, result }, reader) => [
    `activity result ${reader.activityIds.get(String(scheduledEventId)) ?? ''}`,
    oneTextOf(result),
  ],
  timerStartedEventAttributes: ({ timerId, startToFireTimeout }) => {
    const { seconds, nanos } = startToFireTimeout ?? {};
    return [`timer ${timerId ?? ''}`, [String(Number(seconds) * 1000 + (nanos ?? 0) / 1e6)]];
  },
  workflowExecutionCompletedEventAttributes: ({ result }) => ['result', oneTextOf(result)],
  workflowExecutionContinuedAsNewEventAttributes: ({ input }) => ['continued with', textsOf(input)],
};

/** Events that carry no value of their own, or one that replay itself compares. */
const WITHOUT_VALUES: ReadonlySet<keyof HistoryEvent> = new Set([
  'workflowTaskScheduledEventAttributes',
  'workflowTaskStartedEventAttributes',
  'workflowTaskCompletedEventAttributes',
  'workflowTaskTimedOutEventAttributes',
  'workflowTaskFailedEventAttributes',
  'activityTaskStartedEventAttributes',
  'activityTaskFailedEventAttributes',
  'activityTaskTimedOutEventAttributes',
  'activityTaskCancelRequestedEventAttributes',
  'activityTaskCanceledEventAttributes',
  'timerFiredEventAttributes',
  'timerCanceledEventAttributes',
  'markerRecordedEventAttributes',
  'workflowExecutionCancelRequestedEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionFailedEventAttributes',
] satisfies (keyof HistoryEvent)[]);

/** Every value of a history, under the key that a replay of it records the same value by. */
export function valuesOf(history: History): ReadonlyMap<string, RecordedValue> {
  const found = new Map<string, RecordedValue>();
  const reader = new ValueReader();
  for (const event of history.events ?? []) {
    const read = reader.read(event);
    if (!read) continue;
    const [key, values] = read;
    found.set(key, { eventId: Number(event.eventId), values: JSON.stringify(values) });
  }
  return found;
}

/** Which of its attributes an event has: its kind. */
export function kindOf(event: HistoryEvent): keyof HistoryEvent | undefined {
  const name = Object.keys(event).find((key) => key.endsWith('EventAttributes'));
  return name as keyof HistoryEvent | undefined;
}

/** The text of each payload; '' for undefined, which has none. */
export const textsOf = (payloads: Payloads): readonly string[] =>
  (payloads?.payloads ?? []).map(({ data }) => Buffer.from(data ?? []).toString());

/** A result is one value, also where it is undefined and left no payload. */
function oneTextOf(payloads: Payloads): readonly string[] {
  const texts = textsOf(payloads);
  return texts.length === 0 ? [''] : texts;
}
