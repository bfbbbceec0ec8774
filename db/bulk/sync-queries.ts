import type { TradeWindow } from '../../domain/trades/trade-window.ts';
import { changedTrades } from './changed-trades.ts';
import { integer, integers, text } from './sql-literal.ts';
import {
  either,
  executionsOf,
  hasLateDates,
  inForce,
  lateDates,
  ownDates,
  type SyncInputs,
  type SyncScope,
} from './sync-scope.ts';

/** Executions of these dates that count at the cut. */
const counting = (dates: string, { cutAt }: SyncInputs): string =>
  `front_office.executions e WHERE ${dates} AND ${inForce('e', cutAt)} AND NOT e.cancelled`;

/** The dates whose trades are compared with what snapshots hold, since they may hold some. */
const comparedDates = (inputs: SyncInputs): string =>
  either([
    ...(inputs.postedSyncRunIds.length > 0 ? [ownDates(inputs)] : []),
    ...(hasLateDates(inputs) ? [lateDates(inputs, 'e')] : []),
  ]);

/**
 * `booked`: corrected trades that are booked already, maybe under another trade date. `free`: the
 * trades of the compared dates that no snapshot holds. Both sides are grouped together, which takes
 * time in proportion whatever PostgreSQL expects; joined, a wrong guess would compare each with
 * each.
 */
function freeTrades({ ledgerDate, inputs }: SyncScope): string {
  const { oldest, postedSyncRunIds, earlierSyncRunIds } = inputs;
  const earlier = executionsOf(oldest, ledgerDate, earlierSyncRunIds);
  const posted = executionsOf(ledgerDate, ledgerDate, postedSyncRunIds);
  const dates = either([ownDates(inputs), lateDates(inputs, 'e')]);
  return `booked AS MATERIALIZED (
      SELECT e.execution_id FROM ${counting(dates, inputs)} AND e.version > 1
        AND EXISTS (SELECT 1 FROM ${earlier} AND x.execution_id = e.execution_id)),
    free AS MATERIALIZED (
      SELECT execution_id FROM (
        SELECT e.execution_id, false AS is_held FROM ${counting(comparedDates(inputs), inputs)}
        UNION ALL SELECT x.execution_id, true FROM ${posted}
        UNION ALL SELECT x.execution_id, true FROM ${earlier} AND ${lateDates(inputs, 'xo')}
        UNION ALL SELECT execution_id, true FROM booked) t
      GROUP BY execution_id HAVING NOT bool_or(is_held))`;
}

/**
 * The front office's trades of this ledger date. Its own trade dates are read as they are, unless
 * trades of them are posted: no snapshot holds others.
 */
function frontOfficeTrades({ inputs }: SyncScope): string[] {
  const free = `SELECT e.* FROM free JOIN front_office.executions e
    ON e.execution_id = free.execution_id AND ${inForce('e', inputs.cutAt)}`;
  if (inputs.postedSyncRunIds.length > 0) return [free];
  const own = `SELECT e.* FROM ${counting(ownDates(inputs), inputs)}
    AND (e.version = 1 OR e.execution_id NOT IN (SELECT execution_id FROM booked))`;
  return hasLateDates(inputs) ? [own, free] : [own];
}

const FRONT_OFFICE_COLUMNS = `
  coalesce(a.account_id, 0) AS account_id, e.order_id, e.trade_date, i.asset_id, e.market,
  'FRONT_OFFICE' AS source, o.version AS order_version, o.side, o.order_channel,
  o.settlement_channel, NULL::date AS cash_settlement_date,
  NULL::date AS securities_settlement_date, e.execution_id, e.version AS execution_version,
  e.execution_id AS serial, e.quantity, e.price, e.executed_at, o.account_no, o.instrument_id,
  o.cancelled AS order_cancelled, o.stage, o.ems_order_no`;

const SUPPLEMENT_COLUMNS = `
  s.account_id, 'SUP-' || s.supplement_id AS order_id, s.trade_date, s.asset_id, s.market,
  s.source, 1 AS order_version, s.side, s.order_channel,
  s.settlement_channel, s.cash_settlement_date,
  s.securities_settlement_date, 'SUP-' || s.supplement_id || '-' || x.execution_no AS execution_id,
  1 AS execution_version, x.serial, x.quantity, x.price, s.entered_at AS executed_at,
  NULL AS account_no, NULL AS instrument_id, false AS order_cancelled,
  s.stage, NULL AS ems_order_no`;

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
  if (hasLateDates(inputs)) found.push('SELECT 1 FROM free');
  found.push(...changedTrades(scope));
  return `WITH ${freeTrades(scope)}
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
  const frontOffice = frontOfficeTrades(scope).map(
    (trades) => `SELECT ${FRONT_OFFICE_COLUMNS}
      FROM (${trades}) e
      LEFT JOIN front_office.orders o
        ON o.order_id = e.order_id AND ${inForce('o', cutAt)}
      LEFT JOIN accounts a ON a.account_no = o.account_no
      LEFT JOIN instruments i ON i.instrument_id = o.instrument_id`,
  );
  const all = [...frontOffice, `SELECT ${SUPPLEMENT_COLUMNS} ${supplementsOf(scope)}`];
  const rest =
    after === undefined
      ? ''
      : `AND (account_id, order_id, trade_date) >
         (${integer(after[0])}, ${text(after[1])}, ${text(after[2])}::date)`;
  return `WITH ${freeTrades(scope)}
    SELECT * FROM (${all.join('\n UNION ALL ')}) t
    WHERE account_id BETWEEN ${integer(range.accountFrom)} AND ${integer(range.accountTo)} ${rest}
    ORDER BY account_id, order_id, trade_date, executed_at, execution_id`;
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

/**
 * Trade dates that another ledger date has to look at again, of those that this run looks at: it
 * set trades of them aside, or the front office has rows that this cut does not see yet.
 */
export const unjudgedTradeDates = ({ inputs }: SyncScope, stepRunId: number): string =>
  `SELECT e.market, e.trade_date::text AS "tradeDate" FROM front_office.executions e
   WHERE ${either([ownDates(inputs), lateDates(inputs, 'e')])}
     AND e.recorded_at > ${text(inputs.cutAt)}
   GROUP BY 1, 2
   UNION
   SELECT details ->> 'market', details ->> 'tradeDate' FROM trade_exceptions
   WHERE sync_run_id = ${integer(stepRunId)} AND reason <> 'CHANGED_AFTER_POSTING'`;

/**
 * How far the changes of orders are looked at once this cut is: to the last that has arrived, or to
 * before the first that the cut does not see yet.
 */
export const lastOrderLookedAt = (after: number, cutAt: string): string =>
  `SELECT coalesce(min(arrival_no) FILTER (WHERE recorded_at > ${text(cutAt)}) - 1,
      max(arrival_no), ${integer(after)}) AS "upTo"
   FROM front_office.orders WHERE version > 1 AND arrival_no > ${integer(after)}`;
