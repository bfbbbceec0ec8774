import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TURNOVER_MODES, type FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { FxRate } from '../../../domain/fees/fx-rate.ts';
import type { MonthToDate } from '../../../domain/fees/tariff-plan.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import { ROUNDING_MODES } from '../../../domain/money/rounding.ts';
import type { Explanation } from '../../../scripts/explain-fees/explained-terms.ts';
import { differenceOf } from '../../../scripts/explain-fees/recompute-fee.ts';
import { explanationsOf, MON_2025_12_22 } from './explanations.ts';

const USD_TO_HKD: FxRate = {
  ...{ rateId: 1, from: 'USD', to: 'HKD', rate: '7.8', version: 1, source: 'any' },
  validFrom: MON_2025_12_22,
};

const amount = (max: number, places: number) =>
  fc
    .nat({ max: max * 10 ** places })
    .map((units) => new Decimal(units).div(10 ** places).toFixed(places));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const formula: fc.Arbitrary<FeeRule['formula']> = fc.oneof(
  amount(1, 7).map((rate) => ({ kind: 'rate' as const, rate })),
  amount(30, 2).map((each) => ({ kind: 'perMillion' as const, amount: each })),
  amount(30, 2).map((each) => ({ kind: 'perOrder' as const, amount: each })),
  amount(30, 2).map((each) => ({ kind: 'perEmsOrder' as const, amount: each })),
  amount(30, 2).map((each) => ({ kind: 'perExecution' as const, amount: each })),
  amount(30, 3).map((each) => ({ kind: 'flat' as const, amount: each })),
  amount(1, 5).map((each) => ({ kind: 'perContract' as const, amount: each })),
  amount(3, 4).map((each) => ({ kind: 'perShare' as const, amount: each })),
  amount(3, 4).map((each) => ({
    kind: 'perShare' as const,
    amount: each,
    skipBelowAmount: true as const,
  })),
);

const ruleArbitrary: fc.Arbitrary<FeeRule> = fc
  .record({
    formula,
    unit: fc.constantFrom('execution', 'order', 'emsOrder', 'contract'),
    rounding: fc.record({
      mode: fc.constantFrom(...ROUNDING_MODES),
      increment: fc.constantFrom('0.01', '0.1', '1.00', '0.05', '0.001'),
    }),
    min: maybe(amount(20, 2)),
    max: maybe(amount(20, 2)),
    capRate: maybe(amount(1, 4)),
    floorPerLine: maybe(fc.constant('0.01')),
    minBeatsMax: maybe(fc.constant(true as const)),
    exemptByInstrumentFlag: maybe(fc.constant(true as const)),
  })
  .map((fields) => ({
    ...(Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== undefined),
    ) as Pick<FeeRule, 'formula' | 'unit' | 'rounding'>),
    ...{ ruleId: 1, feeCode: 'ANY', market: 'HK', scheduleId: 'any', version: 1 },
    ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH' as const, currency: 'HKD' },
  }));

const ENDS = [100_000, 1_000_000, null] as const;
const rates = fc.array(amount(1, 5), { minLength: 3, maxLength: 3 });
const monthly: fc.Arbitrary<FeeRule['formula']> = fc.oneof(
  fc.tuple(rates, fc.constantFrom(...TURNOVER_MODES)).map(([each, mode]) => ({
    kind: 'turnoverTier' as const,
    mode,
    tiers: ENDS.map((end, at) => ({ upTo: end === null ? null : `${end}`, rate: each[at]! })),
  })),
  rates.map((each) => ({
    kind: 'shareTier' as const,
    tiers: ENDS.map((upTo, at) => ({ upTo, perShare: each[at]! })),
  })),
  rates.map((each) => ({
    kind: 'orderTier' as const,
    tiers: ENDS.map((upTo, at) => ({ upTo: upTo && upTo / 50_000, flat: each[at]! })),
  })),
);
const monthArbitrary: fc.Arbitrary<MonthToDate> = fc.record({
  ordersBefore: fc.nat({ max: 25 }),
  sharesBefore: amount(1_200_000, 2),
  turnoverBefore: amount(1_200_000, 2),
});

const fillsArbitrary = fc.array(
  fc.record({
    quantity: amount(100_000, 2),
    price: amount(800, 4),
    opensOrder: fc.boolean(),
    emsOrderNo: fc.constantFrom('EMS 1', 'EMS 2', null),
  }),
  { minLength: 1, maxLength: 5 },
);

const REST: FeeRule = {
  ...{ ruleId: 2, feeCode: 'REST', market: 'HK', scheduleId: 'any', version: 1 },
  ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH', currency: 'HKD', unit: 'contract' },
  formula: { kind: 'remainder', totalFactor: '1.003' },
  rounding: { mode: 'half-up', increment: '0.01' },
};

describe('a fee computed again from its explanation alone', () => {
  it('is the same, whatever the rule and the order', () => {
    fc.assert(
      fc.property(ruleArbitrary, fillsArbitrary, (rule, fills) => {
        const explanations = explanationsOf([rule, REST], fills);
        expect(explanations.map(differenceOf)).toEqual(explanations.map(() => undefined));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the same in tiers by the month, wherever the trade begins', () => {
    fc.assert(
      fc.property(
        monthly,
        ruleArbitrary,
        monthArbitrary,
        fillsArbitrary,
        (tiers, rule, month, fills) => {
          const explanations = explanationsOf([{ ...rule, formula: tiers }, REST], fills, month);
          expect(explanations.map(differenceOf)).toEqual(explanations.map(() => undefined));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is the same for a fee of fees, and for executions that are rounded together', () => {
    fc.assert(
      fc.property(ruleArbitrary, amount(1, 4), fillsArbitrary, (rule, rate, fills) => {
        const ofFees: FeeRule = {
          ...{ ...REST, feeCode: 'TAX', ruleId: 3, unit: 'contract' },
          formula: { kind: 'ofFees', rate, feeCodes: ['NOT_CHARGED', 'ANY'] },
        };
        const summed = explanationsOf([{ ...rule, unit: 'feeUnit' }, ofFees], fills, undefined, {
          feeUnit: 'account-day',
          roundingPolicy: { policyId: 'sums', base: rule.rounding, sumExecutions: true },
        });
        const explanations = [...explanationsOf([rule, ofFees], fills), ...summed];
        expect(explanations.map(differenceOf)).toEqual(explanations.map(() => undefined));
      }),
      { numRuns: 300 },
    );
  });

  it('is the same for a rule in another currency, by the rate that its choice names', () => {
    const own = fc.oneof(
      formula,
      monthly.filter(({ kind }) => kind !== 'turnoverTier'),
      fc.array(amount(1, 4), { minLength: 2, maxLength: 2 }).chain(([a, b]) =>
        fc.constantFrom('amountTier' as const, 'quantityTier' as const).map((kind) => ({
          kind,
          tiers: [
            { gt: '0', lte: '1000', rate: a!, min: '1.5' },
            { gt: '1000', lte: null, rate: b! },
          ],
        })),
      ),
    );
    const terms = fc.tuple(own, ruleArbitrary, maybe(amount(2_000, 2)), amount(9, 4));
    fc.assert(
      fc.property(terms, monthArbitrary, fillsArbitrary, (drawn, month, fills) => {
        const [foreign, any, threshold, digits] = drawn;
        const rate = { ...USD_TO_HKD, rate: new Decimal(digits).plus('0.0001').toString() };
        const rule: FeeRule = {
          ...(Object.fromEntries(
            Object.entries(any).filter(([name]) => name !== 'floorPerLine'),
          ) as unknown as FeeRule),
          ...{ formula: foreign, currency: 'USD' },
          ...(threshold === undefined ? {} : { threshold }),
        };
        const currency = { currency: 'HKD' };
        const book = { rates: [rate], currencyOf: new Map([['HK', 'HKD']]) };
        const explanations = explanationsOf([rule, REST], fills, month, currency, book);
        expect(explanations.map(differenceOf)).toEqual(explanations.map(() => undefined));
        const [{ terms: applied } = { terms: {} }] = explanations;
        const isExempt = rule.exemptByInstrumentFlag === true;
        expect(applied).toMatchObject(isExempt ? currency : { ...currency, fx: rate });
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a difference where its place in the month, or a source, is not stated', () => {
    const rule: FeeRule = {
      ...{ ...REST, feeCode: 'ANY', ruleId: 1 },
      formula: { kind: 'shareTier', tiers: [{ upTo: null, perShare: '0.01' }] },
    };
    const tax: FeeRule = {
      ...{ ...REST, feeCode: 'TAX', ruleId: 3, unit: 'contract' },
      formula: { kind: 'ofFees', rate: '0.1', feeCodes: ['ANY'] },
    };
    const month = { sharesBefore: '900' };
    const both = explanationsOf([rule, tax], [{ quantity: '500', price: '42.5' }], month);
    const [tiered, taxed] = both.map((explanation, at) =>
      differenceOf({
        ...explanation,
        inputs: { ...explanation.inputs, ...(at === 0 ? { monthBefore: null } : { sources: [] }) },
      }),
    );
    expect(tiered?.what).toContain('place in the month');
    expect(taxed?.what).toContain('ANY');
    expect(both.map(differenceOf)).toEqual([undefined, undefined]);
  });

  it('is another when any of what it states or follows from was changed', () => {
    const rule: FeeRule = {
      ...{ ruleId: 1, feeCode: 'ANY', market: 'HK', scheduleId: 'any', version: 1 },
      ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH', currency: 'HKD', unit: 'order' },
      formula: { kind: 'rate', rate: '0.0003' },
      min: '3.00',
      rounding: { mode: 'half-up', increment: '0.01' },
    };
    const [explanation] = explanationsOf([rule], [{ quantity: '500', price: '42.5' }]);
    const { inputs, terms } = explanation!;
    const fill = inputs.executions[0]!;
    const changes: Partial<Explanation>[] = [
      { amount: '6.39' },
      { exactAmount: '6.376' },
      { metric: '21251' },
      { inputs: { ...inputs, executions: [{ ...fill, quantity: '501' }] } },
      { inputs: { ...inputs, multiplier: '2' } },
      { terms: { ...terms, formula: { kind: 'rate', rate: '0.0004' } } },
      { terms: { ...terms, min: '7.00' } },
      { terms: { ...terms, rounding: { mode: 'ceil', increment: '1.00' } } },
      { terms: { ...terms, waiver: 'exempt-type' } },
    ];
    for (const change of changes) {
      expect([change, differenceOf({ ...explanation!, ...change })]).not.toContain(undefined);
    }
    expect(differenceOf(explanation!)).toBeUndefined();
  });

  it.each([
    [{ formula: { kind: 'lottery' } }, 'lottery'],
    [{ rounding: { mode: 'banker', increment: '0.01' } }, 'banker'],
  ])('is a difference where the program does not know the terms: %j', (change, said) => {
    const rule: FeeRule = {
      ...{ ruleId: 1, feeCode: 'ANY', market: 'HK', scheduleId: 'any', version: 1 },
      ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH', currency: 'HKD', unit: 'order' },
      formula: { kind: 'flat', amount: '15' },
      rounding: { mode: 'half-up', increment: '0.01' },
    };
    const [explanation] = explanationsOf([rule], [{ quantity: '500', price: '42.5' }]);
    const terms = { ...explanation!.terms, ...change };
    expect(differenceOf({ ...explanation!, terms })?.what).toContain(said);
  });
});
