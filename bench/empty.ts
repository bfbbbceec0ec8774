import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import type { Db } from '../db/client.ts';
import { openLedgerDate } from '../db/ledger-dates.repository.ts';
import { seedReference } from '../db/seed/reference.ts';
import { inTransaction } from '../db/transaction.ts';
import { startNodeChild } from '../scripts/embedded/node-child.ts';
import { poll } from '../scripts/embedded/processes.ts';
import type { DayCutView, LedgerDateView } from '../scripts/launch/views.ts';
import { BARE_QUEUE, runBare } from './bare.workflow.ts';
import { BENCH_DATE } from './generate.ts';
import { startInstallation, type Installation } from './installation.ts';

/** All dates of the bench are past their cutoff. */
const CLOCK = '2026-11-30T10:00:00Z+';
const MARKET_FLOWS = ['US', 'HK'] as const;
const DAY_END = 'day-end';
const WARM_UP = 2;

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface EmptyResult {
  readonly runs: number;
  /** Activities that an empty clearing consists of: openings of steps. */
  readonly activities: number;
  /** Milliseconds from the command, over HTTP, to the flow seen COMPLETED. */
  readonly clearing: Spread;
  /** Milliseconds of as many activities that do nothing, asked for by an update. */
  readonly bare: Spread;
  readonly ratioP50: number;
  readonly ratioP95: number;
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

async function prepare(db: Db): Promise<void> {
  await inTransaction(db, seedReference);
  await inTransaction(db, ({ tx }) =>
    openLedgerDate(tx, BENCH_DATE, new Date(`${BENCH_DATE}T09:00:00Z`)),
  );
}

/** Resolves when PostgreSQL shows the flow COMPLETED; PostgreSQL says when to look. */
async function untilCompleted(
  db: Db,
  ledgerDate: string,
  flow: string,
): Promise<() => Promise<number>> {
  const client = await db.$client.connect();
  await client.query('LISTEN daycut_progress');
  const isCompleted = async (): Promise<boolean> => {
    const { rows } = await client.query<{ mode: string }>(
      'SELECT mode FROM flow_days WHERE ledger_date = $1 AND flow = $2',
      [ledgerDate, flow],
    );
    return rows[0]?.mode === 'COMPLETED';
  };
  return async () => {
    try {
      while (!(await isCompleted())) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            clearTimeout(timer);
            client.off('notification', wake);
            resolve();
          };
          const timer = setTimeout(wake, 50);
          client.on('notification', wake);
        });
      }
      return performance.now();
    } finally {
      await client.query('UNLISTEN *');
      client.release();
    }
  };
}

async function clearFlow({ api, db }: Installation, date: string, flow: string): Promise<number> {
  const path = `/ledger-dates/${date}/flows/${flow}`;
  await api.command(`${path}/readiness`);
  const completed = await untilCompleted(db, date, flow);
  const begin = performance.now();
  const [end] = await Promise.all([completed(), api.command(`${path}/start`)]);
  return end - begin;
}

async function cutDay({ api }: Installation, date: string): Promise<string> {
  const path = `/ledger-dates/${date}`;
  const view = await api.get<DayCutView>(`${path}/day-cut`);
  if (!view.allowed) throw new Error(`no day cut: ${JSON.stringify(view)}`);
  await api.command(`${path}/day-cut`, { confirmToken: view.confirmToken });
  return poll('the next ledger date', 60_000, async () => {
    const { ledgerDate } = await api.get<LedgerDateView>('/ledger-dates/current');
    return ledgerDate === date ? undefined : ledgerDate;
  });
}

async function activitiesOf(client: Client, workflowId: string): Promise<number> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const scheduled = (history.events ?? []).filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'openStep',
  );
  return scheduled.length;
}

/** Clears markets without trades, date after date, and runs bare activities between them. */
export async function benchEmpty(runs: number, say: (line: string) => void): Promise<EmptyResult> {
  const installation = await startInstallation({
    batchWorkers: 1,
    say,
    clock: CLOCK,
    load: prepare,
  });
  const worker = startNodeChild({
    script: 'bench/bare-worker.ts',
    env: { ...process.env, TEMPORAL_ADDRESS: installation.temporal.address },
    logFile: join(tmpdir(), `daycut-bench-bare-${process.pid}.log`),
  });
  const connection = await Connection.connect({ address: installation.temporal.address });
  try {
    const client = new Client({ connection });
    const bare = await client.workflow.start('bareActivities', {
      workflowId: 'bench-bare',
      taskQueue: BARE_QUEUE,
    });
    const clearing: number[] = [];
    const idle: number[] = [];
    let activities = 0;
    let date: string = BENCH_DATE;
    while (clearing.length < runs + WARM_UP) {
      for (const flow of MARKET_FLOWS) {
        clearing.push(await clearFlow(installation, date, flow));
        activities ||= await activitiesOf(client, `clearing/${date}/${flow}`);
        const begin = performance.now();
        await bare.executeUpdate(runBare, { args: [activities] });
        idle.push(performance.now() - begin);
      }
      await clearFlow(installation, date, DAY_END);
      date = await cutDay(installation, date);
    }
    await bare.terminate('the bench is over');
    const cleared = spreadOf(clearing.slice(WARM_UP));
    const nothing = spreadOf(idle.slice(WARM_UP));
    return {
      runs: clearing.length - WARM_UP,
      activities,
      clearing: cleared,
      bare: nothing,
      ratioP50: cleared.p50 / nothing.p50,
      ratioP95: cleared.p95 / nothing.p95,
    };
  } finally {
    await connection.close();
    await worker.stop();
    await installation.stop();
  }
}
