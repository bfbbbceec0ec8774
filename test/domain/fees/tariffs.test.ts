import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff, tariffCompiler } from '../../../domain/fees/compile-tariff.ts';
import { explainFee } from '../../../domain/fees/explain-fee.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { parseFeeRule, parseFeeRuleFile } from '../../../domain/fees/parse-fee-rules.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { TariffPlan, TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import { referenceData } from '../reference.ts';

const APP = 0;
const WTT = 6;
const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const { rules } = referenceData;

const RETAIL: TariffQuery = {
  scheduleId: 'sample-hk-retail',
  market: 'HK',
  instrumentType: 'EQUITY',
  stampDutyExempt: false,
  side: 'BUY',
  tradeDate: MON_2025_12_22,
  channel: APP,
  currency: 'HKD',
};
const US_RETAIL: TariffQuery = {
  ...RETAIL,
  scheduleId: 'sample-us-retail',
  market: 'US',
  instrumentType: 'US_EQUITY',
  currency: 'USD',
};

const compile = (changes: Partial<TariffQuery> = {}, base = RETAIL): TariffPlan =>
  compileTariff(rules, { ...base, ...changes });
const codesOf = (plan: TariffPlan): string[] => plan.lines.map((line) => line.feeCode);
const lineOf = (plan: TariffPlan, feeCode: string) =>
  plan.lines.find((line) => line.feeCode === feeCode)!;
const totalOf = (plan: TariffPlan, feeCode: string, quantity: string, price: string): string => {
  const priced = priceExecutions(plan, { quantities: [quantity], prices: [price] });
  return priced.lineTotals[codesOf(plan).indexOf(feeCode)]!;
};

describe('which rule wins', () => {
  test('a schedule carries its own lines, then those of its market', () => {
    expect(codesOf(compile())).toEqual([
      ...['COMMISSION', 'PLATFORM_FEE'],
      ...['SFC_LEVY', 'AFRC_LEVY', 'TRADING_FEE', 'STAMP', 'SETTLEMENT_FEE'],
    ]);
    expect(codesOf(compile({ side: 'SELL' }, US_RETAIL))).toEqual([
      ...['COMMISSION', 'PLATFORM_FEE', 'US_SETTLEMENT', 'SEC31', 'TAF'],
    ]);
  });

  test.each([
    ['TRADING_FEE', '2022-12-31', 1021],
    ['TRADING_FEE', '2023-01-01', 1022],
    ['SETTLEMENT_FEE', '2025-06-29', 1051],
    ['SETTLEMENT_FEE', '2025-06-30', 1052],
  ])('%s on %s is rule %i', (feeCode, tradeDate, ruleId) => {
    const query = {
      scheduleId: 'hk-fixed-15',
      channel: null,
      tradeDate: parseBusinessDate(tradeDate),
    };
    expect(lineOf(compile(query), feeCode).ruleId).toBe(ruleId);
  });

  test('an order of a dealer pays the special commission, every other channel the ordinary one', () => {
    expect(lineOf(compile({ channel: WTT }), 'COMMISSION').choice.losers).toEqual([
      { ruleId: 9001, version: 1, reason: 'ordinary-loses-to-special' },
    ]);
    for (const channel of [0, 1, 2, 3, 4, 5, 7, 8, 9, null]) {
      expect(lineOf(compile({ channel }), 'COMMISSION').choice.losers).toEqual([
        { ruleId: 9002, version: 1, reason: 'channel-condition-not-met' },
      ]);
    }
    const amounts = [APP, WTT].map((channel) =>
      totalOf(compile({ channel }), 'COMMISSION', '10000', '10.00'),
    );
    expect(amounts).toEqual(['30.00', '80.00']);
  });

  test('a corrected version of the same day wins, and the schedule beats its market', () => {
    const own = rules.find((rule) => rule.ruleId === 9001)!;
    const levy = rules.find((rule) => rule.feeCode === 'SFC_LEVY')!;
    const corrected: FeeRule = { ...own, ruleId: 9901, version: 2 };
    const marked: FeeRule = { ...levy, ruleId: 9902, scheduleId: 'sample-hk-retail' };
    const plan = compileTariff([...rules, corrected, marked], RETAIL);
    expect(lineOf(plan, 'COMMISSION').choice.losers).toContainEqual({
      ruleId: 9001,
      version: 1,
      reason: 'later-version-wins',
    });
    expect(lineOf(plan, 'SFC_LEVY').choice.losers).toContainEqual({
      ruleId: levy.ruleId,
      version: 1,
      reason: 'global-loses-to-package',
    });
  });

  test('every rule of a code is either the winner or a loser with its reason', () => {
    const plan = compile({ side: 'BUY' }, US_RETAIL);
    expect(plan.uncharged.map((code) => code.feeCode)).toEqual(['SEC31', 'TAF']);
    const reasons = new Set(plan.uncharged.flatMap((code) => code.losers.map((l) => l.reason)));
    expect(reasons).toEqual(new Set(['other-side', 'other-instrument-type']));
    const told =
      plan.lines.length +
      [...plan.lines.map((line) => line.choice), ...plan.uncharged].flatMap((code) => code.losers)
        .length;
    const concerned = rules.filter(
      (rule) =>
        rule.market === 'US' &&
        (rule.scheduleId === null || rule.scheduleId === 'sample-us-retail'),
    );
    expect(told).toBe(concerned.length);
  });

  test.each([
    ['an unknown schedule', { scheduleId: 'none' }],
    ['a schedule of another market', { scheduleId: 'sample-us-retail' }],
    ['a day before the schedule', { tradeDate: parseBusinessDate('2023-12-29') }],
  ])('%s is FEE_RULE_MISSING', (_why, changes) => {
    expect(() => compile(changes)).toThrow(/FEE_RULE_MISSING/);
  });

  test('a mandatory fee that ran out is FEE_RULE_MISSING, not a free trade', () => {
    const ended = rules.map((rule) =>
      rule.ruleId === 9003 ? { ...rule, effectiveTo: parseBusinessDate('2025-12-21') } : rule,
    );
    expect(() => compileTariff(ended, RETAIL)).toThrow(/FEE_RULE_MISSING.*PLATFORM_FEE/);
  });

  test('a fee in another currency than the trade is refused', () => {
    expect(() => compile({ currency: 'CNY' })).toThrow(/UNSUPPORTED/);
  });

  test('a compiler gives orders with the same facts the same plan', () => {
    const plans = tariffCompiler(rules);
    expect(plans({ ...RETAIL })).toBe(plans({ ...RETAIL }));
    expect(plans({ ...RETAIL, channel: WTT })).not.toBe(plans(RETAIL));
  });
});

describe('exemptions', () => {
  test.each([
    ['an ETF', { instrumentType: 'ETF' }, 'exempt-type'],
    ['a flagged share', { stampDutyExempt: true }, 'exempt-instrument'],
    ['a REIT since 21 December 2024', { instrumentType: 'REIT' }, 'exempt-type'],
    ['an ordinary share', {}, ''],
  ])('stamp duty of %s', (_why, changes, waiver) => {
    const plan = compile(changes);
    expect(lineOf(plan, 'STAMP').choice.waiver).toBe(waiver);
    expect(totalOf(plan, 'STAMP', '1000', '10.01')).toBe(waiver === '' ? '11.00' : '0.00');
  });

  test('New York ignores the stamp duty flag', () => {
    const plan = compile({ stampDutyExempt: true, side: 'SELL' }, US_RETAIL);
    expect(plan.lines.every((line) => line.choice.waiver === '')).toBe(true);
  });

  test('the settlement minimum does not hold for money-market ETFs', () => {
    const query = {
      scheduleId: 'hk-fixed-15',
      instrumentType: 'ETF_FI',
      tradeDate: parseBusinessDate('2024-05-03'),
    };
    expect(totalOf(compile(query), 'SETTLEMENT_FEE', '100', '78.00')).toBe('0.16');
  });
});

describe('amounts', () => {
  const fills = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 90_000 })),
    { minLength: 1, maxLength: 8 },
  );
  const orderOf = (parts: readonly (readonly [number, number])[]) => ({
    quantities: parts.map(([quantity]) => `${quantity}`),
    prices: parts.map(([, cents]) => new Decimal(cents).div(100).toString()),
  });

  test('the order of executions changes neither an order line nor any total', () => {
    fc.assert(
      fc.property(
        fills,
        fc.constantFrom(compile(), compile({ side: 'SELL' }, US_RETAIL)),
        (parts, plan) => {
          const there = priceExecutions(plan, orderOf(parts));
          const back = priceExecutions(plan, orderOf([...parts].reverse()));
          const ofOrder = (rows: typeof there.lines) =>
            rows.filter((row) => row.executionIndex === null);
          expect(ofOrder(back.lines)).toEqual(ofOrder(there.lines));
          expect({ ...back, lines: [] }).toEqual({ ...there, lines: [] });
        },
      ),
    );
  });

  test('a larger trade never pays less', () => {
    const amount = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(amount, amount, fc.constantFrom(...['0', '6']), (a, b, channel) => {
        const plan = compile({ channel: Number(channel) });
        const fee = (quantity: number) =>
          priceExecutions(plan, { quantities: [`${quantity}`], prices: ['7.77'] }).totalFees;
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(new Decimal(fee(low)).lte(fee(high))).toBe(true);
      }),
    );
  });

  test('each row lies within one increment of its exact amount, and rows add up to the total', () => {
    fc.assert(
      fc.property(fills, (parts) => {
        const plan = compile();
        const priced = priceExecutions(plan, orderOf(parts));
        for (const row of priced.lines) {
          const { rounding } = lineOf(plan, row.feeCode).choice;
          expect(new Decimal(row.amount).minus(row.exact).abs().lt(rounding.increment)).toBe(true);
        }
        const sum = priced.lines.reduce((total, row) => total.plus(row.amount), new Decimal(0));
        expect(sum.toFixed(2)).toBe(priced.totalFees);
        expect(new Decimal(priced.gross).plus(sum).toString()).toBe(priced.net);
      }),
    );
  });

  test('only the seller pays the fees of the seller', () => {
    expect(codesOf(compile({}, US_RETAIL))).not.toContain('SEC31');
    const net = (side: 'BUY' | 'SELL') =>
      priceExecutions(compile({ side }), { quantities: ['1000'], prices: ['10.00'] }).net;
    expect([net('BUY'), net('SELL')]).toEqual(['10029.28', '9970.72']);
  });

  test('an execution below the activity fee rate counts no shares', () => {
    const plan = compile({ side: 'SELL', tradeDate: parseBusinessDate('2026-05-04') }, US_RETAIL);
    expect(totalOf(plan, 'TAF', '100000', '0.000194')).toBe('0.00');
    expect(totalOf(plan, 'TAF', '100000', '0.000195')).toBe('9.79');
  });

  test('monthly tiers split an order where it crosses them', () => {
    const rule = parseFeeRule({
      ...rules.find((candidate) => candidate.ruleId === 9001)!,
      mandatory: undefined,
      min: undefined,
      formula: {
        kind: 'turnoverTier',
        mode: 'marginal',
        tiers: [
          { upTo: '1000000', rate: '0.001' },
          { upTo: null, rate: '0.0005' },
        ],
      },
    });
    const plan = compileTariff([rule], RETAIL);
    const monthToDate = { turnoverBefore: '900000' };
    const order = { quantities: ['30000'], prices: ['10'], monthToDate };
    expect(priceExecutions(plan, order).totalFees).toBe('200.00');
  });
});

describe('an explanation', () => {
  const stepsOf = (plan: TariffPlan, feeCode: string, quantity: string, price: string) => {
    const priced = priceExecutions(plan, { quantities: [quantity], prices: [price] });
    const row = priced.lines.find((line) => line.feeCode === feeCode)!;
    // As stored: the choice goes through JSON.
    const choice = JSON.parse(JSON.stringify(lineOf(plan, feeCode).choice)) as never;
    return explainFee(row, choice).map(({ step, result }) => `${step} ${result ?? '?'}`);
  };

  test.each([
    ['COMMISSION', '500', '4.20', ['compute 0.63', 'min 3', 'round 3.00']],
    ['STAMP', '500', '300.40', ['compute 150.2', 'round 151.00']],
    ['PLATFORM_FEE', '500', '4.20', ['compute 15', 'round 15.00']],
  ])('of %s on %s at %s', (feeCode, quantity, price, steps) => {
    expect(stepsOf(compile(), feeCode, quantity, price)).toEqual(steps);
  });

  test('shows a minimum that loses to a cap, and one that beats it', () => {
    const plan = compile({ tradeDate: parseBusinessDate('2025-12-22') }, US_RETAIL);
    expect(stepsOf(plan, 'COMMISSION', '5000', '0.59')).toEqual([
      ...['compute 24.5', 'cap 14.75', 'min 14.75', 'round 14.75'],
    ]);
    expect(stepsOf(plan, 'COMMISSION', '10', '0.59')).toEqual([
      ...['compute 0.049', 'cap 0.049', 'min 0.99', 'round 0.99'],
    ]);
  });

  test('of an exempt trade says so', () => {
    expect(stepsOf(compile({ instrumentType: 'ETF' }), 'STAMP', '500', '25.5')).toEqual([
      'waived 0.00',
    ]);
  });

  test('refuses a row that does not follow from its rule', () => {
    const { choice } = lineOf(compile(), 'STAMP');
    const row = { metric: '150200', exact: '150.2', clamp: '', amount: '150.00' } as const;
    expect(() => explainFee(row, choice)).toThrow(/BOOKS_OUT_OF_BALANCE/);
  });
});

describe('a fee rule file', () => {
  const rule = rules[0]!;

  test.each([
    ['a rate as a number', { formula: { kind: 'rate', rate: 0.001 } }],
    ['a negative minimum', { min: '-1' }],
    ['an unknown formula', { formula: { kind: 'magic', rate: '1' } }],
    ['an unknown unit', { unit: 'week' }],
    ['an unknown rounding', { rounding: { mode: 'random', increment: '0.01' } }],
    ['a day that does not exist', { effectiveFrom: '2025-02-29' }],
  ])('with %s is refused', (_why, changes) => {
    expect(() => parseFeeRule({ ...rule, ...changes })).toThrow(
      /FILE_MALFORMED|NOT_A_CALENDAR_DAY/,
    );
  });

  test('with a rule id that is used twice is refused', () => {
    const file = { roundingPolicies: [], schedules: [], rules: [rule, rule] };
    expect(() => parseFeeRuleFile(file)).toThrow(/FILE_MALFORMED/);
  });
});
