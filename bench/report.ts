import type { StepCost } from './clearing.ts';
import type { EmptyResult, Spread } from './empty.ts';
import type { Cost } from './floor.ts';
import type { Ratio, SizeResult } from './size-result.ts';

const right = (text: string | number, width: number): string => String(text).padStart(width);
const whole = (value: number): string => Math.round(value).toLocaleString('en');

const ratioLine = (what: string, floor: Cost, ratio: Ratio): string =>
  `  ${what.padEnd(22)} floor ${floor.seconds.toFixed(2)} s, ratio ${ratio.seconds.toFixed(2)}; ` +
  `floor ${floor.cpu.toFixed(2)} s CPU, ratio ${ratio.cpu.toFixed(2)}`;

/** What the audit log costs at bulk; the budget is 5 % of posting. */
function sealingLine(steps: readonly StepCost[]): string {
  const { sealingCpu, nodeCpu, postgresCpu } = steps.find(({ step }) => step === 'posting') ?? {
    sealingCpu: 0,
    nodeCpu: 0,
    postgresCpu: 0,
  };
  const share = (100 * sealingCpu) / Math.max(nodeCpu + postgresCpu, 0.01);
  return `sealing of journals: ${sealingCpu.toFixed(3)} s CPU, ${share.toFixed(1)} % of posting`;
}

/** The numbers of one size, for people. */
export function describeRun(result: SizeResult): string {
  const { clearing, floor, proofs } = result;
  const head = ['step', 'seconds', 'exec/s', 'shards', 'Node CPU', 'PG CPU'];
  const widths = [12, 9, 11, 7, 9, 8];
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, at) => (at === 0 ? String(cell).padEnd(12) : right(cell, widths[at] ?? 8)))
      .join(' ');
  const steps = clearing.steps.map((step) =>
    line([
      step.step,
      step.seconds.toFixed(2),
      whole(step.executionsPerSecond),
      step.shards,
      step.nodeCpu.toFixed(1),
      step.postgresCpu.toFixed(1),
    ]),
  );
  const tables = Object.entries(floor.tables).map(
    ([table, { rows, megabytes, seconds, cpu }]) =>
      `  ${table.padEnd(22)} ${right(whole(rows), 11)} rows ${right(megabytes, 5)} MB ${right(seconds.toFixed(2), 7)} s ${right(cpu.toFixed(2), 7)} s CPU`,
  );
  const memory = Object.entries(clearing.peakMb).map(([name, mb]) => `${name} ${mb} MB`);
  return [
    '',
    `${whole(result.executions)} executions in ${clearing.seconds.toFixed(2)} s: ` +
      `${result.microsecondsPerExecution.toFixed(1)} us each`,
    line(head),
    ...steps,
    'floor: COPY of the same rows, one connection',
    ...tables,
    ratioLine('billing + posting', floor.billingAndPosting, result.billingAndPosting),
    ratioLine('whole clearing', floor.clearing, result.wholeClearing),
    sealingLine(clearing.steps),
    `verify-audit: ${whole(proofs.journals)} journals in ${proofs.seconds.toFixed(1)} s, ` +
      `${proofs.peakMb} MB at most`,
    `peak memory: ${memory.join(', ')}`,
    `CPU of other programs meanwhile: ${clearing.strangersCpu.toFixed(1)} s`,
    '',
  ].join('\n');
}

export function describeEmpty(result: EmptyResult): string {
  const { runs, activities, clearing, bare } = result;
  const line = (what: string, { p50, p95 }: Spread): string =>
    `${what.padEnd(36)} p50 ${right(p50.toFixed(0), 5)} ms   p95 ${right(p95.toFixed(0), 5)} ms`;
  return [
    '',
    `${runs} empty markets, each ${activities} activities`,
    line('from command to completed', clearing),
    line('as many bare activities', bare),
    `ratio ${result.ratioP50.toFixed(2)} (p50), ${result.ratioP95.toFixed(2)} (p95)`,
    '',
  ].join('\n');
}
