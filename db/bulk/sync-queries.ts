import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { TradeWindow } from '../../domain/trades/trade-window.ts';
import { integer, integers, text } from './sql-literal.ts';

/** What a sync run reads, frozen when it opened. */
export interface SyncInputs {
  /** Front-office rows in force at this instant; later ones belong to a later ledger date. */
  readonly cutAt: string;
  /** The cut of the ledger date before: what changed since then is news. */
  readonly previousCutAt: string | null;
  readonly windows: readonly TradeWindow[];
  /** The earliest ledger date whose missed trades still count. */
  readonly oldest: BusinessDate;
  /** Snapshots of this date with posted contracts: their trades stay where they are. */
  readonly postedSyncRunIds: readonly number[];
  /** Snapshots of earlier ledger dates. */
  readonly earlierSyncRunIds: readonly number[];
}

export interface SyncScope {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly inputs: SyncInputs;
}

const inForce = (row: string, cutAt: string): string =>
  `${row}.recorded_at <= ${text(cutAt)} ` +
  `AND (${row}.superseded_at IS NULL OR ${row}.superseded_at > ${text(cutAt)})`;

const between = (windows: readonly TradeWindow[], late: boolean): string =>
  windows
    .map(({ market, from, to, lateFrom }) =>
      late
        ? `(e.market = ${text(market)} AND e.trade_date >= ${text(lateFrom)} AND e.trade_date < ${text(from)})`
        : `(e.market = ${text(market)} AND e.trade_date BETWEEN ${text(from)} AND ${text(to)})`,
    )
    .join(' OR ');

/** True for an execution that one of these snapshots holds already. */
const isHeld = (from: BusinessDate, to: BusinessDate, runIds: readonly number[]): string =>
  `EXISTS (SELECT 1 FROM executions x
    JOIN orders xo ON xo.ledger_date = x.ledger_date AND xo.order_no = x.order_no
    WHERE x.execution_id = e.execution_id AND xo.sync_run_id IN ${integers(runIds)}
      AND x.ledger_date BETWEEN ${text(from)} AND ${text(to)})`;

/** Conditions on `e` for the trades of this ledger date, and for those that came late. */
function selections({ ledgerDate, inputs }: SyncScope): string[] {
  const { windows, oldest, cutAt, postedSyncRunIds, earlierSyncRunIds } = inputs;
  const isPosted =
    postedSyncRunIds.length === 0 ? 'false' : isHeld(ledgerDate, ledgerDate, postedSyncRunIds);
  const basic = `${inForce('e', cutAt)} AND NOT e.cancelled AND NOT ${isPosted}`;
  const own = `(${between(windows, false)}) AND ${basic}`;
  if (oldest >= ledgerDate) return [own];
  // A trade whose date was corrected to today may have been booked on an earlier ledger date.
  const isEarlier = isHeld(oldest, ledgerDate, earlierSyncRunIds);
  return [
    `${own} AND (e.version = 1 OR NOT ${isEarlier})`,
    `(${between(windows, true)}) AND ${basic} AND NOT ${isEarlier}`,
  ];
}

const FRONT_OFFICE_COLUMNS = `
  coalesce(a.account_id, 0) AS account_id, e.order_id, e.trade_date, i.asset_id, e.market,
  'FRONT_OFFICE' AS source, o.version AS order_version, o.side, o.order_channel,
  o.settlement_channel, NULL::date AS cash_settlement_date,
  NULL::date AS securities_settlement_date, e.execution_id, e.version AS execution_version,
  e.execution_id AS serial, e.quantity, e.price, e.executed_at, o.account_no, o.instrument_id`;

const SUPPLEMENT_COLUMNS = `
  s.account_id, 'SUP-' || s.supplement_id AS order_id, s.trade_date, s.asset_id, s.market,
  'BACK_OFFICE' AS source, 1 AS order_version, s.side, s.order_channel,
  s.settlement_channel, s.cash_settlement_date,
  s.securities_settlement_date, 'SUP-' || s.supplement_id || '-' || x.execution_no AS execution_id,
  1 AS execution_version, x.serial, x.quantity, x.price, s.entered_at AS executed_at,
  NULL AS account_no, NULL AS instrument_id`;

function supplementsOf({ ledgerDate, flow, inputs }: SyncScope): string {
  const { postedSyncRunIds } = inputs;
  return `FROM supplements s JOIN supplement_executions x ON x.supplement_id = s.supplement_id
    WHERE s.ledger_date = ${text(ledgerDate)} AND s.flow = ${text(flow)} AND s.voided_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.ledger_date = ${text(ledgerDate)}
        AND o.order_id = 'SUP-' || s.supplement_id AND o.sync_run_id IN ${integers(postedSyncRunIds)})`;
}

/** Is there anything to synchronise? Answered from indexes alone on a day without trades. */
export function syncProbe(scope: SyncScope): string {
  const { windows, oldest } = scope.inputs;
  const late = oldest < scope.ledgerDate ? selections(scope)[1] : undefined;
  return `SELECT
    (SELECT count(*) FROM front_office.executions e WHERE ${between(windows, false)}) AS own,
    ${late === undefined ? 'false' : `EXISTS (SELECT 1 FROM front_office.executions e WHERE ${late})`} AS late,
    EXISTS (SELECT 1 ${supplementsOf(scope)}) AS supplements,
    EXISTS (${changedTrades(scope)}) AS changed`;
}

/**
 * Every trade of the ledger date, by account, order and trade date; account 0 and a null asset mark
 * what is unknown. `after` is where the last committed chunk ended.
 */
export function tradesQuery(
  scope: SyncScope,
  range: { readonly accountFrom: number; readonly accountTo: number },
  after: readonly [accountId: number, orderId: string, tradeDate: string] | undefined,
): string {
  const { cutAt } = scope.inputs;
  const frontOffice = selections(scope).map(
    (condition) => `SELECT ${FRONT_OFFICE_COLUMNS}
      FROM front_office.executions e
      LEFT JOIN front_office.orders o
        ON o.order_id = e.order_id AND NOT o.cancelled AND ${inForce('o', cutAt)}
      LEFT JOIN accounts a ON a.account_no = o.account_no
      LEFT JOIN instruments i ON i.instrument_id = o.instrument_id
      WHERE ${condition}`,
  );
  const all = [...frontOffice, `SELECT ${SUPPLEMENT_COLUMNS} ${supplementsOf(scope)}`];
  const rest =
    after === undefined
      ? ''
      : `AND (account_id, order_id, trade_date) >
         (${integer(after[0])}, ${text(after[1])}, ${text(after[2])}::date)`;
  return `SELECT * FROM (${all.join('\n UNION ALL ')}) t
    WHERE account_id BETWEEN ${integer(range.accountFrom)} AND ${integer(range.accountTo)} ${rest}
    ORDER BY account_id, order_id, trade_date, executed_at, execution_id`;
}

/** Posted trades that the front office changed or cancelled since: the posted contract stays. */
export function changedTrades(scope: SyncScope): string {
  const { ledgerDate, inputs } = scope;
  const { cutAt, postedSyncRunIds, earlierSyncRunIds, oldest, previousCutAt } = inputs;
  const held = `FROM executions x
    JOIN orders xo ON xo.ledger_date = x.ledger_date AND xo.order_no = x.order_no`;
  const details = `jsonb_build_object('bookedVersion', x.execution_version, 'version', e.version,
    'cancelled', e.cancelled, 'bookedOn', x.ledger_date)`;
  const today = `SELECT x.execution_id, xo.order_id, ${details} AS details ${held}
    LEFT JOIN front_office.executions e
      ON e.execution_id = x.execution_id AND ${inForce('e', cutAt)}
    LEFT JOIN front_office.orders o ON o.order_id = xo.order_id AND ${inForce('o', cutAt)}
    WHERE x.ledger_date = ${text(ledgerDate)} AND xo.source = 'FRONT_OFFICE'
      AND xo.sync_run_id IN ${integers(postedSyncRunIds)}
      AND (e.cancelled IS NOT FALSE OR e.version <> x.execution_version
        OR o.cancelled IS NOT FALSE OR o.version <> xo.order_version)`;
  if (previousCutAt === null || oldest >= ledgerDate) return today;
  const windows = inputs.windows
    .map(
      ({ market, lateFrom, to }) =>
        `(e.market = ${text(market)} AND e.trade_date BETWEEN ${text(lateFrom)} AND ${text(to)})`,
    )
    .join(' OR ');
  return `${today} UNION ALL
    SELECT x.execution_id, xo.order_id, ${details} ${held}
    JOIN front_office.executions e
      ON e.execution_id = x.execution_id AND e.version > x.execution_version
    WHERE (${windows}) AND e.version > 1 AND e.recorded_at > ${text(previousCutAt)}
      AND ${inForce('e', cutAt)}
      AND x.ledger_date BETWEEN ${text(oldest)} AND ${text(ledgerDate)}
      AND xo.sync_run_id IN ${integers(earlierSyncRunIds)}`;
}
