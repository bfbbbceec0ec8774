import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff, tariffKey } from '../../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const ROUNDING = { mode: 'half-up', increment: '0.01' } as const;
const QUERY: TariffQuery = {
  scheduleId: 'any',
  market: 'HK',
  instrumentType: 'EQUITY',
  stampDutyExempt: false,
  side: 'BUY',
  tradeDate: MON_2025_12_22,
  channel: null,
};
const RULE = anyRule({ formula: { kind: 'flat', amount: '1' } });

describe('plans are remembered by a key', () => {
  it('that no two different queries share', () => {
    const queries: readonly Partial<TariffQuery>[] = [
      ...[{}, { scheduleId: 'other' }, { market: 'US' }, { instrumentType: 'ETF' }],
      ...[{ stampDutyExempt: true }, { side: 'SELL' as const }],
      ...[
        { tradeDate: parseBusinessDate('2025-12-23') },
        { channel: 0 },
        { channel: 6 },
        { channel: 9 },
      ],
      ...[{ stage: 'GREY' as const }, { accountNo: 'A1' }, { accountNo: 'A2' }],
      ...[{ instrumentId: 'HK.1' }, { instrumentId: 'HK.2' }, { currency: 'HKD' }],
      ...[{ currency: 'USD' }, { feeUnit: 'order' as const }, { feeUnit: 'contract' as const }],
      ...[{ marketLines: [] }, { marketLines: ['A', 'B'] }, { marketLines: ['AB'] }],
      { ownRulesOptional: true },
      ...['p', 'q'].map((policyId) => ({ roundingPolicy: { policyId, base: ROUNDING } })),
    ];
    const keys = queries.map((changes) => tariffKey({ ...QUERY, ...changes }));
    expect(new Set(keys).size).toBe(queries.length);
  });

  it('that is the same for what is absent and what that means', () => {
    const meant = { stage: 'NORMAL', accountNo: null, ownRulesOptional: false } as const;
    expect(tariffKey({ ...QUERY, ...meant, instrumentId: null })).toBe(tariffKey(QUERY));
  });
});

describe('the choice of a rule', () => {
  const choiceOf = (changes: Partial<FeeRule>) =>
    compileTariff([RULE, { ...RULE, ruleId: 2, ...changes }], { ...QUERY, accountNo: 'A1' })
      .lines[0]?.choice;

  it('says whose the rule is and what held', () => {
    const conditions = { accounts: ['A1'] };
    expect(choiceOf({ scheduleId: null, accountNo: 'A1', conditions })).toMatchObject({
      ...{ ruleId: 2, scheduleId: null, accountNo: 'A1', conditions },
    });
  });

  it('has no field for what the rule does not have', () => {
    const optional = ['accountNo', 'conditions', 'threshold', 'divisor'];
    const fields = Object.keys(choiceOf({}) ?? {});
    expect(fields).toContain('ruleId');
    expect(fields.filter((field) => optional.includes(field))).toEqual([]);
  });

  it.each([
    ['feeUnit', 'account-day', true],
    ['feeUnit', 'order', false],
    ['account-day', 'account-day', false],
  ] as const)(
    'of unit %s adds executions up where the schedule says %s: %s',
    (unit, feeUnit, adds) => {
      const roundingPolicy = { policyId: 'p', base: ROUNDING, sumExecutions: true } as const;
      const plan = compileTariff([{ ...RULE, unit }], { ...QUERY, feeUnit, roundingPolicy });
      expect(plan.lines[0]?.choice).toMatchObject({ unit: feeUnit, sumExecutions: adds });
    },
  );

  it('is refused for a trade in another currency than its market, with both', () => {
    let refusal: unknown;
    try {
      compileTariff([RULE], { ...QUERY, currency: 'USD' });
    } catch (error) {
      refusal = error;
    }
    const why = 'the trade is in another currency than its market and the fee';
    expect(refusal).toMatchObject({
      code: 'UNSUPPORTED',
      details: { why, feeCode: 'ANY', feeCurrency: 'HKD', tradeCurrency: 'USD' },
    });
  });
});
