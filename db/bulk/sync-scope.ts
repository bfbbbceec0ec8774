import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { TradeWindow } from '../../domain/trades/trade-window.ts';
import { integers, text } from './sql-literal.ts';

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
  readonly changedOrders: ChangedOrders;
}

/** Later versions of orders, by the number under which they arrived. */
export interface ChangedOrders {
  /** The last one that an earlier ledger date has looked at. */
  readonly after: number;
  /** The last one that is looked at once this run is done. */
  readonly upTo: number;
}

export interface TradeDateCount {
  readonly market: string;
  readonly tradeDate: BusinessDate;
  /** Of any version. Rows are only ever added, so as many rows are the same rows. */
  readonly rows: number;
  /** An earlier ledger date's trade date that holds rows which no sync has judged yet. */
  readonly isLate: boolean;
}

export interface SyncScope {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly inputs: SyncInputs;
}

/** The version of a front-office row that the cut sees. */
export const inForce = (row: string, cutAt: string): string =>
  `${row}.recorded_at <= ${text(cutAt)} ` +
  `AND (${row}.superseded_at IS NULL OR ${row}.superseded_at > ${text(cutAt)})`;

export const either = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;

/** The trade dates of executions `e` that this ledger date books. */
export const ownDates = ({ windows }: SyncInputs): string =>
  either(
    windows.map(
      ({ market, from, to }) =>
        `e.market = ${text(market)} AND e.trade_date BETWEEN ${text(from)} AND ${text(to)}`,
    ),
  );

export const lateDates = ({ tradeDates }: SyncInputs, row: string): string =>
  either(
    tradeDates
      .filter(({ isLate }) => isLate)
      .map(
        ({ market, tradeDate }) =>
          `${row}.market = ${text(market)} AND ${row}.trade_date = ${text(tradeDate)}`,
      ),
  );

export const hasLateDates = ({ tradeDates }: SyncInputs): boolean =>
  tradeDates.some(({ isLate }) => isLate);

/** Executions `x` with their order `xo`, as the snapshots of these runs hold them. */
export const executionsOf = (
  from: BusinessDate,
  to: BusinessDate,
  runIds: readonly number[],
): string =>
  `executions x JOIN orders xo ON xo.ledger_date = x.ledger_date AND xo.order_no = x.order_no
   WHERE x.ledger_date BETWEEN ${text(from)} AND ${text(to)}
     AND xo.sync_run_id IN ${integers(runIds)}`;
