import { writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { runFacts } from '../../temporal/run-facts.ts';
import { bundlePath } from '../support/temporal.ts';
import { changedBundle, type SourceChange } from '../support/changed-bundle.ts';
import { FlowStage } from '../workflows/support/flow-stage.ts';
import { SCENARIOS } from './scenarios.ts';
import { HISTORIES, readRecorded, recordedFiles } from './support/recorded.ts';
import type { PlayedRun, Scenario } from './support/story.ts';
import { VARIATIONS } from './variations.ts';

/** `DAYCUT_RECORD=1 npx vitest run test/replay` writes those that are missing, never one anew. */
const isRecording = process.env['DAYCUT_RECORD'] === '1';
/** An empty folder would look like success. */
const HISTORIES_MIN = 50;
const STORIES_AT_A_TIME = 8;

interface Named extends PlayedRun {
  readonly name: string;
}

const committed = (): Named[] =>
  recordedFiles().map((file) => ({ name: file, ...readRecorded(file) }));

/** Plays every story on one stage, some at a time; each run that it kept, in the order of names. */
async function playAll(scenarios: readonly Scenario[]): Promise<Named[]> {
  const stage = await FlowStage.open();
  const left = scenarios.map((scenario, at) => ({ scenario, at }));
  const played: Named[][] = [];
  const playOn = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { scenario, at } = next;
      const runs = await scenario.play(stage, at);
      played[at] = runs.map((run, n) => ({ ...run, name: `${scenario.name}-${String(n)}` }));
    }
  };
  try {
    await Promise.all(Array.from({ length: STORIES_AT_A_TIME }, playOn));
  } finally {
    await stage.close();
  }
  return played.flat();
}

/** Name → why it did not replay with this bundle. */
async function failures(
  runs: readonly Named[],
  codePath: string,
): Promise<{ readonly replayed: number; readonly failed: Readonly<Record<string, string>> }> {
  const failed: Record<string, string> = {};
  let replayed = 0;
  const results = Worker.runReplayHistories({ workflowBundle: { codePath } }, runs);
  for await (const { error } of results) {
    if (error) failed[runs[replayed]?.name ?? '?'] = error.message;
    replayed += 1;
  }
  return { replayed, failed };
}

/** What a careless release might do to each type of workflow. */
const PLANTED: readonly {
  readonly what: string;
  readonly type: string;
  readonly changes: readonly SourceChange[];
}[] = [
  {
    what: 'a flow asks for one thing more',
    type: 'clearingFlow',
    changes: [
      {
        file: 'clearing-flow.workflow.ts',
        from: '  desk.settle(command, opened.flow);\n  while',
        to: '  desk.settle(command, opened.flow);\n  await ops.loadFlowState(desk.state);\n  while',
      },
    ],
  },
  {
    what: 'a ledger day tells the flows before it opens the next date',
    type: 'ledgerDay',
    changes: [
      {
        file: 'ledger-day.workflow.ts',
        from: '      await ops.openDay(outcome.nextLedgerDate);\n      await ops.tellFlows(ledgerDate);',
        to: '      await ops.tellFlows(ledgerDate);\n      await ops.openDay(outcome.nextLedgerDate);',
      },
    ],
  },
  {
    what: 'a ticket reads before it waits',
    type: 'approvalTicket',
    changes: [
      {
        file: 'approval-ticket.workflow.ts',
        from: '  let ticket = input;',
        to: '  let ticket = await tickets.advanceTicket(input.ticketId);',
      },
    ],
  },
  {
    what: 'an archivist archives twice',
    type: 'archiveHistory',
    changes: [
      {
        file: 'archive-history.workflow.ts',
        from: '  await archive.archiveHistory(run);',
        to: '  await archive.archiveHistory(run);\n  await archive.archiveHistory(run);',
      },
    ],
  },
];

describe('a release', () => {
  let played: readonly Named[];
  let changed: Promise<string>;
  beforeAll(async () => {
    changed = changedBundle(PLANTED.flatMap(({ changes }) => changes));
    changed.catch(() => undefined);
    played = await playAll([...SCENARIOS, ...VARIATIONS]);
    if (isRecording) played.filter(isToBeCommitted).forEach(record);
  });

  it('fits what was recorded of every story when that story was written', async () => {
    const runs = committed();
    for (const { name } of SCENARIOS) expect(runs.some((r) => r.name.startsWith(name))).toBe(true);
    const { replayed, failed } = await failures(runs, await bundlePath());
    expect(failed).toEqual({});
    expect(replayed).toBe(runs.length);
  });

  it('fits what was played just now: at least fifty histories in all', async () => {
    const { replayed, failed } = await failures(played, await bundlePath());
    expect(failed).toEqual({});
    expect(replayed).toBe(played.length);
    expect(replayed + committed().length).toBeGreaterThanOrEqual(HISTORIES_MIN);
  });

  it('has histories of every workflow type, however they ended', () => {
    const facts = [...committed(), ...played].map(({ history }) => runFacts(history));
    expect(new Set(facts.map(({ workflowType }) => workflowType))).toEqual(
      new Set(['clearingFlow', 'ledgerDay', 'approvalTicket', 'archiveHistory']),
    );
    expect(new Set(facts.map(({ closeStatus }) => closeStatus))).toEqual(
      new Set(['RUNNING', 'COMPLETED', 'CONTINUED_AS_NEW', 'TERMINATED']),
    );
  });

  it.each(PLANTED)('is found when $what', async ({ type }) => {
    const ofType = [...committed(), ...played].filter(
      ({ history }) => runFacts(history).workflowType === type,
    );
    const { failed } = await failures(ofType, await changed);
    expect(Object.values(failed).length).toBeGreaterThan(0);
    for (const why of Object.values(failed)) expect(why).toMatch(/TMPRL1100|Nondeterminism/);
  });
});

const isToBeCommitted = ({ name }: Named): boolean =>
  SCENARIOS.some((scenario) => name.startsWith(scenario.name)) &&
  !recordedFiles().includes(`${name}.json`);

function record({ name, workflowId, history }: Named): void {
  const json = clean(JSON.parse(historyToJSON(history)));
  const text = JSON.stringify({ workflowId, history: json }, null, 1);
  writeFileSync(new URL(`${name}.json`, HISTORIES), `${text}\n`);
}

/** Stack traces name folders of the machine that recorded; replay does not read them. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, inner]) => [key, clean(inner)]),
  );
}
