import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { compareText } from '../../domain/compare-text.ts';
import { counted, MonthCounters, type CountedTrades } from '../../domain/fees/month-counters.ts';
import type { OrderToPrice, TariffQuery } from '../../domain/fees/tariff-plan.ts';
import { mergedBy } from '../../domain/merging/merge-key.ts';
import { Decimal, ZERO } from '../../domain/money/decimal.ts';
import type { Side, TradeSource } from '../../domain/trades/trade.ts';
import { ORDER, type InstrumentRow } from './billing-queries.ts';
import type { ContractOrders, Fields } from './contract-orders.ts';

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
 * The orders of one account whose fees count by the month, or whose orders are merged, until the
 * last of them is read: contracts are priced in the order of time, not in that of order numbers. An
 * account has as many orders as people, or their machines, place in a day, so they fit into memory.
 */
export class HeldOrders {
  readonly accountId: number;
  private readonly orders: Fields[] = [];
  private readonly counters: MonthCounters | undefined;
  /** How many contracts, in the order of time, are priced. */
  position = 0;

  /** Without `tradedBefore` no fee of the account depends on the month, and nothing is counted. */
  constructor(accountId: number, tradedBefore: readonly CountedTrades[] | undefined) {
    this.accountId = accountId;
    this.counters = tradedBefore && new MonthCounters(tradedBefore);
  }

  hold(order: Fields): void {
    this.orders.push(order);
  }

  /** In the order of time of their first orders. */
  contracts(keyOf: (order: Fields) => string | null): readonly ContractOrders[] {
    return mergedBy(this.orders.sort(inTime), keyOf);
  }

  /** For OrderToPrice: what the month held before the next contract. */
  monthBefore(query: TariffQuery): OrderToPrice['monthToDate'] {
    const { counters } = this;
    return counters && ((line) => counters.before(line, query));
  }

  /** Takes the next contract as priced, whether it is now or was by an earlier attempt. */
  pass(orders: ContractOrders, instrument: InstrumentRow): void {
    for (const order of this.counters ? orders : []) this.count(order, instrument);
    this.position += 1;
  }

  private count(f: Fields, instrument: InstrumentRow): void {
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
    this.counters?.add(counted(f[ORDER.source] as TradeSource, trade));
  }
}
