import { describe, expect, it } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { selectRules } from '../../../domain/fees/select-rules.ts';
import type { TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const DAY = parseBusinessDate('2025-12-22');
const QUERY: TariffQuery = {
  ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
  side: 'BUY',
  tradeDate: DAY,
  channel: 6,
};
const formula = { kind: 'flat', amount: '1' } as const;
const rule = (ruleId: number, changes: Partial<FeeRule> = {}): FeeRule =>
  anyRule({ ruleId, formula, ...changes });
const OWN = rule(1);

/** Winner and losers with their reasons, by rule id. */
function outcome(rules: readonly FeeRule[], query: Partial<TariffQuery> = {}) {
  const { chosen, uncharged } = selectRules(rules, { ...QUERY, ...query });
  return {
    won: chosen.map((each) => each.rule.ruleId),
    lost: [...chosen, ...uncharged]
      .flatMap(({ losers }) => losers)
      .map(({ ruleId, reason }) => [ruleId, reason]),
  };
}

describe('a rule that cannot price a trade says why', () => {
  it.each<[string, Partial<FeeRule>]>([
    ['other-instrument-type', { instrumentTypes: ['ETF'] }],
    ['other-side', { sides: 'SELL' }],
    ['not-yet-in-force', { effectiveFrom: addDays(DAY, 1) }],
    ['no-longer-in-force', { effectiveFrom: addDays(DAY, -9), effectiveTo: addDays(DAY, -1) }],
    ['channel-condition-not-met', { conditions: { channels: [0, 9] } }],
    ['stage-condition-not-met', { conditions: { stages: ['GREY'] } }],
    ['instrument-condition-not-met', { conditions: { instruments: ['ST/HK/5'] } }],
    ['account-condition-not-met', { conditions: { accounts: ['A1'] } }],
    ['withdrawn', { withdrawn: true, conditions: {} }],
  ])('%s', (reason, changes) => {
    expect(outcome([OWN, rule(2, changes)])).toEqual({ won: [1], lost: [[2, reason]] });
  });

  it('on its first and its last day it still prices', () => {
    const oneDay = rule(2, { effectiveTo: DAY, conditions: {} });
    expect(outcome([OWN, oneDay]).won).toEqual([2]);
  });

  it('and where conditions hold, all of them, it wins', () => {
    const conditions = {
      ...{ channels: [6], instruments: ['ST/HK/700'], accounts: ['A1'] },
      stages: ['NORMAL' as const],
    };
    const special = rule(2, { conditions });
    const trade = { instrumentId: 'ST/HK/700', accountNo: 'A1' };
    expect(outcome([OWN, special], trade).won).toEqual([2]);
    expect(outcome([OWN, special], { ...trade, channel: null }).won).toEqual([1]);
    expect(outcome([OWN, special], { ...trade, accountNo: null }).won).toEqual([1]);
  });
});

describe('a withdrawn rule', () => {
  it('ends the versions in its place, and none that is newer or stands elsewhere', () => {
    const end = rule(2, { version: 2, withdrawn: true });
    const global = rule(3, { scheduleId: null });
    expect(outcome([OWN, end, global])).toEqual({
      won: [3],
      lost: [
        [1, 'withdrawn'],
        [2, 'withdrawn'],
      ],
    });
    const renewed = rule(4, { version: 3 });
    expect(outcome([OWN, end, renewed]).won).toEqual([4]);
    const special = rule(5, { conditions: { channels: [6] } });
    expect(outcome([OWN, end, special]).won).toEqual([5]);
  });
});

describe('the order of what is chosen', () => {
  it('is the package by id, then what all pay, then the account, however rules come', () => {
    const rules = [
      rule(9, { feeCode: 'P', scheduleId: null, accountNo: 'A1' }),
      rule(7, { feeCode: 'B' }),
      rule(2, { feeCode: 'G', scheduleId: null }),
      rule(3, { feeCode: 'A' }),
    ];
    for (const list of [rules, rules.toReversed()]) {
      expect(outcome(list, { accountNo: 'A1' }).won).toEqual([3, 7, 2, 9]);
    }
  });
});

describe('a tariff with a hole is refused', () => {
  const refusal = (rules: readonly FeeRule[], query: Partial<TariffQuery> = {}): unknown => {
    try {
      return outcome(rules, query);
    } catch (error) {
      return (error as { details: unknown }).details;
    }
  };
  const HOLE = { scheduleId: 'any', market: 'HK', tradeDate: DAY };
  const ended = { effectiveFrom: addDays(DAY, -9), effectiveTo: addDays(DAY, -1) };

  it.each<[string, readonly FeeRule[], object]>([
    ['without a rule of the package', [], { why: 'the schedule has no rule in force' }],
    ['whose package has ended', [rule(1, ended)], { why: 'the schedule has no rule in force' }],
    [
      'whose market has no statutory rule any more',
      [OWN, rule(2, { ...ended, scheduleId: null })],
      { why: 'the market has no statutory rule in force' },
    ],
    [
      'without a mandatory fee',
      [OWN, rule(2, { ...ended, feeCode: 'LEVY', mandatory: true })],
      { why: 'a mandatory fee has no rule in force', feeCode: 'LEVY' },
    ],
  ])('%s', (_what, rules, details) => {
    expect(refusal(rules)).toStrictEqual({ ...HOLE, ...details });
  });

  it('but one may have no rule of its own where the schedule says so', () => {
    const global = rule(2, { scheduleId: null });
    expect(outcome([global], { ownRulesOptional: true }).won).toEqual([2]);
  });
});
