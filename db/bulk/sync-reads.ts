import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { LATE_LEDGER_DATES } from '../../domain/trades/trade-window.ts';
import type { TradeWindow } from '../../domain/trades/trade-window.ts';
import { readInParallel } from './copy-stream.ts';
import type { FlowDate } from './run-history.ts';
import { lastOrderLookedAt, tradeDateCounts, unjudgedTradeDates } from './sync-queries.ts';
import type { ChangedOrders, SyncScope, TradeDateCount } from './sync-scope.ts';

/** The instant up to which front-office rows belong to this ledger date. */
export async function cutOf(client: pg.PoolClient, of: FlowDate): Promise<string> {
  const { rows } = await client.query<{ cut: string }>(
    `SELECT least(l.cutoff_at, f.trades_frozen_at)::text AS cut
     FROM ledger_dates l
     LEFT JOIN flow_days f ON f.ledger_date = l.ledger_date AND f.flow = $2
     WHERE l.ledger_date = $1`,
    [of.ledgerDate, of.flow],
  );
  const cut = rows[0]?.cut;
  if (cut === undefined) throw new ClearingError('NOT_FOUND', { ...of });
  return cut;
}

export interface EarlierSnapshots {
  /** Undefined on the first ledger date. */
  readonly oldest: BusinessDate | undefined;
  readonly syncRunIds: readonly number[];
  /** Trade dates all of whose rows are judged, with how many the front office had then. */
  readonly complete: Readonly<Record<string, number>>;
  /** See ChangedOrders. */
  readonly ordersUpTo: number;
}

/** The snapshots of this flow on the ledger dates whose missed trades are still taken. */
export async function earlierSnapshots(
  client: pg.PoolClient,
  of: FlowDate,
): Promise<EarlierSnapshots> {
  const { rows } = await client.query<{
    oldest: BusinessDate | null;
    ids: number[];
    complete: Record<string, number> | null;
    ordersUpTo: number | null;
  }>(
    `WITH dates AS (
       SELECT ledger_date FROM ledger_dates WHERE ledger_date < $1
       ORDER BY ledger_date DESC LIMIT ${LATE_LEDGER_DATES}),
     runs AS (
       SELECT r.* FROM step_runs r JOIN dates USING (ledger_date)
       WHERE r.flow = $2 AND r.step = 'sync' AND r.discarded_at IS NULL
         AND r.status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY'))
     SELECT (SELECT min(ledger_date) FROM dates) AS oldest,
       coalesce((SELECT jsonb_agg(step_run_id ORDER BY step_run_id) FROM runs
                 WHERE status = 'SUCCEEDED'), '[]') AS ids,
       newest.result -> 'complete' AS complete,
       (newest.inputs -> 'changedOrders' ->> 'upTo')::bigint AS "ordersUpTo"
     FROM (SELECT 1) one
     LEFT JOIN (SELECT * FROM runs ORDER BY step_run_id DESC LIMIT 1) newest ON true`,
    [of.ledgerDate, of.flow],
  );
  const row = rows[0];
  return {
    oldest: row?.oldest ?? undefined,
    syncRunIds: row?.ids ?? [],
    complete: row?.complete ?? {},
    ordersUpTo: row?.ordersUpTo ?? 0,
  };
}

export interface SnapshotTotals {
  readonly orders: number;
  readonly executions: number;
  readonly exceptions: number;
  readonly exceptionsByReason: Readonly<Record<string, number>>;
  readonly quantity: string;
  /** Changes with any trade in the snapshot, and with nothing else: ids and shards play no part. */
  readonly digest: string;
}

/** What a sync run holds. Throws BOOKS_OUT_OF_BALANCE when a trade is in it twice. */
export async function snapshotTotals(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
): Promise<SnapshotTotals> {
  await readInParallel(client);
  const { rows } = await client.query<{
    orders: number;
    executions: number;
    quantity: string;
    digest: string;
  }>(
    `SELECT count(*) FILTER (WHERE x.execution_no = 1) AS orders, count(*) AS executions,
       coalesce(sum(x.quantity), 0)::text AS quantity,
       coalesce(sum(hashtextextended(x.execution_id, x.execution_version)::numeric), 0)::text AS digest
     FROM orders o JOIN executions x USING (ledger_date, order_no)
     WHERE o.ledger_date = $1 AND o.sync_run_id = $2`,
    [run.ledgerDate, run.stepRunId],
  );
  const { rows: reasons } = await client.query<{ reason: string; n: number }>(
    'SELECT reason, count(*) AS n FROM trade_exceptions WHERE sync_run_id = $1 GROUP BY reason',
    [run.stepRunId],
  );
  const totals = rows[0] ?? { orders: 0, executions: 0, quantity: '0', digest: '0' };
  await assertOnce(client, run);
  return {
    ...totals,
    exceptions: reasons.reduce((sum, { n }) => sum + n, 0),
    exceptionsByReason: Object.fromEntries(reasons.map(({ reason, n }) => [reason, n])),
  };
}

/**
 * A trade is in the snapshot or set aside, never both. (Twice is refused by the front office.)
 * Asked without a limit, for which PostgreSQL would expect to find one soon and read in vain.
 */
async function assertOnce(
  client: pg.PoolClient,
  run: { readonly stepRunId: number; readonly ledgerDate: BusinessDate },
): Promise<void> {
  const { rows } = await client.query<{ executionId: string }>(
    `SELECT e.execution_id AS "executionId" FROM trade_exceptions e
     JOIN executions x ON x.ledger_date = $1 AND x.execution_id = e.execution_id
     JOIN orders o ON o.ledger_date = $1 AND o.order_no = x.order_no AND o.sync_run_id = $2
     WHERE e.sync_run_id = $2`,
    [run.ledgerDate, run.stepRunId],
  );
  const found = rows[0];
  if (found) {
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
      what: 'a trade is both taken and set aside',
      ...found,
    });
  }
}

const keyOf = ({ market, tradeDate }: { readonly market: string; readonly tradeDate: string }) =>
  `${market} ${tradeDate}`;

/** Counts the trade dates of the windows; a date that is complete and unchanged is not late. */
export async function countTradeDates(
  client: pg.PoolClient,
  windows: readonly TradeWindow[],
  complete: Readonly<Record<string, number>>,
): Promise<TradeDateCount[]> {
  const { rows } = await client.query<Omit<TradeDateCount, 'isLate'>>(tradeDateCounts(windows));
  return rows.map((row) => {
    const window = windows.find(({ market }) => market === row.market);
    const isEarlier = window !== undefined && row.tradeDate < window.from;
    return { ...row, isLate: isEarlier && complete[keyOf(row)] !== row.rows };
  });
}

/** Which changes of orders a run looks at, after those that an earlier ledger date did. */
export async function changedOrdersAfter(
  client: pg.PoolClient,
  after: number,
  cutAt: string,
): Promise<ChangedOrders> {
  const { rows } = await client.query<{ upTo: number }>(lastOrderLookedAt(after, cutAt));
  return { after, upTo: rows[0]?.upTo ?? after };
}

/**
 * The trade dates that a later ledger date need not look at again while their rows stay as many:
 * each row of them is booked, superseded, cancelled, or listed as a change.
 */
export async function completeTradeDates(
  client: pg.PoolClient,
  scope: SyncScope,
  stepRunId: number,
): Promise<Record<string, number>> {
  const { rows } = await client.query<{ market: string; tradeDate: BusinessDate }>(
    unjudgedTradeDates(scope, stepRunId),
  );
  const unjudged = new Set(rows.map(keyOf));
  const complete = scope.inputs.tradeDates.filter((date) => !unjudged.has(keyOf(date)));
  return Object.fromEntries(complete.map((date) => [keyOf(date), date.rows]));
}
