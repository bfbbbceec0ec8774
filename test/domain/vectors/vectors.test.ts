import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runVectors } from '../../../scripts/vectors/run-vectors.ts';

const dataFile = (name: string) => new URL(`../data/${name}`, import.meta.url).pathname;
const FEES = dataFile('fee-vectors.json');
const OTHERS = dataFile('other-vectors.json');

type Vector = Record<string, unknown>;
const feeVectors = JSON.parse(readFileSync(FEES, 'utf8')) as Vector[];
const vector = (id: string): Vector => feeVectors.find((candidate) => candidate['id'] === id)!;

const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(content: unknown) {
  const path = join(folder, 'vectors.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return runFiles(path);
}

function runFiles(...paths: string[]) {
  const lines: string[] = [];
  const exitCode = runVectors(paths, (line) => lines.push(line));
  return { exitCode, output: lines.join('\n') };
}

const counted = (kind: string, ...counts: number[]) =>
  new RegExp(`^${kind}\\s+${counts.join('\\s+')}$`, 'm');

describe('the published vectors', () => {
  test('agree, and what is not built is not counted as agreed', () => {
    const { exitCode, output } = runFiles(FEES, OTHERS);
    expect(exitCode).toBe(0);
    expect(output).toMatch(counted('fee', 66, 0, 0, 0));
    expect(output).toMatch(counted('settlementDate', 17, 0, 0, 0));
    expect(output).not.toMatch(/DIFFERENCE|MALFORMED/);
  });
});

describe('a difference', () => {
  test.each([
    [
      'an amount',
      { expected: { ...(vector('HK-001')['expected'] as object), STAMP: '11.00' } },
      'STAMP: expected 11.00, got 10.00',
    ],
    [
      'a line that we do not charge',
      { expected: { ...(vector('HK-001')['expected'] as object), CAT: '0.01' } },
      'CAT: expected 0.01, got 0.00',
    ],
    ['a line that it does not state', { expected: {} }, 'SFC_LEVY: expected 0.00, got 0.27'],
    ['the gross amount', { gross: '9999.00' }, 'gross: expected 9999.00, got 10000'],
    ['the total', { totalFees: '13.28' }, 'totalFees: expected 13.28, got 13.27'],
    ['the net amount', { net: '1' }, 'net: expected 1, got 10013.27'],
  ])('in %s is printed with id, line, expected and got', (_what, changes, text) => {
    const { exitCode, output } = run([{ ...vector('HK-001'), ...changes }]);
    expect(exitCode).toBe(1);
    expect(output).toContain(`HK-001 ${text}`);
    expect(output).toMatch(counted('fee', 0, 1, 0, 0));
  });

  test('in a settlement date is labelled by market and trade date', () => {
    const wrong = {
      kind: 'settlementDate',
      market: 'HK',
      tradeDate: '2024-12-23',
      expected: '2024-12-27',
    };
    const { exitCode, output } = run([
      wrong,
      { ...vector('HK-010'), settlementDate: '2025-07-07' },
    ]);
    expect(exitCode).toBe(1);
    expect(output).toContain('HK 2024-12-23 settlementDate: expected 2024-12-27, got 2024-12-30');
    expect(output).toContain('HK-010 settlementDate: expected 2025-07-07, got 2025-07-04');
  });

  test('does not exist between 0.00 and an absent line, or between 10 and 10.00', () => {
    const expected = { ...(vector('HK-001')['expected'] as object), STAMP: '10', CAT: '0.00' };
    expect(run([{ ...vector('HK-001'), expected }]).exitCode).toBe(0);
  });
});

describe('not yet supported', () => {
  const BASE = vector('HK-001');
  test.each([
    ['an unknown schedule', { ...BASE, schedule: 'hk-magic' }],
    ['an unknown rounding', { ...BASE, rounding: 'bankers' }],
    ['an unknown feeUnit', { ...BASE, feeUnit: 'same-price-group' }],
    ['an unknown market', { ...BASE, market: 'SG' }],
    ['a market by the name of a property', { ...BASE, market: 'constructor' }],
    ['an unknown instrument type', { ...BASE, instrumentType: 'FUTURE' }],
    ['a schedule of another market', { ...BASE, schedule: 'us-options' }],
    ['a day before all rates', { ...BASE, tradeDate: '1899-12-29' }],
    ['a settlement date outside of the calendars', { ...BASE, settlementDate: '2021-08-03' }],
    ['daily rounding without account-day', { ...vector('US-041'), feeUnit: 'order' }],
    [
      'a settlement date of a market without calendar',
      { ...vector('CN-001'), settlementDate: '2022-04-29' },
    ],
    ['an unknown kind', { kind: 'haircut', id: 'X' }],
    ['no kind and no fills', { id: 'X' }],
    [
      'a settlement date beyond the calendars',
      { kind: 'settlementDate', market: 'US', tradeDate: '2027-12-31', expected: '2028-01-03' },
    ],
    [
      'a published minimum that nobody knows',
      {
        ...vector('HK-044'),
        schedule: 'hk-value-tier-ib',
        monthToDate: { turnoverBefore: '299900000' },
      },
    ],
  ])('%s is reported and not counted as agreed', (_why, content) => {
    const { exitCode, output } = run([content]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^UNSUPPORTED .+: .+/m);
    expect(output).toMatch(/^\w+\s+0\s+0\s+1\s+0$/m);
  });

  test('an unknown settlement date does not hide a wrong amount', () => {
    const content = [{ ...BASE, totalFees: '1.00', settlementDate: '2021-08-03' }];
    expect(run(content).exitCode).toBe(1);
  });
});

describe('unusable', () => {
  test.each([
    ['no JSON', '[{'],
    ['no array', '{}'],
    ['an element that is no object', [1]],
    [
      'a price as a fraction in JSON',
      [{ ...vector('HK-001'), fills: [{ qty: '1', price: 10.02 }] }],
    ],
    ['a price with an exponent', [{ ...vector('HK-001'), fills: [{ qty: '1', price: '1e2' }] }]],
    ['a negative quantity', [{ ...vector('HK-001'), fills: [{ qty: '-1', price: '1' }] }]],
    ['no executions', [{ ...vector('HK-001'), fills: [] }]],
    ['an unknown side', [{ ...vector('HK-001'), side: 'HOLD' }]],
    ['a day that does not exist', [{ ...vector('HK-001'), tradeDate: '2023-02-29' }]],
    ['an amount that is none', [{ ...vector('HK-001'), expected: { STAMP: 'ten' } }]],
  ])('%s ends with 2 and says so', (_why, content) => {
    const { exitCode, output } = run(content);
    expect(exitCode).toBe(2);
    expect(output).toMatch(/^(MALFORMED|UNUSABLE) /m);
  });

  test.each([
    ['fee', { ...vector('HK-001'), feeCurrency: null }],
    ['fee', { ...vector('HK-001'), expected: null }],
    ['settlementDate', { kind: 'settlementDate', market: 'HK', tradeDate: null, expected: 1 }],
    ['unknown', { ...vector('HK-001'), kind: 7 }],
    ['unknown', null],
  ])('a malformed vector of kind %s is counted, and the rest is checked', (kind, malformed) => {
    const { exitCode, output } = run([malformed, vector('HK-001'), vector('HK-010')]);
    expect(exitCode).toBe(2);
    expect(output.match(/^MALFORMED /gm)).toHaveLength(1);
    const others = kind === 'fee' ? 1 : 0;
    if (others === 0) expect(output).toMatch(counted(kind, 0, 0, 0, 1));
    expect(output).toMatch(counted('fee', 2, 0, 0, others));
  });

  test('a file that is not there ends with 2, and the other files are still checked', () => {
    const { exitCode, output } = runFiles(join(folder, 'absent.json'), FEES);
    expect(exitCode).toBe(2);
    expect(output).toMatch(counted('fee', 66, 0, 0, 0));
  });

  test('no file at all shows the usage', () => {
    expect(runFiles()).toEqual({ exitCode: 2, output: expect.stringContaining('usage') as string });
  });

  test('a difference beside an unusable vector ends with 1', () => {
    expect(run([1, { ...vector('HK-001'), net: '1' }]).exitCode).toBe(1);
  });
});
