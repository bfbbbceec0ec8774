import { msOf } from '../calendar/instant.ts';
import type { RunnableStep } from '../clearing/steps.ts';
import { isRecord, type FailedAttempt, type Moment, type TimelineLine } from './moment.ts';
import { sentenceOf } from './timeline-sentences.ts';

/** What PostgreSQL knows beside the history. */
export interface TimelineFacts {
  readonly commands: ReadonlyMap<string, { readonly person: string; readonly status: string }>;
  /** Person id → name. */
  readonly names: ReadonlyMap<string, string>;
  /** Step run → what it was. */
  readonly stepRuns: ReadonlyMap<
    number,
    { readonly step: RunnableStep; readonly pass: number; readonly shards: number }
  >;
  /** Attempts that failed before the one that the history kept, by activity id. */
  readonly failedAttempts: ReadonlyMap<string, readonly FailedAttempt[]>;
}

/** The story of a run, line by line. Anything that this does not know is told by its own name. */
export function timelineOf(moments: readonly Moment[], facts: TimelineFacts): TimelineLine[] {
  return moments.map((moment) => {
    const line = lineOf(moment, facts);
    return { ...line, texts: sentenceOf(moment, line) };
  });
}

function lineOf(moment: Moment, facts: TimelineFacts): Omit<TimelineLine, 'texts'> {
  const { eventId, at, kind, what, commandId, process, attempt, code } = moment;
  const who = personOf(moment, facts);
  const stepRunId = stepRunOf(moment);
  const run = stepRunId === null ? undefined : facts.stepRuns.get(stepRunId);
  const isShard = what === 'workShard' && typeof moment.given[1] === 'number';
  return {
    eventId,
    at,
    kind,
    what,
    who,
    name: who === null ? null : (facts.names.get(who) ?? null),
    commandId,
    process,
    step: run?.step ?? null,
    stepRunId,
    pass: run?.pass ?? null,
    shard: isShard ? Number(moment.given[1]) + 1 : null,
    shards: isShard ? (run?.shards ?? null) : null,
    ms: moment.endedAt === null ? null : msOf(moment.endedAt) - msOf(at),
    attempt,
    outcome: commandId === null ? null : (facts.commands.get(commandId)?.status ?? null),
    code,
    failedAttempts:
      moment.activityId === null ? [] : (facts.failedAttempts.get(moment.activityId) ?? []),
  };
}

/** The row of the command says who; the copy that travelled does if there is no row. */
function personOf({ commandId, given }: Moment, { commands }: TimelineFacts): string | null {
  const row = commandId === null ? undefined : commands.get(commandId);
  if (row) return row.person;
  const [said] = given;
  return commandId !== null && isRecord(said) && typeof said['person'] === 'string'
    ? said['person']
    : null;
}

/** Which step run an activity worked on: it was given it, or gave it. */
export function stepRunOf({ kind, what, given, gave }: Moment): number | null {
  if (kind !== 'worked') return null;
  const [first] = given;
  if (['workShard', 'closeStep', 'failStep'].includes(what)) {
    return typeof first === 'number' ? first : null;
  }
  const opened = isRecord(gave) ? gave['stepRunId'] : undefined;
  return typeof opened === 'number' ? opened : null;
}
