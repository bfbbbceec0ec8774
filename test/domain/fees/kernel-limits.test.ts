import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { IntegerKernel } from '../../../domain/fees/integer-kernel.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { OrderToPrice, TariffPlan } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';

const LARGEST = String(Number.MAX_SAFE_INTEGER);
const TINY = (decimals: number): string => `0.${'0'.repeat(decimals - 1)}1`;

type Terms = Partial<FeeRule> & Pick<FeeRule, 'formula'>;
const rate = (text: string): Terms => ({ formula: { kind: 'rate', rate: text } });
const flat = (text: string): Terms => ({ formula: { kind: 'flat', amount: text } });
const FREE = rate('0');

function planOf(terms: readonly Terms[], side: 'BUY' | 'SELL'): TariffPlan {
  const rules = terms.map((each, at) => anyRule({ ruleId: at + 1, feeCode: `F${at}`, ...each }));
  return compileTariff(rules, {
    ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: true },
    ...{ side, tradeDate: parseBusinessDate('2025-12-22'), channel: null },
  });
}

/** All texts of the rows and the sums; null when the kernel leaves the order to the reference. */
function byKernel(plan: TariffPlan, order: OrderToPrice): unknown {
  const rows: unknown[] = [];
  const sums = new IntegerKernel().run(plan, plan.kernel!, order, (...row) => {
    rows.push(row.slice(1, 8));
  });
  if (sums !== null) return { rows, sums };
  expect(rows).toEqual([]);
  return null;
}

function byReference(plan: TariffPlan, order: OrderToPrice): unknown {
  const { lines, ...sums } = priceExecutions(plan, order);
  const rows = lines.map(({ feeCode, executionIndex, metric, exact, clamp, amount }) => [
    ...[plan.lines.findIndex((line) => line.feeCode === feeCode), executionIndex ?? -1, -1],
    ...[metric, exact, clamp, amount],
  ]);
  return { rows, sums };
}

const order = (quantity: string, price = '1'): OrderToPrice => ({
  quantities: [quantity],
  prices: [price],
});

describe('the kernel leaves to the reference what has no room in a double', () => {
  it.each<[string, readonly Terms[], OrderToPrice]>([
    ['metric times rate', [rate('2')], order(LARGEST)],
    ['23 decimals of metric and rate', [rate(TINY(12))], order('1', TINY(11))],
    ['the cap', [{ ...FREE, capRate: '2' }], order(LARGEST)],
    ['the cap before a minimum', [{ ...FREE, capRate: '2', minBeatsMax: true }], order(LARGEST)],
    ['23 decimals of the cap', [{ ...FREE, capRate: TINY(12) }], order('1', TINY(11))],
    [
      'tenths of the amount',
      [{ ...rate('1'), rounding: { mode: 'floor', increment: '0.1' } }],
      order(LARGEST),
    ],
    [
      'cents of whole units',
      [{ ...rate('1'), rounding: { mode: 'floor', increment: '1' } }],
      order(LARGEST),
    ],
    ['the sum of fees', [flat('60000000000000'), flat('60000000000000')], order('1')],
    ['the consideration in cents', [FREE], order(LARGEST)],
    ['fees at the scale of the consideration', [flat('90000000000')], order('1', TINY(10))],
    ['what the buyer pays', [flat('1')], order('90071992547409')],
    [
      'the consideration with its multiplier',
      [FREE],
      { ...order('99999999', '9999999'), multiplier: '1000' },
    ],
    [
      'the consideration in the currency of the rule',
      [FREE],
      { ...order('99999999', '9999999'), fxRate: '1000' },
    ],
    ['the sum of quantities', [FREE], { quantities: [LARGEST, '1'], prices: ['0', '0'] }],
    ['more prices than quantities', [FREE], { quantities: ['1'], prices: ['1', '2'] }],
    ['a price that is none', [FREE], order('1', '1,5')],
    ['a multiplier that is none', [FREE], { ...order('1'), multiplier: '-1' }],
  ])('%s', (_what, terms, trade) => {
    expect(byKernel(planOf(terms, 'BUY'), trade)).toBeNull();
  });
});

describe('the kernel gives the texts of the reference up to there', () => {
  it.each<[string, readonly Terms[], OrderToPrice]>([
    ['22 decimals of metric and rate', [rate(TINY(11))], order('1', TINY(11))],
    ['22 decimals of the cap', [{ ...FREE, capRate: TINY(11) }], order('1', TINY(11))],
    ['the largest sum of fees, to the cent', [flat('90071992547409.91')], order('1', '0')],
    ['what the seller gets below nothing', [flat('90071992547409.91')], order('1', '0.5')],
    ['a cap of nothing', [{ ...flat('5'), capRate: '0' }], order('100')],
    [
      'an exemption beside other lines, of several executions',
      [
        { ...rate('0.001'), unit: 'execution', min: '3' },
        { ...rate('0.5'), unit: 'execution', exemptByInstrumentFlag: true },
        { ...rate('0.5'), exemptByInstrumentFlag: true },
        { formula: { kind: 'perExecution', amount: '2' }, unit: 'order' },
        { formula: { kind: 'perShare', amount: '2', skipBelowAmount: true }, max: '500' },
      ],
      { quantities: ['100', '250.5', '7'], prices: ['12.5', '2', '1.99'] },
    ],
    ['no execution', [flat('1')], { quantities: [], prices: [] }],
  ])('%s', (_what, terms, trade) => {
    // What a buyer pays for the largest fee has no room.
    for (const side of trade.prices[0] === '0.5'
      ? (['SELL'] as const)
      : (['BUY', 'SELL'] as const)) {
      const plan = planOf(terms, side);
      expect(byKernel(plan, trade)).toEqual(byReference(plan, trade));
    }
  });
});
