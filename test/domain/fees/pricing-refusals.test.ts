import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { priceInto } from '../../../domain/fees/fee-kernel.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { OrderToPrice } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');

/** What billing does with an order under one rule by the month, which the reference prices. */
function thrown(formula: FeeRule['formula'], order: OrderToPrice): unknown {
  const rule = anyRule({ formula });
  const plan = compileTariff([rule], {
    scheduleId: 'any',
    market: 'HK',
    instrumentType: 'EQUITY',
    stampDutyExempt: false,
    side: 'BUY',
    tradeDate: MON_2025_12_22,
    channel: null,
  });
  try {
    return priceInto(plan, order, () => undefined);
  } catch (error) {
    return error;
  }
}

describe('a number that is none', () => {
  const formula = { kind: 'orderTier', tiers: [{ upTo: null, flat: '1' }] } as const;
  it.each<[string, Partial<OrderToPrice>]>([
    ['quantity', { quantities: ['1e3'] }],
    ['price', { prices: ['1,5'] }],
    ['price', { quantities: ['1', '2'] }],
    ['multiplier', { multiplier: '' }],
    ['fxRate', { fxRate: '7.8.' }],
    ['sharesBefore', { monthToDate: () => ({ sharesBefore: 'some' }) }],
    ['turnoverBefore', { monthToDate: () => ({ turnoverBefore: '+1' }) }],
  ])('is refused with its field: %s', (what, wrong) => {
    const order = { quantities: ['1'], prices: ['1'], ...wrong };
    expect(thrown(formula, order)).toMatchObject({ code: 'NOT_A_DECIMAL', details: { what } });
  });
});

describe('monthly tiers that do not say what an order pays', () => {
  const month = { sharesBefore: '95', turnoverBefore: '95' };
  const before = { quantities: ['10'], prices: ['1'], monthToDate: () => month };
  it.each<[string, FeeRule['formula'], string]>([
    ['orders', { kind: 'orderTier', tiers: [{ upTo: 0, flat: '1' }] }, '1'],
    ['shares', { kind: 'shareTier', tiers: [{ upTo: 100, perShare: '1' }] }, '105'],
    [
      'turnover',
      { kind: 'turnoverTier', mode: 'marginal', tiers: [{ upTo: '100', rate: '1' }] },
      '105',
    ],
    [
      'turnover reached',
      { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: '100', rate: '1' }] },
      '105',
    ],
  ])('an end before the order: %s', (_what, formula, position) => {
    const refusal = { code: 'FEE_RULE_MISSING', details: { why: 'no tier', position } };
    expect(thrown(formula, before)).toMatchObject(refusal);
  });

  it('terms that nobody published: the reason and the tier', () => {
    const tiers = [{ upTo: null, rate: '1', unsupported: 'not published' }];
    const refusal = { code: 'UNSUPPORTED', details: { why: 'not published', upTo: null } };
    for (const mode of ['marginal', 'slab', 'next-day'] as const) {
      expect(thrown({ kind: 'turnoverTier', mode, tiers }, before)).toMatchObject(refusal);
    }
  });
});
