/**
 * How fast a market is cleared, end to end, by the real processes, beside the least that PostgreSQL
 * could do it in; or, with --empty, how soon an empty market is through, beside bare activities.
 * Usage: npm run bench -- [--sizes 10k,100k,1m] [--workers 2] [--empty] [--runs 40] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { clearMarket, type StepCost } from './clearing.ts';
import { benchEmpty, type EmptyResult } from './empty.ts';
import { measureFloor, type Cost } from './floor.ts';
import { BENCH_DATE, generateDay } from './generate.ts';
import { startInstallation } from './installation.ts';
import { machine, type Machine } from './processes.ts';
import { verifyProofs } from './proofs.ts';
import { describeEmpty, describeRun } from './report.ts';
import type { Ratio, SizeResult } from './size-result.ts';

export interface BenchResult {
  readonly machine: Machine;
  readonly batchWorkers: number;
  readonly sizes: readonly SizeResult[];
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function sizeOf(text: string): number {
  const found = /^(\d+)(k|m)?$/i.exec(text.trim());
  if (found === null) throw new Error(`not a size: ${text}`);
  const unit = { k: 1_000, m: 1_000_000 }[found[2]?.toLowerCase() ?? ''] ?? 1;
  return Number(found[1]) * unit;
}

function ratioOf(steps: readonly StepCost[], floor: Cost): Ratio {
  const sum = (cost: (step: StepCost) => number): number =>
    steps.reduce((total, step) => total + cost(step), 0);
  return {
    seconds: sum(({ seconds }) => seconds) / floor.seconds,
    cpu: sum(({ nodeCpu, postgresCpu }) => nodeCpu + postgresCpu) / floor.cpu,
  };
}

async function benchSize(size: number, batchWorkers: number): Promise<SizeResult> {
  let executions = 0;
  const installation = await startInstallation({
    batchWorkers,
    say,
    clock: `${BENCH_DATE}T09:30:00Z+`,
    load: async (db) => {
      say(`generating ${size} executions …`);
      executions = await generateDay(db, size);
    },
  });
  try {
    say(`clearing ${executions} executions …`);
    const clearing = await clearMarket(installation, executions);
    const proofs = await verifyProofs(installation.db);
    const floor = await measureFloor(installation.db, installation.postgres.pid);
    const pair = clearing.steps.filter(({ step }) => step === 'billing' || step === 'posting');
    return {
      executions,
      clearing,
      proofs,
      floor,
      billingAndPosting: ratioOf(pair, floor.billingAndPosting),
      wholeClearing: ratioOf(clearing.steps, floor.clearing),
      microsecondsPerExecution: (clearing.seconds / executions) * 1e6,
    };
  } finally {
    await installation.stop();
  }
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10k,100k,1m' },
    workers: { type: 'string', default: '2' },
    empty: { type: 'boolean', default: false },
    runs: { type: 'string', default: '40' },
    json: { type: 'string' },
  },
});

async function benchSizes(): Promise<BenchResult> {
  const batchWorkers = Number.parseInt(values.workers, 10);
  const sizes: SizeResult[] = [];
  for (const size of values.sizes.split(',').map(sizeOf)) {
    const result = await benchSize(size, batchWorkers);
    sizes.push(result);
    process.stdout.write(describeRun(result));
  }
  return { machine: machine(), batchWorkers, sizes };
}

async function benchNothing(): Promise<{ machine: Machine; empty: EmptyResult }> {
  const empty = await benchEmpty(Number.parseInt(values.runs, 10), say);
  process.stdout.write(describeEmpty(empty));
  return { machine: machine(), empty };
}

const result = values.empty ? await benchNothing() : await benchSizes();
process.stdout.write(`${JSON.stringify(result.machine)}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
