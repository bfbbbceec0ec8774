import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FxRate } from '../../../domain/fees/fx-rate.ts';
import type { FeeFormula, FeeRule } from '../../../domain/fees/fee-rule.ts';
import { assertMeaning } from '../../../domain/fees/fee-rule-meaning.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const RULE = anyRule({ unit: 'contract', formula: { kind: 'rate', rate: '0.001' } });
const remainder: FeeFormula = { kind: 'remainder', totalFactor: '1.01' };
const ofFees = (...feeCodes: string[]): FeeFormula => ({ kind: 'ofFees', rate: '1', feeCodes });
const tiers = (...list: [string, string | null, string?][]): FeeFormula => ({
  kind: 'amountTier',
  tiers: list.map(([gt, lte, min]) => ({
    ...{ gt, lte, rate: '0.1' },
    ...(min === undefined ? {} : { min }),
  })),
});
const monthly = (...ends: (number | null)[]): FeeFormula => ({
  kind: 'orderTier',
  tiers: ends.map((upTo) => ({ upTo, flat: '1' })),
});

/** What is said against the rule; null when it may stand. */
function against(changes: Partial<FeeRule>, ofMarket: readonly FeeRule[] = []): unknown {
  const known = { currency: 'HKD', rates: RATES, feeCodes: ['ANY', 'ONE', 'TWO'], ofMarket };
  try {
    assertMeaning({ ...RULE, ...changes }, known);
    return null;
  } catch (error) {
    return error;
  }
}

const TIER = { upTo: null, rate: '0.001' };
const BOUNDS: readonly Partial<FeeRule>[] = [
  ...[{ threshold: '1' }, { divisor: 365 }, { min: '1' }, { max: '1' }, { capRate: '0.1' }],
  ...[{ minBeatsMax: true as const }, { minWaivedFor: ['ETF'] }, { floorPerLine: '0.01' }],
];

/** From US dollars from the 22nd on; the other way is another pair. */
const RATES: readonly FxRate[] = [
  { from: 'USD', to: 'HKD', validFrom: '2025-12-22' },
  { from: 'HKD', to: 'CNY', validFrom: '2020-01-01' },
].map(({ validFrom, ...pair }, at) => ({
  ...{ ...pair, rateId: at + 1, rate: '7.8', version: 1, source: 'any' },
  validFrom: parseBusinessDate(validFrom),
}));

describe('a rule that means nothing sound is refused with field and reason', () => {
  it.each<[string, Partial<FeeRule>, string]>([
    [
      'currency',
      { currency: 'CNY' },
      'there is no rate from it to HKD, in which the market trades, on 2025-12-22',
    ],
    [
      'currency',
      { currency: 'USD', effectiveFrom: parseBusinessDate('2025-12-21') },
      'there is no rate from it to HKD, in which the market trades, on 2025-12-21',
    ],
    [
      'currency',
      { currency: 'USD', formula: remainder, unit: 'contract' },
      'a remainder is left in the currency of the market',
    ],
    [
      'currency',
      { currency: 'USD', formula: { kind: 'turnoverTier', mode: 'slab', tiers: [TIER] } },
      'a month has many rates, and its turnover none',
    ],
    [
      'floorPerLine',
      { currency: 'USD', floorPerLine: '0.01' },
      'is an amount after rounding, so it has to be in the currency of the market',
    ],
    ['effectiveTo', { effectiveTo: parseBusinessDate('2025-12-21') }, 'lies before effectiveFrom'],
    ['rounding', { rounding: { mode: 'ceil', increment: '0.0001' } }, 'has at most three decimals'],
    ['max', { min: '5', max: '4.99' }, 'is below min'],
    ['conditions', { market: 'US', conditions: { stages: ['GREY'] } }, 'US has no grey market'],
    ...BOUNDS.map((bound): [string, Partial<FeeRule>, string] => [
      Object.keys(bound)[0]!,
      { formula: remainder, unit: 'contract', ...bound },
      'a remainder is what is left, so nothing bounds it',
    ]),
    [
      'unit',
      { formula: remainder, unit: 'order' },
      'a remainder is what the whole contract leaves',
    ],
    ['unit', { divisor: 365, unit: 'feeUnit' }, 'an annual rate has a unit of its own'],
    [
      'unit',
      { formula: monthly(5, null), unit: 'emsOrder' },
      'a month counts orders, and no EMS orders',
    ],
    ['formula', { formula: ofFees('NONE') }, 'has an unknown fee code'],
    [
      'unit',
      { formula: ofFees('ONE'), unit: 'order' },
      'a fee of fees is computed for the whole contract',
    ],
    ['formula', { formula: ofFees('ONE', 'ONE') }, 'names a fee code twice'],
    ['formula', { formula: ofFees('ANY') }, 'is computed from itself'],
    ...[monthly(5, 5, null), monthly(5, 10), monthly(null, null)].map(
      (formula): [string, Partial<FeeRule>, string] => [
        'formula',
        { formula },
        'tiers have to rise, and the last one has no end',
      ],
    ),
    ['formula', { formula: tiers(['0', '10'], ['9', null]) }, 'tier 2 overlaps the one before'],
    ['formula', { formula: tiers(['0', null], ['9', null]) }, 'tier 2 overlaps the one before'],
    ['formula', { formula: tiers(['0', '10'], ['11', null]) }, 'tier 2 leaves a gap above 10'],
    ['formula', { formula: tiers(['1', null]) }, 'tier 1 leaves a gap above 0'],
    [
      'formula',
      {
        formula: {
          kind: 'quantityTier',
          tiers: [Object.assign({ gt: '0', lte: null, rate: '0.1' }, { max: '9' })],
        },
      },
      'tier 1 has no max',
    ],
    ['formula', { formula: tiers(['0', '10']) }, 'tier 1 leaves a gap above 10'],
    ['formula', { formula: tiers(['0', '0'], ['0', null]) }, 'tier 1 holds nothing'],
    [
      'formula',
      { max: '1', formula: tiers(['0', null, '2']) },
      'tier 1 has a min above the max of the rule',
    ],
  ])('%s: %o', (field, changes, reason) => {
    expect(against(changes)).toMatchObject({
      code: 'FEE_RULE_INVALID',
      details: { field, reason },
    });
  });

  it.each<[string, Partial<FeeRule>]>([
    ['one day only', { effectiveTo: MON_2025_12_22 }],
    ['three decimals', { rounding: { mode: 'ceil', increment: '0.001' } }],
    ['a minimum that is the maximum', { min: '5', max: '5' }],
    ['a remainder of the contract', { formula: remainder }],
    ['a fee of each EMS order', { unit: 'emsOrder' }],
    ['an annual rate of an order', { divisor: 365, unit: 'order' }],
    ['a rate of the unit of the schedule', { unit: 'feeUnit' }],
    ['a fee of two others', { formula: ofFees('ONE', 'TWO') }],
    ['monthly tiers that rise', { formula: monthly(5, 10, null) }],
    ['tiers that touch', { formula: tiers(['0', '10', '1'], ['10', null]), max: '1' }],
  ])('%s may stand', (_what, changes) => {
    expect(against(changes)).toBeNull();
  });

  it('a circle through another rule, named link by link, unless that rule has ended', () => {
    const other = { ...RULE, ruleId: 2, feeCode: 'ONE', formula: ofFees('ANY') };
    const changes = { formula: ofFees('ONE') };
    expect(against(changes, [other])).toMatchObject({
      details: { reason: 'is computed from itself', value: 'ANY ← ONE ← ANY' },
    });
    const before = parseBusinessDate('2025-12-21');
    expect(against(changes, [{ ...other, effectiveFrom: before, effectiveTo: before }])).toBeNull();
    expect(against(changes, [{ ...other, withdrawn: true }])).toBeNull();
    expect(against(changes, [{ ...other, effectiveTo: MON_2025_12_22 }])).not.toBeNull();
  });

  it('a remainder as a source of another fee', () => {
    const other = { ...RULE, ruleId: 2, feeCode: 'ONE', formula: remainder };
    const reason = 'a remainder is what all others leave, so none is computed from it';
    expect(against({ formula: ofFees('ONE') }, [other])).toMatchObject({
      details: { field: 'formula', reason, value: 'ONE' },
    });
    expect(against({ formula: ofFees('TWO') }, [other])).toBeNull();
  });
});
