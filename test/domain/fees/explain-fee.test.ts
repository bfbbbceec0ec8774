import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { explainFee, type ExplainedLine } from '../../../domain/fees/explain-fee.ts';
import type { FeeFormula, FeeRule, RoundingPolicy } from '../../../domain/fees/fee-rule.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { FeeChoice, FeeLine, OrderToPrice } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const MONTH = { ordersBefore: 4, sharesBefore: '900', turnoverBefore: '900' };
const ORDER: OrderToPrice = { quantities: ['200'], prices: ['2'], monthToDate: () => MONTH };

interface Priced {
  readonly line: FeeLine;
  readonly choice: FeeChoice;
}

/** The only row of the fee `ANY`. */
function priced(
  changes: Partial<FeeRule> & Pick<FeeRule, 'formula'>,
  order: OrderToPrice = ORDER,
  roundingPolicy?: RoundingPolicy,
): Priced {
  const other = anyRule({ ruleId: 2, feeCode: 'OTHER', formula: { kind: 'flat', amount: '10' } });
  const plan = compileTariff([anyRule(changes), other], {
    ...{ scheduleId: 'any', market: 'HK', instrumentType: 'ETF', stampDutyExempt: true },
    ...{ side: 'SELL', tradeDate: MON_2025_12_22, channel: null, feeUnit: 'account-day' },
    ...(roundingPolicy === undefined ? {} : { roundingPolicy }),
  });
  const [line] = priceExecutions(plan, order).lines.filter(({ feeCode }) => feeCode === 'ANY');
  return { line: line!, choice: plan.lines.find(({ feeCode }) => feeCode === 'ANY')!.choice };
}

const explained = (...of: Parameters<typeof priced>) => {
  const { line, choice } = priced(...of);
  return explainFee(line, choice);
};

const tier = (gt: string, lte: string | null, rate: string, min?: string) => ({
  ...{ gt, lte, rate },
  ...(min === undefined ? {} : { min }),
});

describe('the arithmetic of each formula', () => {
  it.each<[FeeFormula, string, string, string | null]>([
    [{ kind: 'rate', rate: '0.001' }, '400', '400 × 0.001', '0.4'],
    [{ kind: 'perMillion', amount: '20.60' }, '400', '400 × 20.60 ÷ 1000000', '0.00824'],
    [{ kind: 'perShare', amount: '0.05' }, '200', '200 × 0.05', '10'],
    [{ kind: 'perContract', amount: '2' }, '200', '200 × 2', '400'],
    [{ kind: 'perOrder', amount: '3' }, '1', '1 × 3', '3'],
    [{ kind: 'perExecution', amount: '3' }, '1', '1 × 3', '3'],
    [{ kind: 'flat', amount: '15.00' }, '1', '15.00', '15'],
    [
      { kind: 'quantityTier', tiers: [tier('0', '150', '0.1'), tier('150', null, '0.02', '5')] },
      '200',
      '150 × 0.1 + at least 5: 50 × 0.02',
      '20',
    ],
    [{ kind: 'amountTier', tiers: [tier('0', null, '0.01')] }, '400', '400 × 0.01', '4'],
    [
      { kind: 'orderTier', tiers: [{ upTo: 5, flat: '30' }] },
      '5',
      'order 5 of the month: 30',
      '30',
    ],
    [
      {
        kind: 'shareTier',
        tiers: [
          { upTo: 1000, perShare: '0.1' },
          { upTo: null, perShare: '0.05' },
        ],
      },
      '200',
      '100 × 0.1 + 100 × 0.05',
      '15',
    ],
    [
      { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: null, rate: '0.01' }] },
      '400',
      '400 × 0.01',
      '4',
    ],
  ])('%j', (formula, metric, arithmetic, result) => {
    const steps = explained({ formula });
    expect(steps.find(({ step }) => step === 'compute')).toEqual({
      ...{ step: 'compute', formula, metric, arithmetic, result },
    });
    expect(steps.at(-1)).toMatchObject({ step: 'round', mode: 'half-up', increment: '0.01' });
  });

  it('of tiers on nothing is 0', () => {
    const formula = { kind: 'quantityTier', tiers: [tier('0', null, '1')] } as const;
    const steps = explained({ formula }, { quantities: ['0'], prices: ['1'] });
    expect(steps[0]).toMatchObject({ arithmetic: '0', result: '0' });
  });

  it('of a fee of fees names the codes', () => {
    const formula = { kind: 'ofFees', rate: '0.06', feeCodes: ['OTHER', 'ABSENT'] } as const;
    expect(explained({ unit: 'contract', formula })).toEqual([
      ...[{ step: 'compute', formula, metric: '10', arithmetic: '10 (OTHER + ABSENT) × 0.06' }].map(
        (step) => ({ ...step, result: '0.6' }),
      ),
      { step: 'round', mode: 'half-up', increment: '0.01', result: '0.60' },
    ]);
  });

  it('of a remainder ends with what is left, which is not rounded again', () => {
    const formula = { kind: 'remainder', totalFactor: '1.03' } as const;
    expect(explained({ unit: 'contract', formula })).toEqual([
      {
        ...{ step: 'compute', formula, metric: '400', result: '2' },
        arithmetic: 'half-up(400 × 1.03) − 400 − other fees',
      },
    ]);
  });

  it('begins with what the month had counted, where the formula asks it', () => {
    const tiers = [{ upTo: null, rate: '0.01' }];
    const formula = { kind: 'turnoverTier', mode: 'marginal', tiers } as const;
    expect(explained({ formula })[0]).toEqual({ step: 'month', before: '900', result: null });
    const steps = explained({ formula: { kind: 'flat', amount: '1' } });
    expect(steps.map(({ step }) => step)).toEqual(['compute', 'round']);
  });
});

describe('the steps of a fee', () => {
  const rate = { kind: 'rate', rate: '0.01' } as const;
  const brief = (...of: Parameters<typeof priced>) =>
    explained(...of).map((step) =>
      'isDeciding' in step
        ? [step.step, 'bound' in step ? step.bound : step.threshold, step.isDeciding, step.result]
        : [step.step, step.result],
    );

  it.each<[string, Partial<FeeRule>, unknown[]]>([
    [
      'a minimum that raises',
      { min: '5' },
      [
        ['compute', '4'],
        ['min', '5', true, '5'],
        ['round', '5.00'],
      ],
    ],
    [
      'bounds that change nothing',
      { min: '4', max: '4', capRate: '0.01' },
      [
        ['compute', '4'],
        ['min', '4', false, '4'],
        ['max', '4', false, '4'],
        ['cap', '0.01', false, '4'],
        ['round', '4.00'],
      ],
    ],
    [
      'a minimum that a cap takes back',
      { min: '5', capRate: '0.005' },
      [
        ['compute', '4'],
        ['min', '5', false, '5'],
        ['cap', '0.005', true, '2'],
        ['round', '2.00'],
      ],
    ],
    [
      'a maximum that a minimum beats',
      { min: '3', max: '2', minBeatsMax: true },
      [
        ['compute', '4'],
        ['max', '2', false, '2'],
        ['min', '3', true, '3'],
        ['round', '3.00'],
      ],
    ],
    [
      'a minimum that is waived for the type',
      { min: '5', minWaivedFor: ['ETF'] },
      [
        ['compute', '4'],
        ['round', '4.00'],
      ],
    ],
    [
      'a threshold that is exceeded',
      { threshold: '399.99' },
      [
        ['threshold', '399.99', false, null],
        ['compute', '4'],
        ['round', '4.00'],
      ],
    ],
    ['a threshold that is not', { threshold: '400' }, [['threshold', '400', true, '0.00']]],
    [
      'the days of a year, before the bounds',
      { divisor: 400, min: '0.5' },
      [
        ['compute', '4'],
        ['divide', '0.01'],
        ['min', '0.5', true, '0.5'],
        ['round', '0.50'],
      ],
    ],
    [
      'a floor under what is rounded',
      { formula: { kind: 'rate', rate: '0.00001' }, floorPerLine: '0.05' },
      [
        ['compute', '0.004'],
        ['round', '0.00'],
        ['floor', '0.05'],
      ],
    ],
    [
      'a floor that is reached',
      { floorPerLine: '4' },
      [
        ['compute', '4'],
        ['round', '4.00'],
      ],
    ],
    [
      'a floor of what is free',
      { formula: { kind: 'rate', rate: '0' }, floorPerLine: '0.05' },
      [
        ['compute', '0'],
        ['round', '0.00'],
      ],
    ],
    ['an exemption', { exemptByInstrumentFlag: true }, [['waived', '0.00']]],
  ])('%s', (_what, changes, steps) => {
    expect(brief({ formula: rate, ...changes })).toEqual(steps);
  });

  it('say why a trade is exempt', () => {
    const exempt = { formula: rate, exemptTypes: [{ type: 'ETF' }] };
    expect(explained(exempt)).toEqual([{ step: 'waived', because: 'exempt-type', result: '0.00' }]);
  });

  it('show a threshold with what it was held against', () => {
    expect(explained({ formula: rate, threshold: '500' })).toEqual([
      {
        ...{ step: 'threshold', threshold: '500', metric: '400' },
        ...{ isDeciding: true, result: '0.00' },
      },
    ]);
  });

  it('of executions that are added up have the bounds of each inside the sum', () => {
    const policy: RoundingPolicy = {
      ...{ policyId: 'sum', base: { mode: 'half-up', increment: '0.01' } },
      sumExecutions: true,
    };
    const order = { quantities: ['200', '1'], prices: ['2', '2'] };
    // 4 and the minimum instead of 0.02.
    expect(brief({ formula: rate, unit: 'feeUnit', min: '3' }, order, policy)).toEqual([
      ['compute', '7'],
      ['round', '7.00'],
    ]);
  });
});

describe('a row that does not follow from its rule', () => {
  const BROKEN = { code: 'BOOKS_OUT_OF_BALANCE', feeCode: 'ANY', ruleId: 1 };
  const why = 'the fee row does not follow from its rule';
  const ofRate = { formula: { kind: 'rate', rate: '0.01' } } as const;
  const ofShares = {
    formula: { kind: 'shareTier', tiers: [{ upTo: null, perShare: '0.1' }] },
  } as const;

  /** What is said against the row with these changes. */
  function against(rule: Parameters<typeof priced>[0], changes: Partial<ExplainedLine>): unknown {
    const { line, choice } = priced(rule);
    try {
      return explainFee({ ...line, ...changes }, choice);
    } catch (error) {
      const { code, details } = error as { code: string; details: object };
      return { code, ...details };
    }
  }

  it('is refused with what was to be expected', () => {
    expect(against(ofRate, { amount: '4.01' })).toEqual({
      ...{ ...BROKEN, why, expected: '4.00', stored: '4.01' },
    });
    expect(against(ofRate, { exact: '4.001' })).toEqual({
      ...{ ...BROKEN, why, expected: '4', stored: '4.001' },
    });
    expect(against({ ...ofRate, max: '4' }, { exact: '3.999' })).toEqual({
      ...{ ...BROKEN, why, expected: '4', stored: '3.999' },
    });
  });

  it('is refused without its place in the month, and with one that it cannot have', () => {
    const lost = { ...BROKEN, why: 'the fee row has lost its place in the month' };
    const turnover = {
      formula: { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: null, rate: '0.1' }] },
    } as const;
    for (const rule of [ofShares, turnover]) {
      expect(against(rule, { monthBefore: null })).toEqual(lost);
    }
    const none = { ...BROKEN, why: 'it has none in the month' };
    expect(against(ofRate, { monthBefore: '900' })).toEqual(none);
    const free = [{ exemptByInstrumentFlag: true as const }, { threshold: '500' }];
    for (const changes of free) {
      const rule = { ...ofShares, ...changes };
      expect(against(rule, {})).toHaveLength(1);
      expect(against(rule, { monthBefore: '900' })).toEqual(none);
    }
  });

  it('is none where only the zeros of the amount differ', () => {
    expect(against(ofRate, { amount: '4' })).toHaveLength(2);
  });
});
