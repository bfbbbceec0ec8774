import { describe, expect, it } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { emsOrderPlaces } from '../../../domain/fees/ems-order-places.ts';
import type { FeeFormula, FeeRule } from '../../../domain/fees/fee-rule.ts';
import { foreignRefusal, inTradeCurrency, rateFor } from '../../../domain/fees/foreign-rule.ts';
import { rateOn, type FxRate } from '../../../domain/fees/fx-rate.ts';
import { newFxRates } from '../../../domain/fees/new-fx-rates.ts';
import type { TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const DAY = parseBusinessDate('2025-12-22');
const PAIR = { from: 'USD', to: 'HKD' };
const fx = (rateId: number, changes: Partial<FxRate> = {}): FxRate => ({
  ...{ ...PAIR, rateId, rate: '7.8', validFrom: DAY, version: 1, source: 'the bank' },
  ...changes,
});
const RATE = fx(1);
const flat = { kind: 'flat', amount: '2' } as const;
const inUsd = (changes: Partial<FeeRule> & Pick<FeeRule, 'formula'>) =>
  anyRule({ currency: 'USD', ...changes });

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    const { code, details } = error as { code: string; details: object };
    return { code, ...details };
  }
  return 'it was accepted';
}

describe('the rate of a pair', () => {
  const rates = [
    fx(1, { validFrom: addDays(DAY, 2) }),
    fx(2),
    fx(3, { version: 2 }),
    fx(4, { from: 'HKD', to: 'USD' }),
    fx(5, { to: 'CNY' }),
    fx(6, { from: 'EUR' }),
  ];
  it.each([
    ['before the first', -1, undefined],
    ['on its first day, the highest version', 0, 3],
    ['on the day before the next', 1, 3],
    ['on the first day of the next', 2, 1],
    ['from then on', 90, 1],
  ])('%s', (_what, days, rateId) => {
    for (const list of [rates, rates.toReversed()]) {
      expect(rateOn(list, PAIR, addDays(DAY, days))?.rateId).toBe(rateId);
    }
  });
});

describe('the rate that a rule needs', () => {
  const SILENT: TariffQuery = {
    ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
    ...{ tradeDate: DAY, channel: null },
    side: 'BUY',
  };
  const QUERY: TariffQuery = { ...SILENT, currency: 'HKD' };
  const book = { rates: [RATE], currencyOf: new Map([['HK', 'HKD']]) };
  const rule = inUsd({ formula: flat });

  it('is none in one currency, or where the trade says none', () => {
    expect(rateFor(anyRule({ formula: flat }), QUERY, book)).toBeUndefined();
    expect(rateFor(rule, SILENT, book)).toBeUndefined();
  });

  it('is that of the trade date', () => {
    expect(rateFor(rule, QUERY, book)).toBe(RATE);
  });

  it('is refused by pair and date where there is none', () => {
    const tradeDate = addDays(DAY, -1);
    expect(refusal(() => rateFor(rule, { ...QUERY, tradeDate }, book))).toEqual({
      ...{ code: 'FX_RATE_MISSING', ...PAIR, tradeDate, market: 'HK', feeCode: 'ANY', ruleId: 1 },
    });
  });

  it('is refused for a trade in another currency than its market’s', () => {
    const why = 'the trade is in another currency than its market and the fee';
    expect(refusal(() => rateFor(rule, { ...QUERY, currency: 'CNY' }, book))).toEqual({
      ...{ code: 'UNSUPPORTED', why, feeCode: 'ANY' },
      ...{ feeCurrency: 'USD', tradeCurrency: 'CNY' },
    });
  });
});

describe('a rule in the trade currency', () => {
  const tier = (gt: string, lte: string | null, rate: string, min?: string) => ({
    ...{ gt, lte, rate },
    ...(min === undefined ? {} : { min }),
  });
  it.each<[FeeFormula, FeeFormula]>([
    ...(
      ['flat', 'perShare', 'perContract', 'perOrder', 'perEmsOrder', 'perExecution'] as const
    ).map((kind): [FeeFormula, FeeFormula] => [
      { kind, amount: '2' },
      { kind, amount: '15.6' },
    ]),
    [
      { kind: 'amountTier', tiers: [tier('0', '10', '0.1', '1'), tier('10', null, '0.2')] },
      { kind: 'amountTier', tiers: [tier('0', '78', '0.1', '7.8'), tier('78', null, '0.2')] },
    ],
    [
      { kind: 'quantityTier', tiers: [tier('0', '10', '0.1', '1'), tier('10', null, '0.2')] },
      { kind: 'quantityTier', tiers: [tier('0', '10', '0.78', '7.8'), tier('10', null, '1.56')] },
    ],
    [
      { kind: 'orderTier', tiers: [{ upTo: 5, flat: '1' }] },
      { kind: 'orderTier', tiers: [{ upTo: 5, flat: '7.8' }] },
    ],
    [
      { kind: 'shareTier', tiers: [{ upTo: null, perShare: '1' }] },
      { kind: 'shareTier', tiers: [{ upTo: null, perShare: '7.8' }] },
    ],
    ...(
      [
        { kind: 'rate', rate: '0.1' },
        { kind: 'perMillion', amount: '20.6' },
        { kind: 'ofFees', rate: '0.1', feeCodes: ['A'] },
      ] as const
    ).map((formula): [FeeFormula, FeeFormula] => [formula, formula]),
  ])('%j is %j', (formula, converted) => {
    expect(inTradeCurrency(inUsd({ formula }), RATE)).toEqual(anyRule({ formula: converted }));
  });

  it('has its bounds there, and a threshold where the metric is money', () => {
    const bounds = { threshold: '10', min: '1', max: '100', capRate: '0.005' };
    const there = { min: '7.8', max: '780', capRate: '0.005' };
    const ofMoney: FeeFormula[] = [
      ...([
        { kind: 'rate', rate: '0.1' },
        { kind: 'perMillion', amount: '20.6' },
      ] as const),
      { kind: 'ofFees', rate: '0.1', feeCodes: ['A'] },
      { kind: 'amountTier', tiers: [tier('0', null, '0.1')] },
    ];
    for (const formula of ofMoney) {
      const rule = inTradeCurrency(inUsd({ formula, ...bounds }), RATE);
      expect(rule).toMatchObject({ ...there, threshold: '78' });
    }
    const ofShares = inUsd({ formula: { kind: 'perShare', amount: '1' }, ...bounds });
    expect(inTradeCurrency(ofShares, RATE)).toMatchObject({ ...there, threshold: '10' });
  });
});

describe('why a rule cannot be in another currency', () => {
  it.each<[Partial<FeeRule> & Pick<FeeRule, 'formula'>, unknown]>([
    [{ formula: flat }, undefined],
    [
      { formula: flat, floorPerLine: '0.01' },
      {
        field: 'floorPerLine',
        reason: 'is an amount after rounding, so it has to be in the currency of the market',
      },
    ],
    [
      { formula: { kind: 'remainder', totalFactor: '1.01' } },
      { field: 'currency', reason: 'a remainder is left in the currency of the market' },
    ],
    [
      { formula: { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: null, rate: '1' }] } },
      { field: 'currency', reason: 'a month has many rates, and its turnover none' },
    ],
  ])('%j', (changes, said) => {
    expect(foreignRefusal(inUsd(changes))).toEqual(said);
  });
});

describe('rates that are entered', () => {
  const draft = (days: number, rate = '7.8') => ({ validFrom: addDays(DAY, days), rate });
  const enter = (rates: ReturnType<typeof draft>[], pair = PAIR) =>
    newFxRates(pair, { source: 'the bank', rates }, [fx(1, { version: 4 }), fx(2, { version: 2 })]);

  it('are each the next version of their day', () => {
    expect(enter([draft(1, '7.79'), draft(0)])).toEqual([
      { ...PAIR, ...draft(1, '7.79'), version: 1, source: 'the bank' },
      { ...PAIR, ...draft(0), version: 5, source: 'the bank' },
    ]);
  });

  it('are refused with every row and field that is wrong', () => {
    const zero = 'has to be above zero';
    const twice = 'is the day of a row above';
    expect(refusal(() => enter([draft(0, '0.00'), draft(1), draft(0, '0'), draft(1)]))).toEqual({
      code: 'BAD_REQUEST',
      errors: [
        { in: 'body', field: '/payload/rates/0/rate', message: zero },
        { in: 'body', field: '/payload/rates/2/rate', message: zero },
        { in: 'body', field: '/payload/rates/2/validFrom', message: twice },
        { in: 'body', field: '/payload/rates/3/validFrom', message: twice },
      ],
    });
  });

  it('are of two currencies', () => {
    expect(refusal(() => enter([draft(0)], { from: 'HKD', to: 'HKD' }))).toEqual({
      code: 'BAD_REQUEST',
      errors: [{ in: 'body', field: '/target/to', message: 'is the same as from' }],
    });
  });
});

describe('emsOrderPlaces', () => {
  it('numbers EMS orders as they appear; an order without one is its own', () => {
    expect(emsOrderPlaces([])).toEqual([]);
    expect(emsOrderPlaces(['X', null, 'Y', 'X', null, 'Y'])).toEqual([0, 1, 2, 0, 3, 2]);
  });
});
