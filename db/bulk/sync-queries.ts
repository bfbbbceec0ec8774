import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { TradeWindow } from '../../domain/trades/trade-window.ts';
import { integer, integers, text } from './sql-literal.ts';

/** What a sync run reads, frozen when it opened. */
export interface SyncInputs {
  /** Front-office rows in force at this instant; later ones belong to a later ledger date. */
  readonly cutAt: string;
  readonly windows: readonly TradeWindow[];
  /** The earliest ledger date whose missed trades still count. */
  readonly oldest: BusinessDate;
  /** Snapshots of this date with posted contracts: their trades stay where they are. */
  readonly postedSyncRunIds: readonly number[];
  /** Snapshots of earlier ledger dates. */
  readonly earlierSyncRunIds: readonly number[];
  /** What the front office held of each trade date of the windows. */
  readonly tradeDates: readonly TradeDateCount[];
}

export interface TradeDateCount {
  readonly market: string;
  readonly tradeDate: BusinessDate;
  /** Rows of any version. */
  readonly rows: number;
  /** An earlier ledger date's trade date that may hold trades which nobody took. */
  readonly isLate: boolean;
}

export interface SyncScope {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly inputs: SyncInputs;
}

const inForce = (row: string, cutAt: string): string =>
  `${row}.recorded_at <= ${text(cutAt)} ` +
  `AND (${row}.superseded_at IS NULL OR ${row}.superseded_at > ${text(cutAt)})`;

const either = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;

const ownDates = ({ windows }: SyncInputs): string =>
  either(
    windows.map(
      ({ market, from, to }) =>
        `e.market = ${text(market)} AND e.trade_date BETWEEN ${text(from)} AND ${text(to)}`,
    ),
  );

const lateDates = ({ tradeDates }: SyncInputs, row: string): string =>
  either(
    tradeDates
      .filter(({ isLate }) => isLate)
      .map(
        ({ market, tradeDate }) =>
          `${row}.market = ${text(market)} AND ${row}.trade_date = ${text(tradeDate)}`,
      ),
  );

const hasLateDates = ({ tradeDates }: SyncInputs): boolean =>
  tradeDates.some(({ isLate }) => isLate);

const executionsOf = (from: BusinessDate, to: BusinessDate, runIds: readonly number[]): string =>
  `executions x JOIN orders xo ON xo.ledger_date = x.ledger_date AND xo.order_no = x.order_no
   WHERE x.ledger_date BETWEEN ${text(from)} AND ${text(to)}
     AND xo.sync_run_id IN ${integers(runIds)}`;

/** Executions that snapshots hold already, gathered once: probing for each would cost far more. */
function heldExecutions({ ledgerDate, inputs }: SyncScope): string {
  const { oldest, postedSyncRunIds, earlierSyncRunIds } = inputs;
  const posted = executionsOf(ledgerDate, ledgerDate, postedSyncRunIds);
  const earlier = executionsOf(oldest, ledgerDate, earlierSyncRunIds);
  return `posted AS MATERIALIZED (SELECT x.execution_id FROM ${posted}),
    earlier AS MATERIALIZED (
      SELECT x.execution_id FROM ${earlier} AND ${lateDates(inputs, 'xo')})`;
}

/** Conditions on `e` for the trades of this ledger date, and for those that came late. */
function selections({ ledgerDate, inputs }: SyncScope): string[] {
  const { oldest, cutAt, earlierSyncRunIds } = inputs;
  const free = `${inForce('e', cutAt)} AND NOT e.cancelled
    AND NOT EXISTS (SELECT 1 FROM posted p WHERE p.execution_id = e.execution_id)`;
  const own = `${ownDates(inputs)} AND ${free}`;
  if (oldest >= ledgerDate) return [own];
  // A trade whose date was corrected to today may have been booked on an earlier ledger date.
  const isBooked = `EXISTS (SELECT 1 FROM ${executionsOf(oldest, ledgerDate, earlierSyncRunIds)}
    AND x.execution_id = e.execution_id)`;
  const corrected = `${own} AND (e.version = 1 OR NOT ${isBooked})`;
  if (!hasLateDates(inputs)) return [corrected];
  return [
    corrected,
    `${lateDates(inputs, 'e')} AND ${free}
      AND NOT EXISTS (SELECT 1 FROM earlier h WHERE h.execution_id = e.execution_id)`,
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
  const { inputs } = scope;
  const found = [
    `SELECT 1 FROM front_office.executions e WHERE ${ownDates(inputs)}`,
    `SELECT 1 ${supplementsOf(scope)}`,
  ];
  const late = selections(scope)[1];
  if (late !== undefined) {
    found.push(`SELECT 1 FROM front_office.executions e WHERE ${late}`, changedEarlier(scope));
  }
  if (inputs.postedSyncRunIds.length > 0) found.push(changedToday(scope));
  return `WITH ${heldExecutions(scope)}
    SELECT ${found.map((query) => `EXISTS (${query})`).join('\n OR ')} AS found`;
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
  return `WITH ${heldExecutions(scope)}
    SELECT * FROM (${all.join('\n UNION ALL ')}) t
    WHERE account_id BETWEEN ${integer(range.accountFrom)} AND ${integer(range.accountTo)} ${rest}
    ORDER BY account_id, order_id, trade_date, executed_at, execution_id`;
}

/** Posted trades that the front office changed or cancelled since: the posted contract stays. */
export const changedTrades = (scope: SyncScope): string =>
  `${changedToday(scope)} UNION ALL ${changedEarlier(scope)}`;

function changedToday({ ledgerDate, inputs }: SyncScope): string {
  const { cutAt, postedSyncRunIds } = inputs;
  return `SELECT x.execution_id, x.order_id, jsonb_build_object(
      'bookedVersion', x.execution_version, 'version', e.version, 'cancelled', e.cancelled,
      'bookedOn', x.ledger_date) AS details
    FROM (SELECT x.*, xo.order_id, xo.order_version
      FROM ${executionsOf(ledgerDate, ledgerDate, postedSyncRunIds)}
        AND xo.source = 'FRONT_OFFICE') x
    LEFT JOIN front_office.executions e
      ON e.execution_id = x.execution_id AND ${inForce('e', cutAt)}
    LEFT JOIN front_office.orders o ON o.order_id = x.order_id AND ${inForce('o', cutAt)}
    WHERE e.cancelled IS NOT FALSE OR e.version <> x.execution_version
      OR o.cancelled IS NOT FALSE OR o.version <> x.order_version`;
}

/**
 * Newer versions are few, so each is looked up by its id. It is news until a ledger date has listed
 * it: when it was recorded does not tell, since we may hear of it long after the cutoff.
 */
function changedEarlier({ ledgerDate, inputs }: SyncScope): string {
  const { cutAt, oldest, earlierSyncRunIds } = inputs;
  const dates = either([ownDates(inputs), lateDates(inputs, 'e')]);
  return `SELECT x.execution_id, x.order_id, jsonb_build_object(
      'bookedVersion', x.execution_version, 'version', e.version, 'cancelled', e.cancelled,
      'bookedOn', x.ledger_date) AS details
    FROM (SELECT * FROM front_office.executions e
      WHERE ${dates} AND e.version > 1 AND ${inForce('e', cutAt)}
        AND NOT EXISTS (SELECT 1 FROM trade_exceptions t
          WHERE t.sync_run_id IN ${integers(earlierSyncRunIds)} AND t.execution_id = e.execution_id
            AND t.reason = 'CHANGED_AFTER_POSTING' AND (t.details ->> 'version')::int = e.version)
      OFFSET 0) e
    CROSS JOIN LATERAL (SELECT x.*, xo.order_id
      FROM ${executionsOf(oldest, ledgerDate, earlierSyncRunIds)}
        AND x.execution_id = e.execution_id AND x.execution_version < e.version) x`;
}

/** How many rows the front office has of each trade date that this ledger date may take. */
export const tradeDateCounts = (windows: readonly TradeWindow[]): string =>
  `SELECT e.market, e.trade_date AS "tradeDate", count(*) AS rows
   FROM front_office.executions e
   WHERE ${either(
     windows.map(
       ({ market, lateFrom, to }) =>
         `e.market = ${text(market)} AND e.trade_date BETWEEN ${text(lateFrom)} AND ${text(to)}`,
     ),
   )}
   GROUP BY 1, 2 ORDER BY 1, 2`;

/** Trades of these dates that count in the front office, and those that snapshots hold. */
export function tradeDateBalance(scope: SyncScope, stepRunId: number, late: boolean): string {
  const { ledgerDate, inputs } = scope;
  const { oldest, postedSyncRunIds, earlierSyncRunIds } = inputs;
  const dates = (row: string) =>
    late
      ? lateDates(inputs, row)
      : either(
          inputs.windows.map(
            ({ market, from, to }) =>
              `${row}.market = ${text(market)} AND ${row}.trade_date BETWEEN ${text(from)} AND ${text(to)}`,
          ),
        );
  const runs = [stepRunId, ...postedSyncRunIds, ...(late ? earlierSyncRunIds : [])];
  const held = executionsOf(late ? oldest : ledgerDate, ledgerDate, runs);
  return `SELECT market, trade_date AS "tradeDate", sum(n) = 0 AS complete FROM (
      SELECT e.market, e.trade_date, count(*) AS n FROM front_office.executions e
      WHERE ${dates('e')} AND e.superseded_at IS NULL AND NOT e.cancelled GROUP BY 1, 2
      UNION ALL
      SELECT xo.market, xo.trade_date, -count(*) FROM ${held}
        AND xo.source = 'FRONT_OFFICE' AND ${dates('xo')} GROUP BY 1, 2) b
    GROUP BY 1, 2`;
}
