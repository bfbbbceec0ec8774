import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { compareText } from '../../domain/compare-text.ts';
import { counted, MonthCounters, type CountedTrades } from '../../domain/fees/month-counters.ts';
import { Decimal, ZERO } from '../../domain/money/decimal.ts';
import type { Side, TradeSource } from '../../domain/trades/trade.ts';
import { ORDER, type InstrumentRow } from './billing-queries.ts';

type Fields = readonly string[];

/**
 * By the time of an order's first execution; at one instant by order id, which a new snapshot does
 * not change as it may change the order's number, and last by that number, for an order that has
 * one row for each trade date.
 */
const inTime = (a: Fields, b: Fields): number =>
  Number(a[ORDER.firstExecutedAt]) - Number(b[ORDER.firstExecutedAt]) ||
  // Bytes of latin1 text compare as their code units do.
  compareText(a[ORDER.orderId] ?? '', b[ORDER.orderId] ?? '') ||
  Number(a[ORDER.orderNo]) - Number(b[ORDER.orderNo]);

/**
 * The orders of one account whose fees count by the month, until the last of them is read: they are
 * priced in the order of time, not in that of their numbers. An account has as many orders as
 * people, or their machines, place in a day, so they fit into memory.
 */
export class HeldOrders {
  readonly accountId: number;
  private readonly orders: Fields[] = [];
  private readonly counters: MonthCounters;
  /** How many of them, in the order of time, are counted. */
  position = 0;

  constructor(accountId: number, tradedBefore: readonly CountedTrades[]) {
    this.accountId = accountId;
    this.counters = new MonthCounters(tradedBefore);
  }

  hold(order: Fields): void {
    this.orders.push(order);
  }

  inTime(): readonly Fields[] {
    return this.orders.sort(inTime);
  }

  /** For OrderToPrice: what the month held before the next order. */
  readonly before: MonthCounters['before'] = (line, query) => this.counters.before(line, query);

  /** Counts the next order, whether it is priced now or was by an earlier attempt. */
  count(f: Fields, instrument: InstrumentRow): void {
    const prices = (f[ORDER.prices] ?? '').split(' ');
    let [shares, turnover] = [ZERO, ZERO];
    for (const [at, text] of (f[ORDER.quantities] ?? '').split(' ').entries()) {
      const quantity = new Decimal(text);
      shares = shares.plus(quantity);
      turnover = turnover.plus(quantity.times(prices[at] ?? ''));
    }
    const trade = {
      market: f[ORDER.market] ?? '',
      currency: instrument.currency,
      instrumentType: instrument.type,
      side: f[ORDER.side] as Side,
      tradeDate: f[ORDER.tradeDate] as BusinessDate,
      orders: 1,
      shares,
      turnover,
    };
    this.counters.add(counted(f[ORDER.source] as TradeSource, trade));
    this.position += 1;
  }
}
