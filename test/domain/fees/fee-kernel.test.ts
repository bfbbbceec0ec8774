import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { explainFee } from '../../../domain/fees/explain-fee.ts';
import { priceInto } from '../../../domain/fees/fee-kernel.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { FeeLine, OrderToPrice, TariffPlan } from '../../../domain/fees/tariff-plan.ts';
import { ROUNDING_MODES } from '../../../domain/money/rounding.ts';
import { referenceData } from '../reference.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');

/** What billing sees, in the form of the reference. */
function byKernel(plan: TariffPlan, order: OrderToPrice) {
  const lines: FeeLine[] = [];
  const sums = priceInto(plan, order, (line, _, at, ofOrder, metric, exact, clamp, amount) => {
    const { feeCode, ruleId, unit } = line;
    const place = {
      executionIndex: at < 0 ? null : at,
      orderIndex: ofOrder < 0 ? null : ofOrder,
    };
    lines.push({ feeCode, ruleId, unit, ...place, metric, exact, clamp, amount });
  });
  return { lines, ...sums };
}

function expectSameTexts(plan: TariffPlan, order: OrderToPrice): void {
  const reference = priceExecutions(plan, order);
  expect(byKernel(plan, order)).toEqual({ ...reference });
}

const text = (max: number, places: number) =>
  fc
    .tuple(fc.nat({ max }), fc.nat({ max: 10 ** places - 1 }), fc.integer({ min: 0, max: places }))
    .map(([whole, fraction, kept]) =>
      kept === 0 ? `${whole}` : `${whole}.${String(fraction).padStart(places, '0').slice(0, kept)}`,
    );

const orderArbitrary = (maxQuantity: number, maxPrice: number): fc.Arbitrary<OrderToPrice> =>
  fc
    .tuple(
      fc.array(fc.tuple(text(maxQuantity, 4), text(maxPrice, 4)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.constantFrom('1', '100', '0.5'), { nil: undefined }),
      fc.option(fc.constantFrom('1.0876', '7.8'), { nil: undefined }),
    )
    .map(([fills, multiplier, fxRate]) => ({
      quantities: fills.map(([quantity]) => quantity),
      prices: fills.map(([, price]) => price),
      ...(multiplier === undefined ? {} : { multiplier }),
      ...(fxRate === undefined ? {} : { fxRate }),
    }));

const small = orderArbitrary(100_000, 800);
const anySize = fc.oneof(small, orderArbitrary(2 ** 31 - 1, 2 ** 31 - 1));

const queryArbitrary = fc.record({
  scheduleId: fc.constantFrom('sample-hk-retail', 'sample-hk-vip'),
  market: fc.constant('HK'),
  instrumentType: fc.constantFrom('EQUITY', 'ETF', 'REIT', 'ETF_FI'),
  stampDutyExempt: fc.boolean(),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tradeDate: fc.constantFrom('2024-05-03', '2025-06-27', '2025-12-22').map(parseBusinessDate),
  channel: fc.constantFrom(0, 6),
});
const usQueryArbitrary = fc.record({
  scheduleId: fc.constantFrom('sample-us-retail', 'sample-us-vip', 'us-options', 'us-with-cat'),
  market: fc.constant('US'),
  instrumentType: fc.constantFrom('US_EQUITY', 'US_OPTION'),
  stampDutyExempt: fc.boolean(),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tradeDate: fc.constantFrom('2025-03-10', '2026-05-04', '2026-10-01').map(parseBusinessDate),
  channel: fc.constantFrom(0, 6),
  ownRulesOptional: fc.constant(true),
  feeUnit: fc.constantFrom('execution' as const, 'order' as const),
});

const bound = fc.option(text(20, 2), { nil: undefined });
const ruleArbitrary: fc.Arbitrary<FeeRule> = fc
  .record({
    formula: fc.oneof(
      fc.record({ kind: fc.constant('rate' as const), rate: text(0, 7) }),
      fc.record({ kind: fc.constant('perMillion' as const), amount: text(30, 2) }),
      fc.record({ kind: fc.constant('flat' as const), amount: text(30, 3) }),
      fc.record({ kind: fc.constant('perContract' as const), amount: text(1, 5) }),
      text(3, 4).map((amount) => ({
        kind: 'perShare' as const,
        amount,
        skipBelowAmount: true as const,
      })),
    ),
    unit: fc.constantFrom('execution' as const, 'order' as const),
    rounding: fc.record({
      mode: fc.constantFrom(...ROUNDING_MODES),
      increment: fc.constantFrom('0.01', '0.1', '1.00', '0.05', '0.001'),
    }),
    min: bound,
    max: bound,
    capRate: fc.option(text(0, 4), { nil: undefined }),
    floorPerLine: fc.option(fc.constant('0.01'), { nil: undefined }),
    minBeatsMax: fc.option(fc.constant(true as const), { nil: undefined }),
  })
  .map((fields) => ({
    ...(Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== undefined),
    ) as Pick<FeeRule, 'formula' | 'unit' | 'rounding'>),
    ruleId: 1,
    feeCode: 'ANY',
    market: 'HK',
    scheduleId: 'any',
    version: 1,
    effectiveFrom: MON_2025_12_22,
    sides: 'BOTH',
    currency: 'HKD',
  }));

/** Once explained with a floor that pricing does not apply to a rate of zero. */
const FREE_WITH_MINIMUM_AND_FLOOR: FeeRule = {
  ruleId: 1,
  feeCode: 'ANY',
  market: 'HK',
  scheduleId: 'any',
  version: 1,
  effectiveFrom: MON_2025_12_22,
  sides: 'BOTH',
  unit: 'execution',
  formula: { kind: 'perMillion', amount: '0' },
  min: '0.1',
  floorPerLine: '0.01',
  rounding: { mode: 'half-up', increment: '1.00' },
  currency: 'HKD',
};

describe('the fast kernel gives the texts of the reference', () => {
  test('on the Hong Kong tariffs', () => {
    fc.assert(
      fc.property(queryArbitrary, small, (query, order) => {
        const plan = compileTariff(referenceData.rules, query);
        expect(plan.kernel).not.toBeNull();
        expectSameTexts(plan, order);
      }),
      { numRuns: 300 },
    );
  });

  test('on the New York tariffs', () => {
    fc.assert(
      fc.property(usQueryArbitrary, small, (query, order) => {
        expectSameTexts(compileTariff(referenceData.rules, query), order);
      }),
      { numRuns: 300 },
    );
  });

  test('on any rule, and on values for which doubles are too small', () => {
    fc.assert(
      fc.property(ruleArbitrary, anySize, (rule, order) => {
        const plan = compileTariff([rule], {
          scheduleId: 'any',
          market: 'HK',
          instrumentType: 'EQUITY',
          stampDutyExempt: false,
          side: 'SELL',
          tradeDate: MON_2025_12_22,
          channel: null,
        });
        expectSameTexts(plan, order);
        for (const line of priceExecutions(plan, order).lines) {
          const steps = explainFee(line, plan.lines[0]!.choice);
          expect(steps.length).toBeGreaterThan(0);
        }
      }),
      {
        numRuns: 1000,
        examples: [[FREE_WITH_MINIMUM_AND_FLOOR, { quantities: ['0'], prices: ['0'] }]],
      },
    );
  });

  test('nothing reaches the sink when the order cannot be priced', () => {
    const plan = compileTariff(referenceData.rules, {
      scheduleId: 'sample-hk-retail',
      market: 'HK',
      instrumentType: 'EQUITY',
      stampDutyExempt: false,
      side: 'BUY',
      tradeDate: MON_2025_12_22,
      channel: 0,
    });
    let rows = 0;
    const order = { quantities: ['100', '1e3'], prices: ['1.00', '1.00'] };
    expect(() => priceInto(plan, order, () => (rows += 1))).toThrow(/NOT_A_DECIMAL/);
    expect(rows).toBe(0);
  });
});
