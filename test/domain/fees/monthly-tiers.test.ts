import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { explainFee } from '../../../domain/fees/explain-fee.ts';
import type { FeeFormula, FeeRule, FeeUnit } from '../../../domain/fees/fee-rule.ts';
import {
  countedByMonth,
  counted,
  MonthCounters,
  type CountedTrades,
} from '../../../domain/fees/month-counters.ts';
import { parseFeeRule } from '../../../domain/fees/parse-fee-rules.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { MonthToDate, TariffPlan } from '../../../domain/fees/tariff-plan.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import { referenceData } from '../reference.ts';

const DEC_22 = parseBusinessDate('2025-12-22');
const MARGINAL: FeeFormula = {
  kind: 'turnoverTier',
  mode: 'marginal',
  tiers: [
    { upTo: '1000000', rate: '0.001' },
    { upTo: null, rate: '0.0005' },
  ],
};
const commission = referenceData.rules.find(({ ruleId }) => ruleId === 5021)!;

function planOf(formula: FeeFormula, more: Partial<FeeRule> = {}): TariffPlan {
  const rule = parseFeeRule({ ...commission, min: undefined, formula, ...more });
  const { scheduleId, market } = commission;
  return compileTariff([rule], {
    scheduleId: scheduleId!,
    market,
    instrumentType: 'EQUITY',
    stampDutyExempt: false,
    side: more.sides === 'SELL' ? 'SELL' : 'BUY',
    tradeDate: DEC_22,
    channel: 0,
    currency: 'HKD',
  });
}
/** At 1.00 a share. */
const price = (plan: TariffPlan, shares: readonly number[], before: MonthToDate) =>
  priceExecutions(plan, {
    quantities: shares.map(String),
    prices: shares.map(() => '1'),
    monthToDate: () => before,
  });
const without = <T extends object>(field: keyof T, of: T): T =>
  Object.fromEntries(Object.entries(of).filter(([name]) => name !== field)) as T;
const amounts = (...of: Parameters<typeof price>) => price(...of).lines.map(({ amount }) => amount);

describe('a fee in monthly tiers', () => {
  test('is refused where nobody counted the month', () => {
    const order = { quantities: ['1'], prices: ['1'] };
    const why = 'tiers by the calendar month need what the account traded before';
    const refusal = { code: 'UNSUPPORTED', details: { why, feeCode: 'COMMISSION' } };
    expect(() => priceExecutions(planOf(MARGINAL), order)).toThrow(
      expect.objectContaining(refusal) as Error,
    );
  });

  test.each<[string, FeeUnit, string[]]>([
    ['each execution begins behind the one before it', 'execution', ['80.00', '120.00']],
    ['one amount for the order', 'order', ['200.00']],
  ])('%s', (_name, unit, expected) => {
    const plan = planOf(MARGINAL, { unit });
    expect(amounts(plan, [80_000, 220_000], { turnoverBefore: '900000' })).toEqual(expected);
  });

  test.each([
    ['marginal', ['65.00', '50.00']],
    ['slab', ['40.00', '50.00']],
    ['next-day', ['80.00', '100.00']],
  ] as const)('in mode %s prices each execution from its place', (mode, expected) => {
    const plan = planOf({ ...MARGINAL, mode }, { unit: 'execution' });
    expect(amounts(plan, [80_000, 100_000], { turnoverBefore: '950000' })).toEqual(expected);
  });

  test('the boundary belongs to the tier below it', () => {
    const plan = planOf(MARGINAL);
    expect(amounts(plan, [100], { turnoverBefore: '999900' })).toEqual(['0.10']);
    expect(amounts(plan, [100], { turnoverBefore: '1000000' })).toEqual(['0.05']);
  });

  test('costs the same exact amount however a trade is cut into executions', () => {
    const plan = planOf(MARGINAL, { unit: 'execution' });
    const exact = (shares: readonly number[], before: number) =>
      price(plan, shares, { turnoverBefore: String(before) })
        .lines.reduce((sum, line) => sum.plus(line.exact), new Decimal(0))
        .toString();
    const shares = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 0, max: 1_500_000 }), (cut, before) => {
        const whole = cut.reduce((sum, part) => sum + part, 0);
        expect(exact(cut, before)).toBe(exact([whole], before));
      }),
    );
  });

  test('orders of one contract have ordinals of their own', () => {
    const formula: FeeFormula = {
      kind: 'orderTier',
      tiers: [
        { upTo: 5, flat: '30' },
        { upTo: null, flat: '15' },
      ],
    };
    const { lines } = priceExecutions(planOf(formula), {
      quantities: ['1', '1', '1'],
      prices: ['1', '1', '1'],
      orderOf: [0, 1, 1],
      monthToDate: () => ({ ordersBefore: 4 }),
    });
    expect(lines.map(({ metric, amount }) => [metric, amount])).toEqual([
      ['5', '30.00'],
      ['6', '15.00'],
    ]);
  });

  test('is explained with both parts, from the row and its choice alone', () => {
    const plan = planOf(MARGINAL, { min: '500' });
    const [row] = price(plan, [300_000], { turnoverBefore: '900000' }).lines;
    const choice = JSON.parse(JSON.stringify(plan.lines[0]!.choice)) as never;
    expect(explainFee(row!, choice)).toMatchObject([
      { step: 'month', before: '900000' },
      { step: 'compute', arithmetic: '100000 × 0.001 + 200000 × 0.0005', result: '200' },
      { step: 'min', isDeciding: true, result: '500' },
      { step: 'round', result: '500.00' },
    ]);
  });
});

describe('the counters of a month', () => {
  const trades = (more: Partial<CountedTrades> = {}): CountedTrades => ({
    market: 'HK',
    currency: 'HKD',
    instrumentType: 'EQUITY',
    side: 'BUY',
    tradeDate: DEC_22,
    orders: 1,
    shares: new Decimal(10),
    turnover: new Decimal('1000.5'),
    ...more,
  });
  const before = (plan: TariffPlan, counted: readonly CountedTrades[]) =>
    new MonthCounters(counted).before(plan.lines[0]!, plan.query);
  const ONE = { ordersBefore: 1, sharesBefore: '10', turnoverBefore: '1000.5' };
  const NONE = { ordersBefore: 0, sharesBefore: '0', turnoverBefore: '0' };
  const day = parseBusinessDate;

  test.each([
    ['a sale', trades({ side: 'SELL' }), {}, ONE],
    ['a sale where the fee is of purchases', trades({ side: 'SELL' }), { sides: 'BUY' }, NONE],
    ['a purchase where the fee is of sales', trades(), { sides: 'SELL' }, NONE],
    ['a sale where the fee is of sales', trades({ side: 'SELL' }), { sides: 'SELL' }, ONE],
    ['another type', trades({ instrumentType: 'ETF' }), {}, ONE],
    ['a type of others', trades({ instrumentType: 'ETF' }), { instrumentTypes: ['EQUITY'] }, NONE],
    ['another market', trades({ market: 'SH' }), {}, NONE],
    ['another currency', trades({ currency: 'CNY' }), {}, NONE],
    ['the first of the month', trades({ tradeDate: day('2025-12-01') }), {}, ONE],
    ['the month before', trades({ tradeDate: day('2025-11-28') }), {}, NONE],
    ['the year before', trades({ tradeDate: day('2024-12-20') }), {}, NONE],
  ] as const)('take %s or leave it', (_what, counted, more, expected) => {
    expect(before(planOf(MARGINAL, more), [counted])).toEqual(expected);
  });

  test('of the next trading day leave out the day itself', () => {
    const plan = planOf({ ...MARGINAL, mode: 'next-day' });
    const yesterday = trades({ tradeDate: day('2025-12-19') });
    expect(before(plan, [trades(), trades(), yesterday])).toEqual(ONE);
    expect(before(plan, [trades(), trades()])).toEqual(NONE);
  });

  test('of a choice that names no trades take all of them', () => {
    const { query, lines } = planOf(MARGINAL, { sides: 'BUY' });
    const choice = without('monthScope', lines[0]!.choice);
    const counters = new MonthCounters([trades({ side: 'SELL', instrumentType: 'ETF' })]);
    expect(counters.before({ ...lines[0]!, choice }, query)).toEqual(ONE);
  });

  test('are of a currency: an order without one is refused', () => {
    const { query, lines } = planOf(MARGINAL);
    const why = 'what counts for a monthly tier has a currency';
    const refusal = { code: 'UNSUPPORTED', details: { why, feeCode: 'COMMISSION' } };
    expect(() => new MonthCounters([]).before(lines[0]!, without('currency', query))).toThrow(
      expect.objectContaining(refusal) as Error,
    );
  });

  test('take back what a contract had added that was amended', () => {
    const wrong = trades();
    const back = counted('AMENDMENT_REVERSE', trades({ side: 'SELL' }));
    for (const sides of ['BUY', 'BOTH'] as const) {
      expect(before(planOf(MARGINAL, { sides }), [wrong, back])).toEqual(NONE);
    }
    const sold = counted('AMENDMENT_REVERSE', trades());
    expect([back.side, sold.side]).toEqual(['BUY', 'SELL']);
    const right = counted('AMENDMENT_NEW', trades());
    expect(before(planOf(MARGINAL), [wrong, back, right])).toEqual(ONE);
  });

  test('add up, in whatever order trades come', () => {
    const counted = [trades(), trades({ side: 'SELL' }), trades()];
    expect(before(planOf(MARGINAL), counted)).toEqual({
      ordersBefore: 3,
      sharesBefore: '30',
      turnoverBefore: '3001.5',
    });
  });
});

test('who is counted by the month: packages and accounts that a monthly rule is for', () => {
  const personal = { ...commission, scheduleId: null, accountNo: 'A1' };
  const global = { ...commission, scheduleId: null };
  const flat = { ...global, formula: { kind: 'flat', amount: '1' } } as const;
  expect(countedByMonth([commission, personal, flat])).toEqual({
    everyone: false,
    scheduleIds: new Set(['hk-value-tier-marginal']),
    accountNos: new Set(['A1']),
  });
  expect(countedByMonth([global, personal]).everyone).toBe(true);
});
