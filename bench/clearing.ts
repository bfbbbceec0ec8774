import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { poll } from '../scripts/embedded/processes.ts';
import type { FlowView } from '../scripts/launch/views.ts';
import { BENCH_DATE, BENCH_FLOW } from './generate.ts';
import type { Installation } from './installation.ts';
import { cpuSeconds, machineCpuSeconds, peakMegabytes, privateMegabytes } from './processes.ts';

const EARLIER_FLOW = 'US';
const WATCH_EVERY_MS = 100;

export interface StepCost {
  readonly step: string;
  readonly seconds: number;
  readonly executionsPerSecond: number;
  readonly shards: number;
  readonly nodeCpu: number;
  readonly postgresCpu: number;
  /** Part of `nodeCpu`: hashing the journals of the step into their seals. */
  readonly sealingCpu: number;
}

export interface ClearingCost {
  readonly seconds: number;
  readonly steps: readonly StepCost[];
  /** Of each Node process, ever; and of PostgreSQL's processes together without shared memory. */
  readonly peakMb: Readonly<Record<string, number>>;
  /** CPU seconds that other programs took from the machine meanwhile. */
  readonly strangersCpu: number;
}

interface Cpu {
  readonly node: number;
  readonly postgres: number;
}

const cpuOf = ({ pids, postgres }: Installation): Cpu => ({
  node: Object.values(pids).reduce((sum, pid) => sum + cpuSeconds(pid), 0),
  postgres: cpuSeconds(postgres.pid),
});

interface Moment {
  readonly mode: string;
  readonly step: string;
}

async function momentOf(db: Db): Promise<Moment> {
  const { rows } = await db.$client.query<Moment>(
    `SELECT d.mode, coalesce((SELECT step FROM step_runs r WHERE r.ledger_date = d.ledger_date
       AND r.flow = d.flow ORDER BY step_run_id DESC LIMIT 1), '') AS step
     FROM flow_days d WHERE ledger_date = $1 AND flow = $2`,
    [BENCH_DATE, BENCH_FLOW],
  );
  return rows[0] ?? { mode: '', step: '' };
}

/** A flow without trades, which has to be through before the next may start. */
async function clearEmptyFlow({ api }: Installation, name: string): Promise<void> {
  const flow = `/ledger-dates/${BENCH_DATE}/flows/${name}`;
  await api.command(`${flow}/readiness`);
  await api.command(`${flow}/start`);
  await poll(`the end of ${name}`, 60_000, async () => {
    const { mode } = await api.get<FlowView>(flow);
    return mode === 'COMPLETED' || undefined;
  });
}

interface StepFacts {
  readonly step: string;
  readonly at: number;
  readonly shards: number;
  readonly sealingCpu: number;
}

/** Of each step: when it began by the clock of PostgreSQL, and what its shards say. */
async function stepFacts(db: Db): Promise<StepFacts[]> {
  const { rows } = await db.$client.query<StepFacts>(
    `SELECT step, extract(epoch FROM started_at)::float8 AS at,
       (SELECT count(*) FROM step_shards s WHERE s.step_run_id = r.step_run_id) AS shards,
       (SELECT coalesce(sum((result ->> 'sealingMs')::float8), 0) / 1000 FROM step_shards s
        WHERE s.step_run_id = r.step_run_id) AS "sealingCpu"
     FROM step_runs r WHERE ledger_date = $1 AND flow = $2 ORDER BY step_run_id`,
    [BENCH_DATE, BENCH_FLOW],
  );
  return rows;
}

/** One click on the market flow, watched until it is through. Throws when it stops before. */
export async function clearMarket(
  installation: Installation,
  executions: number,
): Promise<ClearingCost> {
  const { api, db, postgres, temporal, pids } = installation;
  await clearEmptyFlow(installation, EARLIER_FLOW);
  const flow = `/ledger-dates/${BENCH_DATE}/flows/${BENCH_FLOW}`;
  await api.command(`${flow}/readiness`);
  await db.$client.query('CHECKPOINT');

  const used = new Map<string, Cpu>();
  const strangersBefore = machineCpuSeconds() - ownCpu(installation);
  let last = cpuOf(installation);
  let postgresPeak = 0;
  const click = api.command(`${flow}/start`);
  let moment = await momentOf(db);
  for (let started = false; !started || moment.mode === 'AUTO_RUNNING';) {
    await pause(WATCH_EVERY_MS);
    const before = moment.step;
    moment = await momentOf(db);
    started ||= moment.step !== '';
    const now = cpuOf(installation);
    const sum = used.get(before) ?? { node: 0, postgres: 0 };
    used.set(before, {
      node: sum.node + now.node - last.node,
      postgres: sum.postgres + now.postgres - last.postgres,
    });
    last = now;
    postgresPeak = Math.max(postgresPeak, privateMegabytes(postgres.pid));
  }
  await click;
  if (moment.mode !== 'COMPLETED') {
    throw new Error(`the flow stopped: ${JSON.stringify(await api.get<FlowView>(flow))}`);
  }
  const { rows } = await db.$client.query<{ at: number }>(
    `SELECT extract(epoch FROM updated_at)::float8 AS at FROM flow_days
     WHERE ledger_date = $1 AND flow = $2`,
    [BENCH_DATE, BENCH_FLOW],
  );
  const facts = await stepFacts(db);
  const end = rows[0]?.at ?? 0;
  const steps = facts.map(({ step, at, shards, sealingCpu }, index): StepCost => {
    const seconds = (facts[index + 1]?.at ?? end) - at;
    const cpu = used.get(step) ?? { node: 0, postgres: 0 };
    return {
      step,
      seconds,
      executionsPerSecond: Math.round(executions / seconds),
      shards,
      nodeCpu: cpu.node,
      postgresCpu: cpu.postgres,
      sealingCpu,
    };
  });
  const processes = Object.entries({ ...pids, temporal: temporal.pid });
  return {
    seconds: end - (facts[0]?.at ?? end),
    steps,
    peakMb: {
      ...Object.fromEntries(processes.map(([name, pid]) => [name, peakMegabytes(pid)])),
      'postgres, private': postgresPeak,
    },
    strangersCpu: machineCpuSeconds() - ownCpu(installation) - strangersBefore,
  };
}

/** Without the children of this process: they are counted by name. */
const ownCpu = (installation: Installation): number => {
  const { node, postgres } = cpuOf(installation);
  const { user, system } = process.cpuUsage();
  return node + postgres + cpuSeconds(installation.temporal.pid) + (user + system) / 1e6;
};
