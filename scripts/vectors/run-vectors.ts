import { readFileSync } from 'node:fs';
import { checkFee } from './check-fee.ts';
import { checkSettlementDate } from './check-settlement-date.ts';
import { readFeeVector } from './fee-vector.ts';
import { MalformedVector, unsupported, type Outcome } from './outcome.ts';
import { loadReferenceData, type ReferenceData } from './reference-data.ts';
import { fieldsOf, isFields, type Fields } from './vector-fields.ts';

export const EXIT_AGREED = 0;
export const EXIT_DIFFERENT = 1;
export const EXIT_UNUSABLE = 2;

type Print = (line: string) => void;

interface Counts {
  agreed: number;
  differing: number;
  unsupported: number;
  malformed: number;
}

/** Counts by kind; a vector that has none, or is no object, counts as `unknown`. */
class Tally {
  readonly kinds = new Map<string, Counts>();

  add(kind: string, status: keyof Counts): void {
    const none = { agreed: 0, differing: 0, unsupported: 0, malformed: 0 };
    const count = this.kinds.get(kind) ?? none;
    count[status] += 1;
    this.kinds.set(kind, count);
  }

  has(status: keyof Counts): boolean {
    return [...this.kinds.values()].some((count) => count[status] > 0);
  }
}

/**
 * Prices every vector of the files through the product's rules and prints what differs. Returns the
 * exit code: 1 when anything differs, else 2 when a vector is malformed or a file unusable, else 0.
 */
export function runVectors(paths: readonly string[], print: Print): number {
  if (paths.length === 0) {
    print('usage: npm run -s vectors -- FILE…');
    return EXIT_UNUSABLE;
  }
  const data = loadReferenceData();
  const tally = new Tally();
  let unusable = 0;
  for (const path of paths) {
    const vectors = readVectors(path, print);
    if (vectors === null) unusable += 1;
    else checkAll(path, vectors, data, tally, print);
  }
  printCounts(tally, unusable, print);
  if (tally.has('differing')) return EXIT_DIFFERENT;
  return unusable > 0 || tally.has('malformed') ? EXIT_UNUSABLE : EXIT_AGREED;
}

function readVectors(path: string, print: Print): readonly unknown[] | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    const content: unknown = JSON.parse(text);
    if (Array.isArray(content)) return content as unknown[];
    print(`UNUSABLE    ${path}: expected one array of vectors`);
  } catch (error) {
    print(`UNUSABLE    ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return null;
}

/** Each vector counts once, whatever is wrong with it, and the others are still checked. */
function checkAll(
  path: string,
  vectors: readonly unknown[],
  data: ReferenceData,
  tally: Tally,
  print: Print,
): void {
  for (const [index, vector] of vectors.entries()) {
    let kind = 'unknown';
    try {
      if (!isFields(vector)) throw new MalformedVector('expected an object');
      kind = kindOf(vector);
      const outcome = check(kind, vector, data);
      report(labelOf(vector, index), outcome, print);
      tally.add(kind, outcome.status);
    } catch (error) {
      if (!(error instanceof MalformedVector)) throw error;
      tally.add(kind, 'malformed');
      const label = isFields(vector) ? labelOf(vector, index) : `#${index}`;
      print(`MALFORMED   ${path} ${label}: ${error.message}`);
    }
  }
}

function kindOf(vector: Fields): string {
  const { kind } = vector;
  if (kind === undefined) return 'fills' in vector ? 'fee' : 'unknown';
  if (typeof kind !== 'string') throw new MalformedVector('kind: expected a text');
  return kind;
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

function labelOf(vector: Fields, index: number): string {
  if (vector['id'] !== undefined) return asText(vector['id']);
  if (vector['kind'] !== 'settlementDate') return `#${index}`;
  return `${asText(vector['market'])} ${asText(vector['tradeDate'])}`;
}

function check(kind: string, vector: Fields, data: ReferenceData): Outcome {
  switch (kind) {
    case 'fee':
      return checkFee(readFeeVector(vector), data);
    case 'settlementDate':
      return checkSettlementDate(vector, data);
    case 'calc':
      fieldsOf(vector, 'inputs');
      fieldsOf(vector, 'expected');
      return unsupported('this release has no interest, margin or corporate action rules');
    default:
      return unsupported(`unknown kind ${kind}`);
  }
}

function report(label: string, outcome: Outcome, print: Print): void {
  if (outcome.status === 'unsupported') print(`UNSUPPORTED ${label}: ${outcome.reason}`);
  if (outcome.status !== 'differing') return;
  for (const { line, expected, got } of outcome.differences) {
    print(`DIFFERENCE  ${label} ${line}: expected ${expected}, got ${got}`);
  }
}

function printCounts({ kinds }: Tally, unusable: number, print: Print): void {
  const row = (...cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => (index === 0 ? `${cell}`.padEnd(16) : `${cell}`.padStart(20)))
      .join('');
  print(row('kind', 'agreed', 'differing', 'not yet supported', 'malformed'));
  for (const [kind, count] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    print(row(kind, count.agreed, count.differing, count.unsupported, count.malformed));
  }
  if (unusable > 0) print(`unusable files: ${unusable}`);
}
