import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { cycleThrough, inDependencyOrder } from '../../../domain/fees/fee-dependencies.ts';
import type { FeeFormula } from '../../../domain/fees/fee-rule.ts';
import type { TariffLine } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

describe('cycleThrough', () => {
  const sources = new Map([
    ['A', ['DEAD_END', 'B']],
    ['B', ['C']],
    ['C', ['A', 'B']],
    ['DEAD_END', []],
    ['BESIDE', ['B']],
  ]);
  it.each([
    ['a code that comes back to itself, over the first way that does', 'A', ['A', 'B', 'C', 'A']],
    ['a code on the way', 'B', ['B', 'C', 'A', 'B']],
    ['a code that leads into a circle of others', 'BESIDE', undefined],
    ['a code computed from nothing', 'DEAD_END', undefined],
    ['a code that nobody has heard of', 'STRANGER', undefined],
  ])('of %s', (_what, feeCode, way) => {
    expect(cycleThrough(feeCode, sources)).toEqual(way);
  });
});

describe('inDependencyOrder', () => {
  const {
    lines: [sample],
  } = compileTariff([anyRule({ formula: { kind: 'flat', amount: '1' } })], {
    ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
    ...{ side: 'BUY', tradeDate: parseBusinessDate('2025-12-22'), channel: null },
  });
  const line = (feeCode: string, formula: FeeFormula): TariffLine => ({
    ...sample!,
    feeCode,
    choice: { ...sample!.choice, feeCode, formula },
  });
  const flat = (feeCode: string) => line(feeCode, { kind: 'flat', amount: '1' });
  const ofFees = (feeCode: string, ...feeCodes: string[]) =>
    line(feeCode, { kind: 'ofFees', rate: '1', feeCodes });
  const REST = line('REST', { kind: 'remainder', totalFactor: '1' });
  const orderOf = (...lines: TariffLine[]) =>
    inDependencyOrder(lines).map(({ feeCode }) => feeCode);

  it('leaves lines that need nothing where they are', () => {
    expect(orderOf(flat('B'), flat('A'), flat('C'))).toEqual(['B', 'A', 'C']);
  });

  it('puts sources before what is computed from them, over any number of steps', () => {
    const lines = [ofFees('TAX', 'LEVY', 'ABSENT'), ofFees('LEVY', 'FEE'), flat('FEE'), flat('X')];
    expect(orderOf(...lines)).toEqual(['FEE', 'LEVY', 'TAX', 'X']);
  });

  it('puts a remainder behind all others', () => {
    expect(orderOf(REST, ofFees('TAX', 'FEE'), flat('FEE'))).toEqual(['FEE', 'TAX', 'REST']);
  });

  it('refuses a circle, which no tariff may be billed by, with the way round', () => {
    let refusal: unknown;
    try {
      orderOf(flat('X'), ofFees('A', 'X', 'B'), ofFees('B', 'A'));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      code: 'FEE_RULE_INVALID',
      details: {
        ...{ field: 'formula', reason: 'is computed from itself', ruleId: 1 },
        cycle: ['A', 'B', 'A'],
      },
    });
  });
});
