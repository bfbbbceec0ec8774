import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { conditionsMet, lossInWords } from '../../../domain/fees/explain-choice.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { LosingReason } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const TRADE = {
  ...{ market: 'HK', scheduleId: 'any', instrumentType: 'EQUITY', orderChannel: 6 },
  tradeDate: parseBusinessDate('2025-12-22'),
  side: 'BUY',
  stage: 'NORMAL',
} as const;
const formula = { kind: 'flat', amount: '1' } as const;
const WINNER = anyRule({ ruleId: 9, formula });

describe('why a rule lost, as a sentence after its name', () => {
  it.each<[LosingReason, Partial<FeeRule>, string]>([
    ['other-side', { sides: 'SELL' }, 'it applies to SELL only, and this trade is a BUY'],
    [
      'other-instrument-type',
      { instrumentTypes: ['ETF', 'REIT'] },
      'it applies to ETF, REIT, and the instrument is EQUITY',
    ],
    [
      'not-yet-in-force',
      { effectiveFrom: parseBusinessDate('2026-01-01') },
      'it applies from 2026-01-01 on, after the trade date 2025-12-22',
    ],
    ['no-longer-in-force', {}, 'it ended on an earlier day, before the trade date 2025-12-22'],
    [
      'instrument-condition-not-met',
      { conditions: { instruments: ['ST/HK/5'] } },
      'it asks for ST/HK/5, and this is another instrument',
    ],
    [
      'account-condition-not-met',
      { conditions: { accounts: ['A1', 'A2'] } },
      'it asks for the accounts A1, A2, and this is another one',
    ],
    ['withdrawn', {}, 'it was withdrawn'],
    ['ordinary-loses-to-special', {}, 'rule 9 is special and its condition holds; it has none'],
    [
      'package-loses-to-personal',
      {},
      'rule 9 is personal to the account, which wins over its package',
    ],
    [
      'global-loses-to-personal',
      {},
      'rule 9 is personal to the account, which wins over what everybody pays',
    ],
    [
      'global-loses-to-package',
      {},
      'rule 9 belongs to the package of the account, which wins over what everybody pays',
    ],
    ['later-date-wins', {}, 'rule 9 is in force from a later day than 2025-12-22 on'],
    [
      'later-version-wins',
      {},
      'rule 9 begins on the same day, 2025-12-22, and is the later version',
    ],
    ['later-rule-wins', {}, 'rule 9 begins on the same day, 2025-12-22, and was entered later'],
  ])('%s', (reason, changes, words) => {
    expect(lossInWords(reason, anyRule({ formula, ...changes }), WINNER, TRADE)).toBe(words);
  });

  it('names no winner where none is known', () => {
    const loser = anyRule({ formula });
    expect(lossInWords('later-date-wins', loser, undefined, TRADE)).toBe(
      'another rule is in force from a later day than 2025-12-22 on',
    );
  });
});

describe('the conditions that a rule met', () => {
  const asked = (changes: Partial<FeeRule>) =>
    Object.fromEntries(
      conditionsMet(anyRule({ formula, ...changes }), TRADE).map((met) => [
        met.condition,
        [met.asked, met.found],
      ]),
    );

  it('of one that asks for nothing in particular', () => {
    expect(asked({ scheduleId: null })).toMatchObject({
      market: ['HK', 'HK'],
      schedule: ['every schedule of HK', 'any'],
      instrumentType: ['any', 'EQUITY'],
      side: ['BOTH', 'BUY'],
      tradeDate: ['2025-12-22 to open end', '2025-12-22'],
      channel: ['any', '6'],
    });
  });

  it('of one that asks for much', () => {
    const effectiveTo = parseBusinessDate('2025-12-31');
    const much = { instrumentTypes: ['EQUITY', 'ETF'], effectiveTo, sides: 'BUY' } as const;
    expect(asked({ ...much, conditions: { channels: [0, 6] } })).toMatchObject({
      schedule: ['any', 'any'],
      instrumentType: ['EQUITY, ETF', 'EQUITY'],
      side: ['BUY', 'BUY'],
      tradeDate: ['2025-12-22 to 2025-12-31', '2025-12-22'],
      channel: ['0, 6', '6'],
    });
  });
});
