import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { poll } from '../../scripts/embedded/processes.ts';
import { freshDatabase } from '../support/database.ts';
import { freshNamespace } from '../support/temporal.ts';
import type { Api } from './support/api.ts';
import { otherWorkflowBundle } from './support/other-release.ts';
import { placeOrder } from './support/front-office.ts';
import { MON_2025_12_22, startStage, TUE_2025_12_23, type Stage } from './support/tiny-system.ts';
import type { Page } from './support/views.ts';
import { DayDesk } from './support/desk.ts';

interface RunView {
  readonly workflowId: string;
  readonly runId: string;
  readonly closeStatus: string;
  readonly events: number;
  readonly sha256: string;
  readonly sdkVersion: string;
  readonly bundleHash: string;
  readonly release: string;
}

interface LineView {
  readonly kind: string;
  readonly what: string;
  readonly who: string | null;
  readonly name: string | null;
  readonly step: string | null;
  readonly shard: number | null;
  readonly shards: number | null;
  readonly ms: number | null;
  readonly attempt: number | null;
  readonly outcome: string | null;
  readonly texts: { readonly en: string; readonly zhHans: string; readonly zhHant: string };
}

interface TimelineView extends RunView {
  readonly previousRunId: string | null;
  readonly nextRunId: string | null;
  readonly lines: readonly LineView[];
}

interface ReplayView {
  readonly ok: boolean;
  readonly replayed: { readonly events: number; readonly values: number };
  readonly differences: readonly { readonly what: string }[];
  readonly bundleHash: string;
  readonly sha256: string;
}

let databaseUrl: string;
let namespace: string;
let stage: Stage;
let auditor: Api;
let temporal: Client;

beforeAll(async () => {
  databaseUrl = await freshDatabase('tiny');
  namespace = await freshNamespace();
  stage = await startStage(MON_2025_12_22, 'tiny', { databaseUrl, namespace });
  auditor = await stage.as('auditor');
  await placeOrder(stage.operator, {
    accountNo: '20000001',
    instrumentId: 'ST/HK/700',
    tradeDate: MON_2025_12_22,
  });
  await stage.day.flow('US').clear();
  await stage.day.flow('HK').clear();
  await stage.day.flow('HK').mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
  await stage.day.clear(['HK', 'day-end']);
  temporal = new Client({
    connection: await Connection.connect({ address: inject('temporalAddress') }),
    namespace,
  });
  // From here on every test lives from the archive alone.
  for (const { workflowId, runId } of await runsOf(MON_2025_12_22, 6)) {
    await temporal.workflowService.deleteWorkflowExecution({
      namespace,
      workflowExecution: { workflowId, runId },
    });
  }
});
afterAll(async () => {
  await temporal.connection.close();
  await stage.stop();
});

/** Once they are all there: runs are archived some seconds after they closed. */
function runsOf(ledgerDate: string, count: number): Promise<RunView[]> {
  return poll(`${count} archived runs of ${ledgerDate}`, 60_000, async () => {
    const runs = await auditor.list<RunView>(`/audit/runs?ledgerDate=${ledgerDate}`);
    if (runs.length >= count) return runs;
    throw new Error(JSON.stringify(runs.map(({ workflowId }) => workflowId)));
  });
}

const timelineOf = (runId: string): Promise<TimelineView> =>
  auditor.get(`/audit/runs/${runId}/timeline`);
const replayOf = (runId: string): Promise<ReplayView> =>
  auditor.post(`/audit/runs/${runId}/replay`);

async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // Triggers do not stop a superuser; that is what hashes are for.
    await client.query('SET session_replication_role = replica');
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the runs of a day that is over', () => {
  it('are archived, each link of a chain for itself, under the code that they ran on', async () => {
    const runs = await runsOf(MON_2025_12_22, 6);
    expect(runs.map(({ workflowId, closeStatus }) => [workflowId, closeStatus])).toEqual([
      [`clearing/${MON_2025_12_22}/HK`, 'CONTINUED_AS_NEW'],
      [`clearing/${MON_2025_12_22}/HK`, 'COMPLETED'],
      [`clearing/${MON_2025_12_22}/US`, 'COMPLETED'],
      [`clearing/${MON_2025_12_22}/day-end`, 'COMPLETED'],
      [`ledger-day/${MON_2025_12_22}`, 'COMPLETED'],
      [expect.stringMatching(/^ticket\//), 'COMPLETED'],
    ]);
    for (const run of runs) {
      expect(run).toMatchObject({ sdkVersion: '1.24.0', release: '0.1.0' });
      expect(run.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(run.bundleHash).toBe(runs[0]?.bundleHash);
    }
    const hk = await auditor.get<Page<RunView>>(
      `/audit/runs?ledgerDate=${MON_2025_12_22}&flow=HK&limit=1`,
    );
    expect(hk.items).toHaveLength(1);
    expect(hk.nextCursor).not.toBeNull();
  });

  it('tell who did what, where, how long and at which attempt', async () => {
    const [first, second] = await runsOf(MON_2025_12_22, 6);
    const timeline = await timelineOf(first!.runId);
    expect(timeline).toMatchObject({ previousRunId: null, nextRunId: second!.runId });
    expect((await timelineOf(second!.runId)).previousRunId).toBe(first!.runId);
    const start = timeline.lines.find(({ kind, what }) => kind === 'asked' && what === 'start');
    expect(start).toMatchObject({ who: 'operator', outcome: 'APPLIED' });
    expect(start?.texts.en).toBe(`${start?.name ?? ''} asked for one-click clearing: APPLIED.`);
    const posting = timeline.lines.find(
      ({ what, step }) => what === 'workShard' && step === 'posting',
    );
    expect(posting).toMatchObject({ shard: 1, shards: 1, attempt: 1 });
    expect(posting?.ms).toBeGreaterThanOrEqual(0);
    expect(posting?.texts.en).toMatch(
      /^Clearing posting, step run \d+: shard 1\/1, 1 rows, in \d+\.\d\d s\.$/,
    );
    expect(posting?.texts.zhHans).toContain('清算入账');
    expect(posting?.texts.zhHant).toContain('清算入賬');
    expect(timeline.lines.at(-1)?.texts.en).toBe('The run goes on as the next one.');
  });

  it('replay without a difference', async () => {
    for (const { runId, sha256, bundleHash, events } of await runsOf(MON_2025_12_22, 6)) {
      const report = await replayOf(runId);
      expect(report.differences).toEqual([]);
      expect(report).toMatchObject({ ok: true, sha256, bundleHash, replayed: { events } });
      expect(report.replayed.values).toBeGreaterThan(5);
    }
  });

  it('are for auditors; a run that nobody archived is not found', async () => {
    const [run] = await runsOf(MON_2025_12_22, 6);
    const list = await stage.operator.ask('GET', '/audit/runs');
    const replay = await stage.operator.ask('POST', `/audit/runs/${run!.runId}/replay`, {});
    expect([list.status, replay.status]).toEqual([403, 403]);
    const unknown = '00000000-0000-4000-8000-000000000000';
    for (const asked of [
      await auditor.ask<{ code: string }>('GET', `/audit/runs/${unknown}/timeline`),
      await auditor.ask<{ code: string }>('POST', `/audit/runs/${unknown}/replay`, { body: {} }),
    ]) {
      expect([asked.status, asked.body.code]).toEqual([404, 'RUN_NOT_ARCHIVED']);
    }
  });

  it('leave in the audit log that somebody replayed them', async () => {
    const [run] = await runsOf(MON_2025_12_22, 6);
    const events = await asSuperuser((client) =>
      client.query<{ person: string; action: string }>(
        'SELECT person, action FROM audit_events WHERE run_id = $1 ORDER BY event_id',
        [run!.runId],
      ),
    );
    expect(events.rows).toContainEqual({ person: 'system', action: 'history.archived' });
    expect(events.rows).toContainEqual({ person: 'auditor', action: 'run.replayed' });
  });
});

describe('after a release with other workflow code', () => {
  beforeAll(async () => {
    await new DayDesk(stage.operator, TUE_2025_12_23).flow('US').clear();
    await stage.stop();
    const env = { DAYCUT_WORKFLOW_BUNDLE: await otherWorkflowBundle() };
    stage = await startStage(MON_2025_12_22, 'tiny', { databaseUrl, namespace, env });
    auditor = await stage.as('auditor');
    const day = new DayDesk(stage.operator, TUE_2025_12_23);
    await day.clear(['HK', 'day-end']);
  });

  it('runs of either release replay with their own code', async () => {
    const monday = await runsOf(MON_2025_12_22, 6);
    const tuesday = await runsOf(TUE_2025_12_23, 5);
    // The release ended the flow that it does not fit, and opened it again.
    const us = tuesday.filter(({ workflowId }) => workflowId.endsWith('/US'));
    expect(us.map(({ closeStatus }) => closeStatus)).toEqual(['TERMINATED', 'COMPLETED']);
    const [misfit, reopened] = us;
    expect(misfit?.bundleHash).toBe(monday[0]?.bundleHash);
    expect(reopened?.bundleHash).not.toBe(monday[0]?.bundleHash);
    for (const run of [monday[0], misfit, reopened]) {
      expect((await replayOf(run!.runId)).differences).toEqual([]);
    }
  });

  it('nothing is archived twice', async () => {
    const { rows } = await asSuperuser((client) =>
      client.query<{ runs: string; events: string }>(
        `SELECT count(*) AS runs, (SELECT count(*) FROM audit_events
           WHERE action = 'history.archived') AS events FROM archived_histories`,
      ),
    );
    expect(rows[0]?.runs).toBe(rows[0]?.events);
  });
});

describe('what a superuser altered', () => {
  /** Changes the stored history and asks for a replay; afterwards everything is as it was. */
  async function replayAltered(from: string, to: string, isHashToo: boolean): Promise<ReplayView> {
    const [run] = await auditor.list<RunView>(`/audit/runs?ledgerDate=${MON_2025_12_22}&flow=HK`);
    const { runId } = run!;
    return asSuperuser(async (client) => {
      const { rows } = await client.query<{ history: Buffer; sha256: string }>(
        'SELECT history, sha256 FROM archived_histories WHERE run_id = $1',
        [runId],
      );
      const { history, sha256 } = rows[0]!;
      const text = gunzipSync(history).toString('latin1');
      expect(text).toContain(from);
      const altered = Buffer.from(text.replace(from, to), 'latin1');
      const store = (bytes: Buffer, hash: string) =>
        client.query('UPDATE archived_histories SET history = $2, sha256 = $3 WHERE run_id = $1', [
          runId,
          bytes,
          hash,
        ]);
      const newHash = createHash('sha256').update(altered).digest('hex');
      await store(gzipSync(altered), isHashToo ? newHash : sha256);
      try {
        return await replayOf(runId);
      } finally {
        await store(history, sha256);
      }
    });
  }
  const found = ({ differences }: ReplayView): string[] => differences.map(({ what }) => what);

  it('is found by the hash of the bytes', async () => {
    const report = await replayAltered('"rowsDone":1', '"rowsDone":2', false);
    expect(report.ok).toBe(false);
    expect(found(report)[0]).toBe('sha256 of history in the archive');
  });

  it('together with its hash is found by the audit log and by the note of the worker', async () => {
    expect(found(await replayAltered('"rowsDone":1', '"rowsDone":2', true))).toEqual([
      'sha256 of history in the audit log',
      expect.stringMatching(/^worker's note of what activity \d+ gave$/),
    ]);
  });

  it('in what a person asked for is found by what the workflow did', async () => {
    const report = await replayAltered('"person":"operator"', '"person":"approver"', true);
    expect(found(report)).toContainEqual(expect.stringMatching(/^activity \d+$/));
  });

  it('with bytes that cannot even be read is a difference too', async () => {
    const [run] = await auditor.list<RunView>(`/audit/runs?ledgerDate=${MON_2025_12_22}&flow=US`);
    const report = await asSuperuser(async (client) => {
      await client.query(
        `UPDATE archived_histories SET history = set_byte(history, 40, 255 - get_byte(history, 40))
         WHERE run_id = $1`,
        [run!.runId],
      );
      return replayOf(run!.runId);
    });
    expect(report.ok).toBe(false);
    expect(found(report)[0]).toBe('sha256 of history in the archive');
  });
});

describe('the runs of a day that Temporal has forgotten', () => {
  it('replay from the archive', async () => {
    const [run] = await runsOf(MON_2025_12_22, 6);
    // Minutes, on a busy machine: Temporal deletes in its own time.
    await poll(`the end of Temporal’s copy of ${run!.workflowId}`, 240_000, () =>
      temporal.workflow
        .getHandle(run!.workflowId, run!.runId)
        .describe()
        .then(
          () => undefined,
          (error: unknown) => error instanceof WorkflowNotFoundError || undefined,
        ),
    );
    expect(await replayOf(run!.runId)).toMatchObject({ ok: true });
  }, 300_000);
});
