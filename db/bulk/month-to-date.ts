import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { otherSide } from '../../domain/amendments/amendment.ts';
import { counted, type CountedTrades } from '../../domain/fees/month-counters.ts';
import { MONTHLY_FORMULAS } from '../../domain/fees/monthly-formulas.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import type { Side, TradeSource } from '../../domain/trades/trade.ts';
import { billingRuns, type FlowDate } from './run-history.ts';

/** What a billing run counts beside its own trades, frozen when it opened. */
export interface MonthInputs {
  /** The first day of the earliest month that its trades belong to. */
  readonly from: BusinessDate;
  /** Runs whose contracts are posted: of earlier ledger dates, and those kept of this one. */
  readonly billingRunIds: readonly number[];
}

/** Undefined where no account of the flow can have a fee in monthly tiers: nothing is counted. */
export async function monthInputs(
  client: pg.PoolClient,
  of: FlowDate,
  syncRunIds: readonly number[],
): Promise<MonthInputs | undefined> {
  const { rows: tiers } = await client.query(
    `SELECT 1 FROM fee_rules r JOIN markets USING (market)
     WHERE flow = $1 AND definition -> 'formula' ->> 'kind' = ANY($2) AND (schedule_id IS NULL
       OR EXISTS (SELECT 1 FROM account_fee_schedules s WHERE s.schedule_id = r.schedule_id))
     LIMIT 1`,
    [of.flow, MONTHLY_FORMULAS],
  );
  if (tiers.length === 0) return undefined;
  const { rows } = await client.query<{ from: BusinessDate | null }>(
    `SELECT date_trunc('month', min(trade_date))::date AS from FROM orders
     WHERE ledger_date = $1 AND sync_run_id = ANY($2)`,
    [of.ledgerDate, syncRunIds],
  );
  const from = rows[0]?.from ?? of.ledgerDate;
  return { from, billingRunIds: await postedSince(client, of, from) };
}

/** What these accounts have posted by now in the month of this day and in later ones. */
export async function tradedByNow(
  client: pg.PoolClient,
  { flow, day }: { readonly flow: string; readonly day: BusinessDate },
  accountIds: readonly number[],
): Promise<Map<number, CountedTrades[]>> {
  if (accountIds.length === 0) return new Map();
  const { rows } = await client.query<{ ledgerDate: BusinessDate }>(
    'SELECT max(ledger_date) AS "ledgerDate" FROM ledger_dates',
  );
  const ledgerDate = rows[0]?.ledgerDate ?? day;
  const from = `${day.slice(0, 7)}-01` as BusinessDate;
  const billingRunIds = await postedSince(client, { flow, ledgerDate }, from);
  return tradedBefore(client, ledgerDate, { from, billingRunIds }, accountIds);
}

/**
 * No trade is cleared before its trade date, so older ledger dates play no part. All that counts of
 * an earlier ledger date is posted, since it was cut.
 */
async function postedSince(
  client: pg.PoolClient,
  of: FlowDate,
  from: BusinessDate,
): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT step_run_id AS id FROM step_runs
     WHERE flow = $1 AND step = 'billing' AND status = 'SUCCEEDED' AND discarded_at IS NULL
       AND ledger_date >= $2 AND ledger_date < $3 ORDER BY step_run_id`,
    [of.flow, from, of.ledgerDate],
  );
  const today = (await billingRuns(client, of)).filter((run) => run.isPosted);
  return [...rows.map(({ id }) => id), ...today.map((run) => run.stepRunId)];
}

interface TradedRow {
  readonly accountId: number;
  readonly market: string;
  readonly currency: string;
  readonly instrumentType: string;
  readonly source: TradeSource;
  readonly side: Side;
  readonly tradeDate: BusinessDate;
  readonly orders: number;
  readonly shares: string;
  readonly turnover: string;
}

const TRADED = `SELECT c.account_id AS "accountId", c.market, c.currency,
    i.type AS "instrumentType", c.side, c.trade_date AS "tradeDate", c.source,
    count(*) + sum((SELECT count(*) FROM merged_orders m WHERE m.ledger_date = c.ledger_date
      AND m.contract_id = c.contract_id))::bigint AS orders,
    sum(c.quantity)::text AS shares, sum(c.gross_amount)::text AS turnover
  FROM contracts c JOIN instruments i USING (asset_id)`;
const BY_KIND = 'GROUP BY 1, 2, 3, 4, 5, 6, 7';

/** What these accounts traded before the run, by account id. Exact, as the contracts have it. */
export async function tradedBefore(
  client: pg.PoolClient,
  ledgerDate: BusinessDate,
  month: MonthInputs | undefined,
  accountIds: readonly number[],
): Promise<Map<number, CountedTrades[]>> {
  const found = new Map<number, CountedTrades[]>();
  if (month === undefined || accountIds.length === 0) return found;
  const { rows } = await client.query<TradedRow>(
    `${TRADED} WHERE c.ledger_date BETWEEN $1 AND $2 AND c.trade_date >= $1
       AND c.billing_run_id = ANY($3) AND c.account_id = ANY($4) ${BY_KIND}`,
    [month.from, ledgerDate, month.billingRunIds, accountIds],
  );
  for (const row of rows) {
    const list = found.get(row.accountId);
    if (list) list.push(countedOf(row));
    else found.set(row.accountId, [countedOf(row)]);
  }
  return found;
}

function countedOf({ source, shares, turnover, ...row }: TradedRow): CountedTrades {
  return counted(source, { ...row, shares: new Decimal(shares), turnover: new Decimal(turnover) });
}

/** A contract that is priced once more, and the run that billed it. */
export interface BilledAgain {
  readonly contractId: number;
  readonly ledgerDate: BusinessDate;
  readonly billingRunId: number;
  readonly flow: string;
}

/**
 * What its account has traded beside what is posted, where a contract is priced once more: until it
 * is posted, the trades of its run that come before it in time; afterwards it is taken back first.
 */
export async function tradedBeside(
  client: pg.PoolClient,
  of: BilledAgain,
): Promise<CountedTrades[]> {
  const { contractId, ledgerDate, billingRunId } = of;
  const runs = await billingRuns(client, of);
  const isPosted = runs.some((run) => run.stepRunId === billingRunId && run.isPosted);
  const { rows } = await client.query<TradedRow>(
    isPosted
      ? `${TRADED} WHERE c.ledger_date = $1 AND c.contract_id = $2 ${BY_KIND}`
      : `${TRADED} JOIN contracts me ON me.ledger_date = $1 AND me.contract_id = $2
         WHERE c.ledger_date = $1 AND c.billing_run_id = me.billing_run_id
           AND c.account_id = me.account_id AND ${inTime('c')} < ${inTime('me')} ${BY_KIND}`,
    [ledgerDate, contractId],
  );
  const traded = rows.map(countedOf);
  if (!isPosted) return traded;
  return traded.map((trades) =>
    counted('AMENDMENT_REVERSE', { ...trades, side: otherSide(trades.side) }),
  );
}

/** SQL: the place of a contract among those of its account and run; see held-orders.ts. */
const inTime = (contract: string): string =>
  `((SELECT min(executed_at) FROM executions x
     WHERE x.ledger_date = ${contract}.ledger_date AND x.order_no = ${contract}.order_no),
    ${contract}.order_id COLLATE "C", ${contract}.order_no)`;
