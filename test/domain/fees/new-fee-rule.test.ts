import { describe, expect, it } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { ClearingError } from '../../../domain/errors/clearing-error.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { newFeeRule, type FeeRuleDraft } from '../../../domain/fees/new-fee-rule.ts';
import { selectRules } from '../../../domain/fees/select-rules.ts';
import { referenceData } from '../reference.ts';

const TODAY = parseBusinessDate('2025-12-22');
const STAMP = { market: 'HK', feeCode: 'STAMP', scheduleId: null };
const COMMISSION = { market: 'HK', feeCode: 'COMMISSION', scheduleId: 'sample-hk-retail' };
type Family = typeof STAMP | typeof COMMISSION;

const rulesOf = (family: Family): FeeRule[] =>
  referenceData.rules.filter(
    (rule) =>
      rule.market === family.market &&
      rule.feeCode === family.feeCode &&
      rule.scheduleId === family.scheduleId,
  );

const GIVEN = ['ruleId', 'version', 'market', 'feeCode', 'scheduleId'];
const draftOf = (rule: FeeRule, changes: FeeRuleDraft): FeeRuleDraft => ({
  ...Object.fromEntries(Object.entries(rule).filter(([name]) => !GIVEN.includes(name))),
  ...changes,
});

const stamp = rulesOf(STAMP).at(-1)!;
const ordinary = rulesOf(COMMISSION).find((rule) => rule.conditions === undefined)!;
const HK_RULES = referenceData.rules.filter(({ market }) => market === 'HK');
const KNOWN = {
  ofMarket: HK_RULES,
  feeCodes: [...new Set(HK_RULES.map(({ feeCode }) => feeCode))],
  currency: 'HKD',
  rates: [],
  nextRuleId: 10_000,
  today: TODAY,
};
const addStamp = (changes: FeeRuleDraft) => newFeeRule(STAMP, draftOf(stamp, changes), KNOWN);

describe('a new version of a fee rule', () => {
  it('begins later and takes the place of the newest', () => {
    const { rule, replaces } = addStamp({ effectiveFrom: '2026-01-01' });
    expect(rule).toMatchObject({ ruleId: 10_000, version: 4, effectiveFrom: '2026-01-01' });
    expect(replaces).toBe(stamp);
  });

  it('from the same day corrects the version, and wins over it', () => {
    const { rule, replaces } = addStamp({
      effectiveFrom: stamp.effectiveFrom,
      formula: { kind: 'rate', rate: '0.002' },
    });
    expect([rule.version, replaces]).toEqual([4, stamp]);
    const { chosen } = selectRules([...referenceData.rules, rule], {
      scheduleId: 'sample-hk-retail',
      market: 'HK',
      instrumentType: 'EQUITY',
      stampDutyExempt: false,
      side: 'BUY',
      tradeDate: TODAY,
      channel: null,
    });
    expect(chosen.find((each) => each.rule.feeCode === 'STAMP')?.rule).toBe(rule);
  });

  it('may stand before a later one as long as it is not in force', () => {
    const later = {
      ...stamp,
      ruleId: 9999,
      version: 4,
      effectiveFrom: parseBusinessDate('2027-01-01'),
    };
    const ofMarket = [...HK_RULES, later];
    const add = (effectiveFrom: string) =>
      newFeeRule(STAMP, draftOf(stamp, { effectiveFrom }), { ...KNOWN, ofMarket });
    expect(add('2026-06-01')).toMatchObject({ rule: { version: 5 }, replaces: stamp });
    expect(() => add('2025-06-01')).toThrow(/FEE_RULE_INVALID/);
  });

  it('stands on or before today only where no later one was in force', () => {
    const second = { ...stamp, ruleId: 9999, version: 4, effectiveFrom: addDays(TODAY, 1) };
    const add = (effectiveFrom: string) => {
      const known = { ...KNOWN, ofMarket: [second, ...HK_RULES] };
      return newFeeRule(STAMP, draftOf(stamp, { effectiveFrom }), known);
    };
    const reason = 'lies between versions that were in force: correct one from its own first day';
    expect(() => add(TODAY)).toThrow(
      expect.objectContaining({
        details: { field: 'effectiveFrom', reason, value: TODAY },
      }) as Error,
    );
    expect(add(second.effectiveFrom)).toMatchObject({ rule: { version: 5 }, replaces: second });
    expect(addStamp({ effectiveFrom: TODAY })).toMatchObject({ replaces: stamp });
  });

  it('of an account names it, and one of a package has no account', () => {
    const of = { market: 'HK', feeCode: 'COMMISSION', scheduleId: null, accountNo: 'A0001' };
    const draft = draftOf(ordinary, { effectiveFrom: '2026-01-01' });
    expect(newFeeRule(of, draft, KNOWN).rule).toMatchObject({
      scheduleId: null,
      accountNo: 'A0001',
    });
    expect('accountNo' in newFeeRule(COMMISSION, draft, KNOWN).rule).toBe(false);
  });

  it.each(['effectiveFrom', 'effectiveTo'])('whose %s no calendar has says which', (field) => {
    const days = { effectiveFrom: '2026-01-01', effectiveTo: '2026-12-31', [field]: '2026-02-29' };
    expect(() => addStamp(days)).toThrow(
      expect.objectContaining({
        details: { field, reason: 'has to be a day that exists', value: '2026-02-29' },
      }) as Error,
    );
  });

  it('competes with rules of its own side, types and channels only', () => {
    const special = draftOf(ordinary, {
      effectiveFrom: '2020-01-01',
      conditions: { channels: [9] },
    });
    const { rule, replaces } = newFeeRule(COMMISSION, special, KNOWN);
    expect([rule.version, replaces]).toEqual([1, undefined]);
  });

  it.each<[string, FeeRuleDraft, string]>([
    ['a rate as a number', { formula: { kind: 'rate', rate: 0.1 } }, 'formula'],
    ['an unknown formula', { formula: { kind: 'magic', rate: '1' } }, 'formula'],
    [
      'a field that its formula does not have',
      { formula: { kind: 'rate', rate: '1', min: '2' } },
      'formula',
    ],
    ['no formula', { formula: undefined }, 'formula'],
    ['an unknown unit', { unit: 'week' }, 'unit'],
    ['an increment of nothing', { rounding: { mode: 'ceil', increment: '0.00' } }, 'rounding'],
    ['a negative minimum', { min: '-1' }, 'min'],
    ['a maximum below its minimum', { min: '5', max: '4.99' }, 'max'],
    ['an end before its beginning', { effectiveTo: '2025-12-31' }, 'effectiveTo'],
    ['a day that does not exist', { effectiveFrom: '2026-02-29' }, 'effectiveFrom'],
    ['a day in the past between two versions', { effectiveFrom: '2022-01-01' }, 'effectiveFrom'],
    ['another currency', { currency: 'USD' }, 'currency'],
    ['four decimals', { rounding: { mode: 'half-up', increment: '0.0001' } }, 'rounding'],
    ['an unknown condition', { conditions: { weather: ['rain'] } }, 'conditions'],
    ['an unknown stage', { conditions: { stages: ['DARK'] } }, 'conditions'],
    ['a condition without anything in it', { conditions: { instruments: [] } }, 'conditions'],
    ['a channel that is none', { conditions: { channels: [10] } }, 'conditions'],
    ['a divisor of nothing', { divisor: 0 }, 'divisor'],
    ['an annual rate of a unit that may be added up', { unit: 'feeUnit', divisor: 365 }, 'unit'],
    [
      'a remainder of each order',
      { unit: 'order', formula: { kind: 'remainder', totalFactor: '1.01' } },
      'unit',
    ],
    ['a threshold that is no decimal', { threshold: 'high' }, 'threshold'],
    ...[
      ['overlap', ['0', '10'], ['9', null]],
      ['leave a gap', ['0', '10'], ['11', null]],
      ['leave a gap below', ['1', null]],
      ['end', ['0', '10']],
      ['go on after the end', ['0', null], ['10', null]],
      ['hold nothing', ['0', '0'], ['0', null]],
    ].map(([what, ...bounds]): [string, FeeRuleDraft, string] => {
      const tiers = bounds.map((bound) => ({ gt: bound[0], lte: bound[1], rate: '0.1' }));
      return [`tiers that ${String(what)}`, { formula: { kind: 'amountTier', tiers } }, 'formula'];
    }),
    [
      'a tier with a minimum above the maximum',
      {
        max: '1',
        formula: { kind: 'amountTier', tiers: [{ gt: '0', lte: null, rate: '1', min: '2' }] },
      },
      'formula',
    ],
    [
      'a fee of an unknown fee',
      { unit: 'contract', formula: { kind: 'ofFees', rate: '1', feeCodes: ['TIP'] } },
      'formula',
    ],
    [
      'a fee of fees for each execution',
      { unit: 'execution', formula: { kind: 'ofFees', rate: '1', feeCodes: ['SFC_LEVY'] } },
      'unit',
    ],
    [
      'a fee of itself',
      { unit: 'contract', formula: { kind: 'ofFees', rate: '1', feeCodes: ['STAMP'] } },
      'formula',
    ],
    [
      'tiers that do not rise',
      {
        formula: {
          kind: 'orderTier',
          tiers: [
            { upTo: 9, flat: '1' },
            { upTo: 5, flat: '1' },
          ],
        },
      },
      'formula',
    ],
    [
      'tiers that end',
      { formula: { kind: 'orderTier', tiers: [{ upTo: 9, flat: '1' }] } },
      'formula',
    ],
  ])('with %s is refused with the field', (_why, changes, field) => {
    try {
      addStamp({ effectiveFrom: '2026-01-01', ...changes });
    } catch (error) {
      expect(error).toBeInstanceOf(ClearingError);
      expect(error).toMatchObject({
        code: 'FEE_RULE_INVALID',
        details: { field, reason: expect.stringMatching(/\w/) as string },
      });
      return;
    }
    expect.unreachable('it was accepted');
  });
});
