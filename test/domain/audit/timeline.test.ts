import { describe, expect, it } from 'vitest';
import type { Moment } from '../../../domain/audit/moment.ts';
import { timelineOf, type TimelineFacts } from '../../../domain/audit/timeline.ts';

const FACTS: TimelineFacts = {
  commands: new Map(),
  names: new Map(),
  stepRuns: new Map([[24, { step: 'posting', pass: 1, shards: 4 }]]),
  failedAttempts: new Map([['9', [{ attempt: 1, code: 'INTERNAL', worker: 'batch:1', ms: 30 }]]]),
};

const worked = (moment: Partial<Moment>): Moment => ({
  eventId: 7,
  at: '2025-12-22T09:30:00.000Z',
  endedAt: '2025-12-22T09:30:01.500Z',
  kind: 'worked',
  what: 'workShard',
  given: [24, 1],
  gave: undefined,
  commandId: null,
  process: null,
  activityId: '8',
  attempt: 1,
  code: null,
  ...moment,
});

describe('work in the timeline of a run', () => {
  it.each([
    {
      name: 'that is done says what came of it',
      moment: { gave: { rowsDone: 12 } },
      en: 'Clearing posting, step run 24: shard 2/4, 12 rows, in 1.50 s.',
    },
    {
      name: 'that is in hand says no result',
      moment: { endedAt: null, attempt: null },
      en: 'Clearing posting, step run 24: workShard 2/4, not finished.',
    },
    {
      name: 'that is in hand says which attempts failed',
      moment: { endedAt: null, attempt: null, activityId: '9' },
      en: 'Clearing posting, step run 24: workShard 2/4, not finished (1: INTERNAL).',
    },
    {
      name: 'a step that is closing has not closed',
      moment: { endedAt: null, what: 'closeStep', given: [24] },
      en: 'Clearing posting, step run 24: closeStep, not finished.',
    },
    {
      name: 'a step that could not close has not closed either',
      moment: { code: 'BOOKS_OUT_OF_BALANCE', what: 'closeStep', given: [24] },
      en: 'Clearing posting, step run 24: closeStep, in 1.50 s, failed with BOOKS_OUT_OF_BALANCE.',
    },
    {
      name: 'a step that is opening is not said to be none',
      moment: { endedAt: null, what: 'openStep', given: [{}] },
      en: 'openStep, not finished.',
    },
  ])('$name', ({ moment, en }) => {
    const [line] = timelineOf([worked(moment)], FACTS);
    expect(line?.texts.en).toBe(en);
  });
});
