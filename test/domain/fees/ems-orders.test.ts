import { describe, expect, it } from 'vitest';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { priceInto } from '../../../domain/fees/fee-kernel.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import type { OrderToPrice } from '../../../domain/fees/tariff-plan.ts';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { anyRule } from './any-rule.ts';

const PER_EMS_ORDER = { kind: 'perEmsOrder', amount: '3' } as const;
const QUERY = {
  ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
  side: 'BUY',
  ...{ tradeDate: parseBusinessDate('2025-12-22'), channel: 0 },
} as const;

/** What billing sees: the place of the order (null of all), metric and amount of each row. */
function rowsOf(changes: Partial<FeeRule>, trade: OrderToPrice) {
  const rule = anyRule({ formula: { kind: 'flat', amount: '1' }, ...changes });
  const rows: (readonly [number | null, string, string])[] = [];
  priceInto(compileTariff([rule], QUERY), trade, (_line, _at, _execution, order, ...texts) => {
    const [metric, , , amount] = texts;
    rows.push([order < 0 ? null : order, metric, amount]);
  });
  return rows;
}

describe('the unit of an EMS order', () => {
  it('an EMS order pays once for all of its orders, under the place of the first one', () => {
    const parts: OrderToPrice = {
      quantities: ['10', '20', '30', '40', '50'],
      prices: ['1', '1', '1', '1', '1'],
      orderOf: [0, 1, 2, 3, 3],
      emsOrderOf: [0, 1, 0, 1],
    };
    const of = (one: Partial<FeeRule>, trade = parts) => rowsOf(one, trade);
    const rate = { kind: 'rate', rate: '0.1' } as const;
    expect(of({ unit: 'emsOrder', formula: rate, min: '5' })).toEqual([
      [0, '40', '5.00'],
      [1, '110', '11.00'],
    ]);
    expect(of({ unit: 'contract', formula: PER_EMS_ORDER })).toEqual([[null, '2', '6.00']]);
    expect(of({ unit: 'order', formula: PER_EMS_ORDER }).map(([, metric]) => metric)).toEqual([
      ...['1', '1', '1', '1'],
    ]);
    const orders = { kind: 'perOrder', amount: '1' } as const;
    expect(of({ unit: 'emsOrder', formula: orders }).map(([, metric]) => metric)).toEqual([
      ...['2', '2'],
    ]);
    const single: OrderToPrice = { quantities: ['10'], prices: ['1'] };
    expect(of({ unit: 'emsOrder', formula: PER_EMS_ORDER }, single)).toEqual([[null, '1', '3.00']]);
  });

  it('orders that name no EMS order are each their own', () => {
    const unit = 'emsOrder';
    const parts = { quantities: ['10', '20', '30'], prices: ['1', '1', '1'], orderOf: [0, 0, 1] };
    const flat = { kind: 'flat', amount: '1' } as const;
    const byEmsOrder = rowsOf({ unit, formula: flat }, parts);
    expect(byEmsOrder).toEqual(rowsOf({ unit: 'order', formula: flat }, parts));
    expect(rowsOf({ unit: 'contract', formula: PER_EMS_ORDER }, parts)).toEqual([
      ...[[null, '2', '6.00']],
    ]);
  });
});
