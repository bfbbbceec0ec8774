import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { explainFee } from '../../../domain/fees/explain-fee.ts';
import { priceInto } from '../../../domain/fees/fee-kernel.ts';
import type { FeeRule, ProgressiveTier } from '../../../domain/fees/fee-rule.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { FeeLine, OrderToPrice, TariffPlan } from '../../../domain/fees/tariff-plan.ts';
import { ROUNDING_MODES, roundTo } from '../../../domain/money/rounding.ts';
import { Decimal } from '../../../domain/money/decimal.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
let nextId = 0;
const rule = (changes: Partial<FeeRule>): FeeRule => ({
  ruleId: (nextId += 1),
  feeCode: 'ANY',
  market: 'HK',
  scheduleId: 'any',
  version: 1,
  effectiveFrom: MON_2025_12_22,
  sides: 'BOTH',
  unit: 'order',
  formula: { kind: 'rate', rate: '0.001' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  ...changes,
});
const planOf = (...rules: FeeRule[]): TariffPlan =>
  compileTariff(rules, {
    scheduleId: 'any',
    market: 'HK',
    instrumentType: 'EQUITY',
    stampDutyExempt: false,
    side: 'BUY',
    tradeDate: MON_2025_12_22,
    channel: 0,
  });
/** What billing sees; the same as the reference, or the test that asks ends here. */
function priced(plan: TariffPlan, order: OrderToPrice) {
  const lines: FeeLine[] = [];
  const sums = priceInto(plan, order, (line, _, at, ofOrder, metric, exact, clamp, amount) => {
    const { feeCode, ruleId, unit } = line;
    const executionIndex = at < 0 ? null : at;
    const orderIndex = ofOrder < 0 ? null : ofOrder;
    lines.push({ feeCode, ruleId, unit, executionIndex, orderIndex, metric, exact, clamp, amount });
  });
  expect({ lines, ...sums }).toEqual(priceExecutions(plan, order));
  for (const line of lines) {
    const { choice } = plan.lines.find(({ feeCode }) => feeCode === line.feeCode)!;
    expect(explainFee(line, choice).length).toBeGreaterThan(0);
  }
  return { lines, ...sums };
}
const shares = (quantity: string, price = '1'): OrderToPrice => ({
  quantities: [quantity],
  prices: [price],
});
const feeOf = (one: Partial<FeeRule>, order: OrderToPrice) =>
  priced(planOf(rule(one)), order).lines[0]!;

const TIERS: readonly ProgressiveTier[] = [
  { gt: '0', lte: '100', rate: '0.1' },
  { gt: '100', lte: '1000', rate: '0.05', min: '3' },
  { gt: '1000', lte: null, rate: '0.01' },
];

describe('progressive tiers of one transaction', () => {
  it.each([
    ['0', '0.00'],
    ['100', '10.00'],
    // A part of one share, which the minimum of its tier raises from 0.05.
    ['101', '13.00'],
    ['160', '13.00'],
    ['1000', '55.00'],
    ['1000.01', '55.00'],
    ['3000', '75.00'],
  ])('charge %s with %s, on shares and on the consideration', (quantity, amount) => {
    const ofShares = { formula: { kind: 'quantityTier', tiers: TIERS } } as const;
    const ofAmount = { formula: { kind: 'amountTier', tiers: TIERS } } as const;
    expect(feeOf(ofShares, shares(quantity, '7')).amount).toBe(amount);
    expect(feeOf(ofAmount, shares(quantity)).amount).toBe(amount);
  });

  it('are explained part by part', () => {
    const plan = planOf(rule({ formula: { kind: 'amountTier', tiers: TIERS } }));
    const [line] = priceExecutions(plan, shares('3000')).lines;
    const [compute] = explainFee(line!, plan.lines[0]!.choice);
    expect(compute).toMatchObject({
      arithmetic: '100 × 0.1 + at least 3: 900 × 0.05 + 2000 × 0.01',
      result: '75',
    });
  });
});

describe('a threshold', () => {
  it.each([
    ['99.99', '0.00', 'threshold'],
    ['100', '0.00', 'threshold'],
    ['100.01', '5.00', 'min'],
  ])('of 100 charges on %s: %s', (quantity, amount, clamp) => {
    const fee = feeOf({ threshold: '100', min: '5', floorPerLine: '1' }, shares(quantity));
    expect(fee).toMatchObject({ amount, clamp });
  });

  it('is asked before the tiers: one whose terms are not known is no matter below it', () => {
    const tiers = [{ upTo: null, rate: '0.1', unsupported: 'not published' }];
    const formula = { kind: 'turnoverTier', mode: 'marginal', tiers } as const;
    const inMonth = (quantity: string) => ({ ...shares(quantity), monthToDate: () => ({}) });
    const fee = feeOf({ threshold: '100', formula }, inMonth('100'));
    expect(fee).toMatchObject({ exact: '0', clamp: 'threshold', amount: '0.00' });
    expect(() => feeOf({ threshold: '100', formula }, inMonth('101'))).toThrow(/not published/);
  });
});

describe('an annual divisor', () => {
  it('divides before the bounds and is rounded once', () => {
    const annual = { formula: { kind: 'rate', rate: '0.05' }, divisor: 365 } as const;
    expect(feeOf(annual, shares('1000')).amount).toBe('0.14');
    expect(feeOf({ ...annual, min: '1' }, shares('1000'))).toMatchObject({ clamp: 'min' });
    const up = { ...annual, rounding: { mode: 'ceil', increment: '0.01' } } as const;
    // 73 × 0.05 ÷ 365 is 0.01 exactly; a cent more of consideration is a cent more of fee.
    expect(feeOf(up, shares('73')).amount).toBe('0.01');
    expect(feeOf(up, shares('73.01')).amount).toBe('0.02');
  });
});

describe('units and counts, of a contract of two orders', () => {
  const contract: OrderToPrice = {
    quantities: ['10', '20', '30', '40'],
    prices: ['1', '1', '1', '1'],
    orderOf: [0, 0, 1, 1],
  };
  const flat = { kind: 'flat', amount: '1' } as const;
  const rowsOf = (one: Partial<FeeRule>) =>
    priced(planOf(rule(one)), contract).lines.map(
      ({ orderIndex, executionIndex, metric, amount }) =>
        [orderIndex, executionIndex, metric, amount] as const,
    );

  it('an order pays once, the contract once for all, an execution for itself', () => {
    const rate = { kind: 'rate', rate: '0.1' } as const;
    expect(rowsOf({ unit: 'order', formula: rate, min: '5' })).toEqual([
      [0, null, '30', '5.00'],
      [1, null, '70', '7.00'],
    ]);
    expect(rowsOf({ unit: 'contract', formula: rate, min: '5' })).toEqual([
      [null, null, '100', '10.00'],
    ]);
    expect(rowsOf({ unit: 'execution', formula: flat })).toEqual([
      [0, 0, '1', '1.00'],
      [0, 1, '1', '1.00'],
      [1, 2, '1', '1.00'],
      [1, 3, '1', '1.00'],
    ]);
  });

  it('counts orders and executions', () => {
    const perOrder = { kind: 'perOrder', amount: '2' } as const;
    const perExecution = { kind: 'perExecution', amount: '0.5' } as const;
    expect(rowsOf({ unit: 'contract', formula: perOrder })).toEqual([[null, null, '2', '4.00']]);
    expect(rowsOf({ unit: 'contract', formula: perExecution })).toEqual([
      [null, null, '4', '2.00'],
    ]);
    expect(rowsOf({ unit: 'order', formula: perExecution }).map(([, , metric]) => metric)).toEqual([
      ...['2', '2'],
    ]);
  });

  it('L43: three orders of three executions each make nine rows, each rounded', () => {
    const fills = {
      quantities: Array<string>(9).fill('1'),
      prices: Array<string>(9).fill('4.5'),
      orderOf: [0, 0, 0, 1, 1, 1, 2, 2, 2],
    };
    const { lines, totalFees } = priced(planOf(rule({ unit: 'execution' })), fills);
    expect(lines.map(({ exact, amount }) => [exact, amount])).toEqual(
      Array<string[]>(9).fill(['0.0045', '0.00']),
    );
    expect(totalFees).toBe('0.00');
    const up = rule({ unit: 'execution', rounding: { mode: 'ceil', increment: '0.01' } });
    expect(priced(planOf(up), fills).totalFees).toBe('0.09');
  });
});

describe('a fee of fees', () => {
  const commission = rule({ feeCode: 'COMMISSION', formula: { kind: 'flat', amount: '10.006' } });
  const levy = rule({ feeCode: 'LEVY', unit: 'execution', formula: { kind: 'flat', amount: '1' } });
  const ofFees = (feeCode: string, ...feeCodes: string[]): FeeRule =>
    rule({ feeCode, unit: 'contract', formula: { kind: 'ofFees', rate: '0.06', feeCodes } });

  it('takes the rounded amounts, after them, wherever it stands; a code not charged counts zero', () => {
    const tax = { ...ofFees('TAX', 'COMMISSION', 'LEVY', 'ABSENT'), ruleId: 0 };
    const more = { ...ofFees('MORE', 'TAX'), ruleId: -1 };
    const { lines } = priced(planOf(more, tax, commission, levy), {
      quantities: ['1', '1'],
      prices: ['1', '1'],
    });
    expect(lines.map(({ feeCode, metric, amount }) => [feeCode, metric, amount])).toEqual([
      ['COMMISSION', '1', '10.01'],
      ['LEVY', '1', '1.00'],
      ['LEVY', '1', '1.00'],
      ['TAX', '12.01', '0.72'],
      ['MORE', '0.72', '0.04'],
    ]);
  });

  it('never compiles in a circle', () => {
    const rules = [ofFees('A', 'B'), ofFees('B', 'C'), ofFees('C', 'A')];
    expect(() => planOf(...rules)).toThrow(/FEE_RULE_INVALID/);
  });
});

describe('rounding', () => {
  it('gives 0 to 3 digits in every mode, and three digits survive the sums', () => {
    const places = fc.constantFrom('1', '0.1', '0.01', '0.001');
    const cents = fc.integer({ min: 0, max: 9_999_999 });
    fc.assert(
      fc.property(places, fc.constantFrom(...ROUNDING_MODES), cents, (increment, mode, amount) => {
        const exact = new Decimal(amount).div(10_000);
        const one = rule({
          rounding: { mode, increment },
          formula: { kind: 'rate', rate: '0.0001' },
        });
        const { lines, totalFees } = priced(planOf(one), shares(String(amount)));
        expect(lines[0]!.exact).toBe(exact.toString());
        expect(new Decimal(totalFees).eq(roundTo(exact, one.rounding))).toBe(true);
      }),
    );
  });

  it('of 0.0045 to three digits is 0.005, and two lines of it are 0.010', () => {
    const mills = { mode: 'half-up', increment: '0.001' } as const;
    const plan = planOf(rule({ unit: 'execution', rounding: mills }));
    const order = { quantities: ['4.5', '4.5'], prices: ['1', '1'] };
    expect(priced(plan, order)).toMatchObject({ lineTotals: ['0.01'], totalFees: '0.01' });
    const one = priced(plan, shares('4.5'));
    expect(one).toMatchObject({ lineTotals: ['0.005'], net: '4.505' });
  });
});

describe('the fast kernel gives the texts of the reference on the shapes above', () => {
  const decimal = (max: number, places: number) =>
    fc.integer({ min: 0, max: max * 10 ** places }).map((n) => new Decimal(n).div(10 ** places));
  const text = (max: number, places: number) => decimal(max, places).map(String);
  const tiers = fc
    .tuple(
      fc.array(decimal(50_000, 3), { maxLength: 3 }),
      fc.array(fc.tuple(text(1, 5), fc.option(text(9, 3), { nil: undefined })), {
        minLength: 4,
        maxLength: 4,
      }),
    )
    .map(([cuts, terms]): ProgressiveTier[] => {
      const bounds = [...new Set(cuts.filter((cut) => !cut.isZero()).map(String))];
      bounds.sort((a, b) => Number(a) - Number(b));
      const all = ['0', ...bounds];
      return all.map((gt, at) => {
        const [rate, min] = terms[at]!;
        const lte = all[at + 1] ?? null;
        return { gt, lte, rate, ...(min === undefined ? {} : { min }) };
      });
    });
  const formula = fc.oneof(
    tiers.map((list) => ({ kind: 'amountTier' as const, tiers: list })),
    tiers.map((list) => ({ kind: 'quantityTier' as const, tiers: list })),
    text(3, 3).map((amount) => ({ kind: 'perOrder' as const, amount })),
    text(3, 3).map((amount) => ({ kind: 'perExecution' as const, amount })),
    text(3, 3).map((amount) => ({ kind: 'perEmsOrder' as const, amount })),
    text(1, 5).map((rate) => ({ kind: 'rate' as const, rate })),
  );
  const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
    fc.option(value, { nil: undefined }).map((got) => (got === undefined ? {} : { [name]: got }));
  const anyRule = fc
    .tuple(
      formula,
      fc.constantFrom('execution', 'order', 'emsOrder', 'contract'),
      optional('threshold', text(30_000, 2)),
      optional('divisor', fc.constantFrom(360, 365)),
      optional('min', text(20, 2)),
      optional('max', text(90, 2)),
      optional('capRate', text(1, 3)),
      optional('floorPerLine', fc.constant('0.01')),
      fc.constantFrom(...ROUNDING_MODES),
      fc.constantFrom('1', '0.1', '0.01', '0.001'),
    )
    .map(([shape, unit, threshold, divisor, min, max, cap, floor, mode, increment]) =>
      rule({
        ...{ formula: shape, unit, rounding: { mode, increment } },
        ...{ ...threshold, ...divisor, ...min, ...max, ...cap, ...floor },
      }),
    );
  const fill = fc.tuple(text(40_000, 3), text(900, 3), fc.nat({ max: 1 }));
  const order = fc
    .tuple(fc.array(fill, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.boolean())
    .map(([fills, hasSeveral, isOneEmsOrder]): OrderToPrice => {
      const quantities = fills.map(([quantity]) => quantity);
      const prices = fills.map(([, price]) => price);
      // Two orders, both with an execution.
      const orderOf = [0, 1, ...fills.slice(2).map(([, , at]) => at)];
      return hasSeveral && fills.length > 1
        ? { quantities, prices, orderOf, emsOrderOf: isOneEmsOrder ? [0, 0] : [0, 1] }
        : { quantities, prices };
    });

  it('and every row is explained', () => {
    fc.assert(
      fc.property(anyRule, order, (one, trade) => {
        priced(planOf(one), trade);
      }),
      { numRuns: 1500 },
    );
  });

  it('without the reference, for tiers, counts and thresholds', () => {
    const fast = [
      rule({ formula: { kind: 'amountTier', tiers: TIERS }, threshold: '5' }),
      rule({ feeCode: 'B', formula: { kind: 'perExecution', amount: '1' }, unit: 'execution' }),
    ];
    expect(planOf(...fast).kernel).not.toBeNull();
    expect(planOf(rule({ divisor: 365 })).kernel).toBeNull();
  });
});
