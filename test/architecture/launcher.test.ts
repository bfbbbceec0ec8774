import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { baseUrlOf } from '../../scripts/launch/address.ts';
import { parseLaunchArguments, UsageError } from '../../scripts/launch/arguments.ts';
import { invariantsHold, renderClosing } from '../../scripts/launch/closing-table.ts';
import { reportFile } from '../../scripts/launch/report.ts';
import { launchSettings } from '../../scripts/launch/settings.ts';

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

describe('launchSettings', () => {
  const NOW = new Date('2026-07-10T08:00:00.000Z');

  it('take an empty DATABASE_URL for an absent one', () => {
    expect(launchSettings({ DATABASE_URL: '' }, NOW).givenDatabaseUrl).toBeUndefined();
    const url = 'postgres://daycut@127.0.0.1/daycut';
    expect(launchSettings({ DATABASE_URL: url }, NOW).givenDatabaseUrl).toBe(url);
  });

  it('start a clock once for all processes', () => {
    const clocks = ['system', '2025-12-22T12:00:00Z', '2025-12-22T12:00:00Z+'];
    expect(clocks.map((text) => launchSettings({ DAYCUT_CLOCK: text }, NOW).DAYCUT_CLOCK)).toEqual([
      'system',
      '2025-12-22T12:00:00Z',
      '2025-12-22T12:00:00Z+@2026-07-10T08:00:00.000Z',
    ]);
  });
});

describe('baseUrlOf', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000/api/v1'],
    ['0.0.0.0', 'http://127.0.0.1:3000/api/v1'],
    ['::1', 'http://[::1]:3000/api/v1'],
    ['::', 'http://[::1]:3000/api/v1'],
    ['daycut.example', 'http://daycut.example:3000/api/v1'],
  ])('reaches what listens on %s at %s', (host, url) => {
    expect(baseUrlOf(host, 3000)).toBe(url);
  });
});

describe('reportFile', () => {
  it('is seen from the folder of the person, and is neither made nor changed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'daycut-report-test-'));
    try {
      writeFileSync(join(folder, 'old.json'), 'of yesterday');
      expect(reportFile('new.json', folder)).toBe(join(folder, 'new.json'));
      expect(readFileSync(reportFile('old.json', folder), 'utf8')).toBe('of yesterday');
      expect(readdirSync(folder)).toEqual(['old.json']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(['.', 'no-such-folder/closing.json'])('refuses %s, which cannot be written', (name) => {
    expect(() => reportFile(name, tmpdir())).toThrow(UsageError);
  });
});
