import { describe, expect, it } from 'vitest';
import { parseLaunchArguments, UsageError } from '../../scripts/launch/arguments.ts';
import { invariantsHold, renderClosing } from '../../scripts/launch/closing-table.ts';

describe('parseLaunchArguments', () => {
  it('clears the first date and stays unless told otherwise', () => {
    expect(parseLaunchArguments([])).toEqual({ days: 1, manual: false, once: false, help: false });
  });

  it('reads every option', () => {
    expect(parseLaunchArguments(['--days', '5', '--once', '--json', 'out.json'])).toEqual({
      days: 5,
      manual: false,
      once: true,
      json: 'out.json',
      help: false,
    });
  });

  it.each([['--days', '0'], ['--days', '6'], ['--days', 'all'], ['--dayz'], ['today'], ['--json']])(
    'refuses %s %s',
    (...argv) => {
      expect(() => parseLaunchArguments(argv)).toThrow(UsageError);
    },
  );
});

describe('renderClosing', () => {
  const closing = {
    ledgerDate: '2025-12-22',
    feesByCode: [
      { code: 'STAMP', amount: '1234567.89' },
      { code: 'LEVY', amount: '5.00' },
    ],
    journals: { count: 4213, byKind: { POSTING: 4000, SETTLEMENT: 213 } },
    exceptions: [],
    invariants: [{ name: 'trial balance is zero', ok: true }],
  };

  it('aligns amounts and groups their thousands', () => {
    expect(renderClosing(closing).join('\n')).toBe(
      `Ledger date 2025-12-22

Fees by code
  Code         Amount
  STAMP  1,234,567.89
  LEVY           5.00

Journals
  Count  By kind posting  By kind settlement
  4,213            4,000                 213

Exceptions
  none

Invariants
  Name                   Ok
  trial balance is zero  yes`,
    );
  });

  it('holds only when every invariant says so, and when there is one', () => {
    const broken = { invariants: [...closing.invariants, { name: 'hash chain', ok: false }] };
    expect([closing, broken, { invariants: [] }, {}].map(invariantsHold)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
