import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { mergedBy, type OrderToMerge } from '../../domain/merging/merge-key.ts';
import { channelEdits, schedulesOf, type MergingInputs } from './billing-queries.ts';
import { loadMerging } from './merging.ts';
import type { FlowDate } from './run-history.ts';

/** What a billing run would make contracts of. */
export interface BilledSnapshots extends FlowDate {
  readonly syncRunIds: readonly number[];
  readonly merging?: MergingInputs | undefined;
  readonly maxEditNo: number;
}

/** A contract to be: its orders, and the digest of their trade. */
export interface TradeToBill {
  readonly orders: readonly { readonly orderId: string; readonly tradeDate: BusinessDate }[];
  readonly trade: string;
}

/**
 * A digest of a trade, as a hand price was made for it: account, instrument, side, and each
 * execution with quantity and price, whichever orders they came in. Fees by the rules, channels and
 * dates play no part. `of` has the three; `orderNos` are the orders of its ledger date.
 */
export const tradeDigest = (of: string, orderNos: string): string =>
  `md5(concat_ws('|', ${of}.account_id, ${of}.asset_id, ${of}.side,
    (SELECT string_agg(concat_ws(':', x.execution_id, trim_scale(x.quantity), trim_scale(x.price)),
       ' ' ORDER BY x.execution_id) FROM executions x
     WHERE x.ledger_date = ${of}.ledger_date AND x.order_no IN (${orderNos}))))`;

/** Of a contract `c`: of all orders that it is made of. */
export const CONTRACT_DIGEST = tradeDigest(
  'c',
  `SELECT m.order_no FROM contract_orders m
   WHERE m.ledger_date = c.ledger_date AND m.contract_id = c.contract_id`,
);

interface OrderRow extends OrderToMerge {
  readonly orderId: string;
  readonly orderNo: number;
  readonly market: string;
}

const ORDERS = `SELECT o.order_id AS "orderId", o.order_no AS "orderNo", o.market, o.source,
    o.account_id AS "accountId", o.asset_id AS "assetId", o.side,
    o.settlement_channel AS "settlementChannel", o.trade_date AS "tradeDate",
    o.order_channel AS channel, o.stage
  FROM orders o
  WHERE o.ledger_date = $1 AND o.sync_run_id = ANY($2::bigint[])`;

/**
 * The contracts that billing would make now of these orders, with whichever others they are merged.
 * Asked of the few orders that people have priced: it reads all orders of their accounts only where
 * something is merged.
 */
export async function tradesToBill(
  client: pg.PoolClient,
  of: BilledSnapshots,
  asked: { readonly orderIds: readonly string[]; readonly accountIds: readonly number[] },
): Promise<readonly TradeToBill[]> {
  const snapshot = [of.ledgerDate, of.syncRunIds];
  if (of.merging === undefined) {
    const found = await client.query<OrderRow>(
      `${ORDERS} AND o.order_id = ANY($3::text[]) ORDER BY o.order_no DESC`,
      [...snapshot, asked.orderIds],
    );
    return withDigests(
      client,
      of,
      found.rows.map((order) => [order]),
    );
  }
  const found = await client.query<OrderRow>(
    `${ORDERS} AND o.account_id = ANY($3::bigint[]) ORDER BY o.order_no DESC`,
    [...snapshot, asked.accountIds],
  );
  const schedules = await schedulesOf(client, asked.accountIds);
  const merging = await loadMerging(client, of, of.merging, schedules);
  const edits = await channelEdits(client, of, of.maxEditNo);
  const channels = new Map(edits.map(({ orderId, channel }) => [orderId, channel]));
  const merged = mergedBy(found.rows, (order) => {
    const channel = channels.get(order.orderId) ?? order.channel;
    return merging?.keyOf({ ...order, channel }) ?? null;
  });
  const isAsked = ({ orderId }: OrderRow): boolean => asked.orderIds.includes(orderId);
  return withDigests(
    client,
    of,
    merged.filter((orders) => orders.some(isAsked)),
  );
}

async function withDigests(
  client: pg.PoolClient,
  { ledgerDate }: FlowDate,
  contracts: readonly (readonly OrderRow[])[],
): Promise<TradeToBill[]> {
  const found: TradeToBill[] = [];
  for (const orders of contracts) {
    const orderNos = orders.map(({ orderNo }) => orderNo);
    const { rows } = await client.query<{ trade: string }>(
      `SELECT ${tradeDigest('o', 'SELECT unnest($2::bigint[])')} AS trade FROM orders o
       WHERE o.ledger_date = $1 AND o.order_no = $3`,
      [ledgerDate, orderNos, orderNos[0]],
    );
    found.push({ orders, trade: rows[0]?.trade ?? '' });
  }
  return found;
}
