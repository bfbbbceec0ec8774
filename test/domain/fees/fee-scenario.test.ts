import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeFormula, FeeTerms } from '../../../domain/fees/fee-rule.ts';
import { resolveTerms, type FeeScenario } from '../../../domain/fees/fee-scenario.ts';
import { newFeeScenario, type FeeScenarioDraft } from '../../../domain/fees/new-fee-scenario.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const DRAFT: FeeScenarioDraft = {
  effectiveFrom: MON_2025_12_22,
  market: 'HK',
  feeCode: 'COMMISSION',
  sides: 'SELL',
  metric: 'amount',
  unit: 'order',
  rounding: { mode: 'ceil', increment: '0.01' },
};
const SCENARIO: FeeScenario = { ...DRAFT, scenarioId: 'hk-rate', version: 3 };
const BARE: FeeTerms = { effectiveFrom: MON_2025_12_22, currency: 'HKD', min: '3' };
const TIERS = [{ gt: '0', lte: null, rate: '0.1' }];
const MONTHLY = [
  { upTo: 1000, rate: '0.2' },
  { upTo: '5000', rate: '0.15' },
  { upTo: null, rate: '0.1' },
];

const formulaOf = (changes: Partial<FeeScenario>, terms: Partial<FeeTerms>) =>
  resolveTerms({ ...SCENARIO, ...changes }, { ...BARE, ...terms })['formula'];

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { details: unknown }).details;
  }
  return 'it was accepted';
}

describe('terms and their scenario are a whole rule', () => {
  it('with the terms at its place, kept as they were given', () => {
    const terms = { ...BARE, rate: '0.0002' };
    expect(resolveTerms(SCENARIO, terms)).toEqual({
      ...{ sides: 'SELL', unit: 'order', rounding: { mode: 'ceil', increment: '0.01' } },
      ...{ effectiveFrom: MON_2025_12_22, currency: 'HKD', min: '3' },
      formula: { kind: 'rate', rate: '0.0002' },
      scenario: { scenarioId: 'hk-rate', version: 3, terms },
    });
  });

  it('with the types and the divisor of the scenario', () => {
    const given = { instrumentTypes: ['ETF'], divisor: 365 };
    expect(resolveTerms({ ...SCENARIO, ...given }, { ...BARE, rate: '1' })).toMatchObject(given);
  });

  it('and nothing of how the rate was written stays beside the formula', () => {
    const shapes = [{ tiers: TIERS }, { monthlyTiers: MONTHLY, monthlyMode: 'slab' as const }];
    for (const shape of shapes) {
      const fields = Object.keys(resolveTerms(SCENARIO, { ...BARE, ...shape }));
      expect(fields.filter((field) => /rate|tiers|monthly/i.test(field))).toEqual([]);
    }
  });
});

describe('what is counted and the rate become a formula', () => {
  it.each<[FeeScenario['metric'], FeeFormula]>([
    ['amount', { kind: 'rate', rate: '0.5' }],
    ['quantity', { kind: 'perShare', amount: '0.5' }],
    ['contracts', { kind: 'perContract', amount: '0.5' }],
    ['flat', { kind: 'flat', amount: '0.5' }],
    ['orders', { kind: 'perOrder', amount: '0.5' }],
    ['executions', { kind: 'perExecution', amount: '0.5' }],
    ['fees', { kind: 'ofFees', rate: '0.5', feeCodes: ['STAMP'] }],
  ])('%s', (metric, formula) => {
    expect(formulaOf({ metric, feeCodes: ['STAMP'] }, { rate: '0.5' })).toEqual(formula);
  });

  it('fees without a list, which the rule is then refused for', () => {
    const formula = { kind: 'ofFees', rate: '0.5', feeCodes: [] };
    expect(formulaOf({ metric: 'fees' }, { rate: '0.5' })).toEqual(formula);
  });

  it.each<[FeeScenario['metric'], Partial<FeeTerms>, FeeFormula]>([
    ['amount', { tiers: TIERS }, { kind: 'amountTier', tiers: TIERS }],
    ['quantity', { tiers: TIERS }, { kind: 'quantityTier', tiers: TIERS }],
    [
      'amount',
      { monthlyTiers: MONTHLY },
      {
        ...{ kind: 'turnoverTier', mode: 'marginal' },
        tiers: [
          { upTo: '1000', rate: '0.2' },
          { upTo: '5000', rate: '0.15' },
          { upTo: null, rate: '0.1' },
        ],
      },
    ],
    [
      'amount',
      { monthlyTiers: MONTHLY.slice(2), monthlyMode: 'next-day' },
      { kind: 'turnoverTier', mode: 'next-day', tiers: [{ upTo: null, rate: '0.1' }] },
    ],
    [
      'quantity',
      { monthlyTiers: MONTHLY },
      {
        kind: 'shareTier',
        tiers: [
          { upTo: 1000, perShare: '0.2' },
          { upTo: 5000, perShare: '0.15' },
          { upTo: null, perShare: '0.1' },
        ],
      },
    ],
    [
      'orders',
      { monthlyTiers: MONTHLY },
      {
        kind: 'orderTier',
        tiers: [
          { upTo: 1000, flat: '0.2' },
          { upTo: 5000, flat: '0.15' },
          { upTo: null, flat: '0.1' },
        ],
      },
    ],
  ])('%s with %o', (metric, terms, formula) => {
    expect(formulaOf({ metric }, terms)).toEqual(formula);
  });
});

describe('terms that a scenario cannot have are refused with field and reason', () => {
  it.each<[string, Partial<FeeTerms>, readonly string[]]>([
    ['none', {}, []],
    ['two', { rate: '1', tiers: TIERS }, ['rate', 'tiers']],
    [
      'three',
      { rate: '1', tiers: TIERS, monthlyTiers: MONTHLY },
      ['rate', 'tiers', 'monthlyTiers'],
    ],
  ])('%s of rate and tiers', (_what, terms, given) => {
    expect(refusal(() => formulaOf({}, terms))).toEqual({
      ...{ field: 'terms', reason: 'have exactly one of rate, tiers, monthlyTiers', value: given },
    });
  });

  const cannot = (field: string, metric: string) => ({
    ...{ field, reason: `is nothing that ${metric} can have`, value: null },
  });

  it.each(['contracts', 'flat', 'orders', 'executions', 'fees'] as const)(
    'tiers of one transaction on %s',
    (metric) => {
      const terms = { tiers: TIERS };
      expect(refusal(() => formulaOf({ metric }, terms))).toEqual(cannot('tiers', metric));
    },
  );

  it.each(['contracts', 'flat', 'executions', 'fees'] as const)('monthly tiers on %s', (metric) => {
    const terms = { monthlyTiers: MONTHLY };
    expect(refusal(() => formulaOf({ metric }, terms))).toEqual(cannot('monthlyTiers', metric));
  });

  it.each<[FeeScenario['metric'], Partial<FeeTerms>]>([
    ['quantity', { monthlyTiers: MONTHLY, monthlyMode: 'slab' }],
    ['amount', { rate: '1', monthlyMode: 'slab' }],
    ['amount', { tiers: TIERS, monthlyMode: 'slab' }],
  ])('a mode on %s with %o', (metric, terms) => {
    expect(refusal(() => formulaOf({ metric }, terms))).toEqual(cannot('monthlyMode', metric));
  });
});

describe('the first version of a scenario', () => {
  const KNOWN = {
    ...{
      ofMarket: [],
      feeCodes: ['COMMISSION', 'STAMP'],
      currency: 'HKD',
      rates: [],
      nextRuleId: 1,
    },
    today: MON_2025_12_22,
  };
  const open = (changes: Partial<FeeScenarioDraft>) =>
    newFeeScenario('hk-rate', { ...DRAFT, ...changes }, [], KNOWN);

  it('has the number one, and issues nothing', () => {
    expect(open({})).toEqual({ scenario: { ...SCENARIO, version: 1 }, reissued: [] });
  });

  it('of the metric fees names the fees, and no other does', () => {
    const fees = { metric: 'fees', unit: 'contract' } as const;
    expect(open({ ...fees, feeCodes: ['STAMP'] }).scenario.feeCodes).toEqual(['STAMP']);
    const reason = 'belong to the metric fees, and only to it';
    expect(refusal(() => open(fees))).toEqual({ field: 'feeCodes', reason, value: null });
    const both = { feeCodes: ['STAMP'] };
    expect(refusal(() => open(both))).toEqual({ field: 'feeCodes', reason, value: ['STAMP'] });
  });

  it('is refused as a rule of its own would be', () => {
    const annual = { unit: 'feeUnit', divisor: 365 } as const;
    expect(refusal(() => open(annual))).toMatchObject({ field: 'unit' });
  });
});
