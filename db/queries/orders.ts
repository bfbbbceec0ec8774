import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import type {
  Side,
  TradeExceptionReason,
  TradeSource,
  TradeStage,
} from '../../domain/trades/trade.ts';
import { inMoney, inUnits } from './amounts.ts';
import { COUNTING_EXCEPTIONS } from './counting-exceptions.ts';
import { accountIdOf, assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import type { Reader } from './rows.ts';

export interface OrderView {
  readonly ledgerDate: BusinessDate;
  readonly orderNo: number;
  readonly flow: string;
  readonly market: string;
  readonly source: TradeSource;
  readonly orderId: string;
  readonly orderVersion: number;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly side: Side;
  /** As received. */
  readonly opEntrustWay: number;
  /** As edited, or null. */
  readonly manualOpEntrustWay: number | null;
  /** The one that billing uses. */
  readonly orderChannel: number;
  readonly editor: string | null;
  readonly editedAt: string | null;
  readonly settlementChannel: string;
  readonly stage: TradeStage;
  readonly emsOrderNo: string | null;
  readonly tradeDate: BusinessDate;
  readonly executionCount: number;
  readonly quantity: DecimalString;
  readonly amount: DecimalString;
  readonly currency: string;
  readonly billed: boolean;
}

const ORDERS = `SELECT o.ledger_date AS "ledgerDate", o.order_no AS "orderNo", o.flow, o.market,
  o.source, o.order_id AS "orderId", o.order_version AS "orderVersion",
  a.account_no AS "accountNo", i.instrument_id AS "instrumentId", o.side,
  o.order_channel AS "opEntrustWay", e.channel AS "manualOpEntrustWay",
  coalesce(e.channel, o.order_channel) AS "orderChannel", e.editor, e.edited_at AS "editedAt",
  o.settlement_channel AS "settlementChannel", o.stage, o.ems_order_no AS "emsOrderNo", o.trade_date AS "tradeDate",
  x.count AS "executionCount", x.quantity, x.amount, i.currency, b.billed
  FROM live_orders o
  JOIN accounts a ON a.account_id = o.account_id
  JOIN instruments i ON i.asset_id = o.asset_id
  LEFT JOIN order_channel_edits e
    ON e.ledger_date = o.ledger_date AND e.order_id = o.order_id AND e.current
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS count, ${inUnits('coalesce(sum(quantity), 0)')} AS quantity,
      ${inMoney('coalesce(sum(quantity * price), 0)')} AS amount
    FROM executions WHERE ledger_date = o.ledger_date AND order_no = o.order_no) x
  CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT 1 FROM live_contract_orders c
      WHERE c.ledger_date = o.ledger_date AND c.order_no = o.order_no) AS billed) b`;

export interface OrderFilter extends PageRequest {
  readonly ledgerDate: BusinessDate;
  readonly flow?: string | undefined;
  readonly accountNo?: string | undefined;
  readonly orderId?: string | undefined;
  readonly billed?: boolean | undefined;
  readonly orderChannel?: number | undefined;
}

/** Orders of the snapshots that count. Throws BAD_REQUEST for an unknown flow. */
export async function readOrders(reader: Reader, filter: OrderFilter): Promise<Page<OrderView>> {
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('o.ledger_date = ?', filter.ledgerDate)
    .add('o.flow = ?', filter.flow)
    .add('o.account_id = ?', await accountIdOf(reader, filter.accountNo))
    .add('o.order_id = ?', filter.orderId)
    .add('b.billed = ?', filter.billed)
    .add('coalesce(e.channel, o.order_channel) = ?', filter.orderChannel);
  const keyOf = (row: OrderView) => [row.orderNo];
  return readPage<OrderView>(
    reader,
    { list: 'orders', select: ORDERS, conditions, key: [['o.order_no', 'bigint']], keyOf },
    filter,
  );
}

export interface TradeExceptionView {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly syncRunId: number;
  readonly executionId: string;
  readonly orderId: string;
  readonly reason: TradeExceptionReason;
  readonly details: Readonly<Record<string, unknown>>;
}

const EXCEPTIONS = `SELECT t.ledger_date AS "ledgerDate", r.flow, t.sync_run_id AS "syncRunId",
  t.execution_id AS "executionId", t.order_id AS "orderId", t.reason, t.details
  FROM ${COUNTING_EXCEPTIONS}`;

export interface TradeExceptionFilter extends PageRequest {
  readonly ledgerDate: BusinessDate;
  readonly flow?: string | undefined;
  readonly orderId?: string | undefined;
  readonly reason?: TradeExceptionReason | undefined;
}

/** Trades that the snapshots which count set aside. */
export async function readTradeExceptions(
  reader: Reader,
  filter: TradeExceptionFilter,
): Promise<Page<TradeExceptionView>> {
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('r.ledger_date = ?', filter.ledgerDate)
    .add('r.flow = ?', filter.flow)
    .add('t.order_id = ?', filter.orderId)
    .add('t.reason = ?', filter.reason);
  return readPage<TradeExceptionView>(
    reader,
    {
      list: 'trade-exceptions',
      select: EXCEPTIONS,
      conditions,
      key: [
        ['t.sync_run_id', 'bigint'],
        ['t.execution_id', 'text'],
      ],
      keyOf: (row) => [row.syncRunId, row.executionId],
    },
    filter,
  );
}
