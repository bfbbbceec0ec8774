import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../temporal/hashes.ts';
import type { HistoryEvent } from '../../temporal/run-facts.ts';
import { altered, jobOf, recordedFiles, replayed } from './support/recorded.ts';
import { quietRuntime } from '../support/temporal.ts';

quietRuntime();
const CLEAN_DAY = 'clean-day-0.json';
const DAY_CUT = 'day-cut-0.json';
const CONTINUED = 'revoked-and-cleared-again-0.json';

type Payloads = { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined;

/** Changes the text of a payload; the rest of the event stays. */
function rewrite(payloads: Payloads, from: RegExp, to: string): void {
  const [payload] = (payloads?.payloads ?? []).filter(({ data }) =>
    from.test(Buffer.from(data ?? []).toString()),
  );
  if (!payload) throw new Error(`no payload says ${String(from)}`);
  payload.data = Buffer.from(
    Buffer.from(payload.data ?? [])
      .toString()
      .replace(from, to),
  );
}

const activity = (events: readonly HistoryEvent[], type: string): HistoryEvent => {
  const found = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type,
  );
  if (!found) throw new Error(`no ${type}`);
  return found;
};

const resultOf = (events: readonly HistoryEvent[], type: string): Payloads => {
  const { eventId } = activity(events, type);
  return events.find(
    (event) =>
      String(event.activityTaskCompletedEventAttributes?.scheduledEventId) === String(eventId),
  )?.activityTaskCompletedEventAttributes?.result;
};

/** Changes one thing, and says by what it must be found. */
interface Alteration {
  readonly name: string;
  readonly file: string;
  readonly change: (events: HistoryEvent[]) => void;
  readonly found: RegExp;
}

const ALTERATIONS: readonly [Alteration, ...Alteration[]] = [
  {
    name: 'the input of an activity',
    file: CLEAN_DAY,
    change: (events) =>
      rewrite(
        activity(events, 'workShard').activityTaskScheduledEventAttributes?.input,
        /^\d+$/,
        '999',
      ),
    found: /^activity \d+$/,
  },
  {
    name: 'the type of an activity',
    file: CLEAN_DAY,
    change: (events) => {
      const { activityType } = activity(events, 'closeStep').activityTaskScheduledEventAttributes!;
      activityType!.name = 'failStep';
    },
    found: /^replay$/,
  },
  {
    name: 'the result of an activity that the next one is given',
    file: CLEAN_DAY,
    change: (events) => rewrite(resultOf(events, 'closeStep'), /"generation":1/, '"generation":7'),
    found: /^activity \d+$/,
  },
  {
    name: 'the result of an activity that nobody looks at',
    file: CLEAN_DAY,
    change: (events) => rewrite(resultOf(events, 'workShard'), /"rowsDone":\d+/, '"rowsDone":17'),
    found: /^worker's note of what activity \d+ gave$/,
  },
  {
    name: 'the result of a workflow',
    file: DAY_CUT,
    change: (events) => {
      events.at(-1)!.workflowExecutionCompletedEventAttributes!.result = {
        payloads: [{ metadata: {}, data: Buffer.from('"all is well"') }],
      };
    },
    found: /^result$/,
  },
  {
    name: 'what a workflow was continued with',
    file: CONTINUED,
    change: (events) =>
      rewrite(
        events.at(-1)!.workflowExecutionContinuedAsNewEventAttributes?.input,
        /"generation":2/,
        '"generation":3',
      ),
    found: /^continued with$/,
  },
  {
    name: 'the input of a workflow',
    file: CLEAN_DAY,
    change: (events) =>
      rewrite(events[0]!.workflowExecutionStartedEventAttributes?.input, /"HK"/, '"US"'),
    found: /^activity 1$/,
  },
  {
    name: 'the person in an update',
    file: CLEAN_DAY,
    change: (events) =>
      rewrite(
        events.find((event) => event.workflowExecutionUpdateAcceptedEventAttributes)!
          .workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.args,
        /"operator"/,
        '"somebody else"',
      ),
    found: /^activity 1$/,
  },
  {
    name: 'an event that is left out',
    file: CLEAN_DAY,
    change: (events) => {
      events.splice(
        events.findIndex((event) => event.activityTaskCompletedEventAttributes),
        1,
      );
    },
    found: /^replay$/,
  },
];

describe('auditReplay', () => {
  it.each(recordedFiles())('%s has no difference to its replay', async (file) => {
    const report = await replayed(await jobOf(file));
    expect(report.differences).toEqual([]);
    expect(report).toMatchObject({ ok: true });
    expect(report.events).toBeGreaterThan(10);
    expect(report.values).toBeGreaterThanOrEqual(4);
  });

  it.each(ALTERATIONS)('finds $name', async ({ file, change, found }) => {
    const { ok, differences } = await replayed(altered(await jobOf(file), change));
    expect(ok).toBe(false);
    expect(differences.map(({ what }) => what)).toContainEqual(expect.stringMatching(found));
  });

  it('finds a history that is not the one that was hashed, whatever its replay says', async () => {
    const [{ file, change }] = ALTERATIONS;
    const { differences } = await replayed(altered(await jobOf(file), change, { covered: false }));
    expect(differences[0]?.what).toBe('sha256 of history in the archive');
  });

  it('says both values and the event where one was altered', async () => {
    const job = altered(await jobOf(CLEAN_DAY), (events) =>
      rewrite(
        activity(events, 'workShard').activityTaskScheduledEventAttributes?.input,
        /^\d+$/,
        '999',
      ),
    );
    const { differences } = await replayed(job);
    const [difference] = differences;
    expect(difference?.recorded).toContain('999');
    expect(difference?.found).toContain('workShard');
    expect(difference?.eventId).toBeGreaterThan(0);
  });

  it('finds a flipped byte wherever it is, and does not throw', async () => {
    const job = await jobOf(DAY_CUT);
    for (let at = 3; at < job.history.length; at += Math.ceil(job.history.length / 6)) {
      const history = Uint8Array.from(job.history);
      history[at] = (history[at] ?? 0) ^ 0x10;
      const report = await replayed({ ...job, history });
      expect(report).toMatchObject({ ok: false, sha256: sha256Of(history) });
    }
  });

  it('finds a bundle that is not the one that the history names', async () => {
    const job = await jobOf(DAY_CUT);
    const { differences } = await replayed({ ...job, code: `${job.code}\n` });
    expect(differences.map(({ what }) => what)).toContain('sha256 of code in the history');
  });
});
