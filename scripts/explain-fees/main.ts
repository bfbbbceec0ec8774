// Whether every fee follows from its explanation: see EXPLAIN_USAGE.
import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../embedded/processes.ts';
import { openStore } from '../embedded/store.ts';
import { UsageError } from '../launch/arguments.ts';
import { EXPLAIN_USAGE, parseExplainArguments, type ExplainArguments } from './arguments.ts';
import { checkFeesOf, checkFile, type CheckedFees } from './check-fees.ts';

const WRONG_USAGE = 2;
const SHOWN = 50;

const say = (line: string): void => console.log(line);
const remark = (line: string): void => console.error(line);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const asked = parseExplainArguments(process.argv.slice(2));
    if (asked.help) {
      say(EXPLAIN_USAGE);
      return 0;
    }
    const checked =
      asked.file === undefined ? await checkBooks(asked) : [await checkFile(asked.file)];
    checked.forEach(tell);
    return checked.every(({ differences }) => differences.length === 0) ? 0 : 1;
  } catch (error) {
    remark(error instanceof UsageError ? `${error.message}\n\n${EXPLAIN_USAGE}` : messageOf(error));
    return error instanceof UsageError ? WRONG_USAGE : 1;
  }
}

async function checkBooks({ date, out }: ExplainArguments): Promise<CheckedFees[]> {
  const store = await openStore(process.env, remark);
  const file = out === undefined ? undefined : openSync(out, 'w');
  try {
    const sink = file === undefined ? undefined : (line: string) => writeSync(file, `${line}\n`);
    return await checkFeesOf(store.url, date, sink);
  } finally {
    if (file !== undefined) closeSync(file);
    await store.close();
  }
}

function tell({ of, fees, differences }: CheckedFees): void {
  const count = fees.toLocaleString('en').padStart(9);
  say(`${of}  ${count} fees computed again, ${differences.length} differ`);
  for (const { feeId, feeCode, what } of differences.slice(0, SHOWN)) {
    say(`  ${feeId} ${feeCode}: ${what}`);
  }
  if (differences.length > SHOWN) say(`  and ${differences.length - SHOWN} more`);
}
