import type { BusinessDate } from '../calendar/business-date.ts';
import type { Side, TradeSource, TradeStage } from '../trades/trade.ts';
import type { MergeRule } from './merge-rule.ts';

/** What of an order decides with which others it shares a contract. */
export interface OrderToMerge {
  readonly source: TradeSource;
  readonly accountId: number;
  /** The instrument, and with it market and currency. */
  readonly assetId: number;
  readonly side: Side;
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  readonly stage: TradeStage;
  /** The order channel that counts: as edited, else as received. */
  readonly channel: number;
}

/**
 * Orders with equal keys become one contract (合单); null: the order is a contract of its own. That
 * is so for what the back office enters, which is a contract already, and for a channel that the
 * rule does not name. Trades carry no open or close.
 */
export function mergeKey(order: OrderToMerge, rule: MergeRule): string | null {
  if (!rule.merge || order.source !== 'FRONT_OFFICE') return null;
  const item = rule.items.find(({ orderSources }) => orderSources.includes(order.channel));
  if (item === undefined) return null;
  const { accountId, assetId, side, settlementChannel, tradeDate } = order;
  const stage = rule.greyMarketMerge ? null : order.stage;
  const { mergeTag } = item;
  return JSON.stringify([accountId, assetId, side, tradeDate, stage, settlementChannel, mergeTag]);
}

/** Orders as they become contracts, in the order in which each contract meets its first one. */
export function mergedBy<Order>(
  orders: readonly Order[],
  keyOf: (order: Order) => string | null,
): readonly (readonly [Order, ...Order[]])[] {
  const contracts: [Order, ...Order[]][] = [];
  const known = new Map<string, Order[]>();
  for (const order of orders) {
    const key = keyOf(order);
    const contract = key === null ? undefined : known.get(key);
    if (contract !== undefined) {
      contract.push(order);
      continue;
    }
    const opened: [Order] = [order];
    contracts.push(opened);
    if (key !== null) known.set(key, opened);
  }
  return contracts;
}
