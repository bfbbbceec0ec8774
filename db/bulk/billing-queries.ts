import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import type { MonthInputs } from './month-to-date.ts';
import type { FlowDate } from './run-history.ts';
import { integer, integers, text } from './sql-literal.ts';

/** What a billing run reads, frozen when it opened. */
export interface BillingInputs {
  /** Snapshots to be billed: those that count and have no posted contracts. */
  readonly syncRunIds: readonly number[];
  readonly feeRules: FeeRuleVersion;
  /** Absent: agents charge nothing in this flow. */
  readonly agentRules?: FeeRuleVersion;
  readonly masterData: MasterDataVersion;
  /** The newest channel edit that was there. */
  readonly maxEditNo: number;
  /** Absent: no fee of the flow depends on the month. */
  readonly month?: MonthInputs | undefined;
  /** Absent: no merge rule is in force on a day that is billed, and an order is a contract. */
  readonly merging?: MergingInputs | undefined;
  /** The newest edit of a stamp duty exemption; absent in runs before there were any. */
  readonly maxStampDutyEditNo?: number;
  /** The newest fee edit that was there: its hand prices outlive this run. */
  readonly maxFeeEditNo: number;
}

/** The merge rules that a billing run sees, frozen when it opened. */
export interface MergingInputs {
  readonly maxRuleNo: number;
  /** Those that are in force on a trade date of the run. */
  readonly mergeRuleIds: readonly string[];
}

/** The rules that a run may see. */
export interface FeeRuleVersion {
  readonly count: number;
  /** The newest of them: the policy version of what is billed by them. */
  readonly maxRuleId: number;
  readonly digest: string;
  /**
   * Rules that were added while a later ledger date was open are not seen: a date that is billed
   * again is billed by the rules of that date. Absent in runs of former releases, which saw all.
   */
  readonly ledgerDate?: BusinessDate;
  /** What agents charge the house; absent: what clients pay. */
  readonly party?: 'agent';
  /** The newest exchange rate; absent in runs of former releases, which had none. */
  readonly maxRateId?: number;
}

const ordersOf = (ledgerDate: BusinessDate, syncRunIds: readonly number[]): string =>
  `ledger_date = ${text(ledgerDate)} AND sync_run_id IN ${integers(syncRunIds)}`;

export const ordersPerAccount = (ledgerDate: BusinessDate, syncRunIds: readonly number[]): string =>
  `SELECT account_id, count(*) AS n FROM orders WHERE ${ordersOf(ledgerDate, syncRunIds)}
   GROUP BY account_id`;

/** Positions of the columns of ordersQuery. */
export const ORDER = {
  accountId: 0,
  orderNo: 1,
  orderId: 2,
  source: 3,
  market: 4,
  assetId: 5,
  side: 6,
  orderChannel: 7,
  settlementChannel: 8,
  tradeDate: 9,
  cashDate: 10,
  securitiesDate: 11,
  quantities: 12,
  prices: 13,
  stage: 14,
  /** Where the query is asked for orders that wait for each other. */
  emsOrderNo: 15,
  /** Microseconds since 1970; likewise. */
  firstExecutedAt: 16,
} as const;

/**
 * One line an order, by account and order number, with its executions folded into two lists. The
 * lateral form walks both tables in index order: nothing is sorted, so nothing waits for the end.
 */
export function ordersQuery(
  ledgerDate: BusinessDate,
  syncRunIds: readonly number[],
  range: { readonly accountFrom: number; readonly accountTo: number },
  after: readonly [accountId: number, orderNo: number, ...unknown[]] | undefined,
  waiting = false,
): string {
  const rest =
    after === undefined
      ? ''
      : `AND (o.account_id, o.order_no) > (${integer(after[0])}, ${integer(after[1])})`;
  const time = waiting ? ', o.ems_order_no, x.first_executed_at' : '';
  const first = waiting
    ? ', (extract(epoch FROM min(executed_at)) * 1000000)::bigint AS first_executed_at'
    : '';
  return `SELECT o.account_id, o.order_no, o.order_id, o.source, o.market, o.asset_id, o.side,
      o.order_channel, o.settlement_channel, o.trade_date, o.cash_settlement_date,
      o.securities_settlement_date, x.quantities, x.prices, o.stage${time}
    FROM (SELECT * FROM orders o WHERE ${ordersOf(ledgerDate, syncRunIds)}
      AND account_id BETWEEN ${integer(range.accountFrom)} AND ${integer(range.accountTo)} ${rest}
      ORDER BY account_id, order_no OFFSET 0) o
    CROSS JOIN LATERAL (
      SELECT string_agg(quantity::text, ' ') AS quantities,
        string_agg(price::text, ' ') AS prices${first}
      FROM (SELECT quantity, price, executed_at FROM executions
            WHERE ledger_date = ${text(ledgerDate)} AND order_no = o.order_no
            ORDER BY execution_no) e) x
    ORDER BY o.account_id, o.order_no`;
}

/** SQL: the rules of a flow up to an id that a ledger date may see; null is any date. */
const visible = (party: 'agent' | undefined): string =>
  `FROM ${party === 'agent' ? 'agent_fee_rules' : 'fee_rules'} JOIN markets USING (market)
  WHERE flow = $1 AND rule_id <= $2::bigint
    AND (known_from IS NULL OR $3::date IS NULL OR known_from <= $3::date)`;

export async function feeRuleVersion(
  client: pg.PoolClient | pg.Pool,
  flow: string,
  upTo: {
    readonly ledgerDate?: BusinessDate | undefined;
    readonly maxRuleId?: number;
    readonly party?: 'agent' | undefined;
  } = {},
): Promise<FeeRuleVersion> {
  const { ledgerDate, maxRuleId = Number.MAX_SAFE_INTEGER, party } = upTo;
  const { rows } = await client.query<FeeRuleVersion>(
    `SELECT count(*) AS count, coalesce(max(rule_id), 0) AS "maxRuleId",
       md5(coalesce(string_agg(definition::text, E'\\n' ORDER BY rule_id), '')) AS digest,
       (SELECT coalesce(max(rate_id), 0) FROM fx_rates) AS "maxRateId"
     ${visible(party)}`,
    [flow, maxRuleId, ledgerDate ?? null],
  );
  const found = rows[0] ?? { count: 0, maxRuleId: 0, digest: '' };
  return {
    ...found,
    ...(ledgerDate === undefined ? {} : { ledgerDate }),
    ...(party === undefined ? {} : { party }),
  };
}

/** The frozen rules. Throws FEE_RULE_MISSING when they are no longer what the run froze. */
export async function loadFeeRules(
  client: pg.PoolClient | pg.Pool,
  flow: string,
  frozen: FeeRuleVersion,
): Promise<FeeRule[]> {
  const { rows } = await client.query<{ definition: FeeRule }>(
    `SELECT definition ${visible(frozen.party)} ORDER BY rule_id`,
    [flow, frozen.maxRuleId, frozen.ledgerDate ?? null],
  );
  const now = await feeRuleVersion(client, flow, frozen);
  if (now.digest !== frozen.digest) {
    throw new ClearingError('FEE_RULE_MISSING', {
      why: 'fee rules were changed in place while billing ran; run billing again',
      frozen: { ...frozen },
      now: { ...now },
    });
  }
  return rows.map(({ definition }) => definition);
}

/** What prices depend on of instruments and accounts; rows that come later play no part. */
export interface MasterDataVersion {
  readonly maxAssetId: number;
  readonly maxAccountId: number;
  readonly digest: string;
}

const LATEST = { maxAssetId: Number.MAX_SAFE_INTEGER, maxAccountId: Number.MAX_SAFE_INTEGER };

/** Sums of hashes, so that nothing is sorted: every shard compares them. */
export async function masterDataVersion(
  client: pg.PoolClient,
  flow: string,
  { maxAssetId, maxAccountId }: Omit<MasterDataVersion, 'digest'> = LATEST,
): Promise<MasterDataVersion> {
  const hash = (...columns: readonly string[]): string =>
    `coalesce(sum(hashtextextended(concat_ws('|', ${columns.join(', ')}), 0)::numeric), 0)`;
  const instrument = ['asset_id', 'market', 'type', 'i.currency', 'stamp_duty_exempt'];
  const schedule = ['account_id', 'market', 'schedule_id', 'effective_from', 'effective_to'];
  const { rows } = await client.query<MasterDataVersion>(
    `SELECT i.max AS "maxAssetId", s.max AS "maxAccountId", i.digest || ' ' || s.digest AS digest
     FROM (SELECT coalesce(max(asset_id), 0) AS max, ${hash(...instrument)} AS digest
         FROM instruments i JOIN markets USING (market)
         WHERE flow = $1 AND asset_id <= $2::bigint) i,
       (SELECT coalesce(max(account_id), 0) AS max, ${hash(...schedule)} AS digest
         FROM account_fee_schedules JOIN markets USING (market)
         WHERE flow = $1 AND account_id <= $3::bigint) s`,
    [flow, maxAssetId, maxAccountId],
  );
  return rows[0] ?? { maxAssetId: 0, maxAccountId: 0, digest: '' };
}

/** Throws MASTER_DATA_CHANGED: shards that read different types or schedules price differently. */
export async function assertMasterData(
  client: pg.PoolClient,
  flow: string,
  frozen: MasterDataVersion,
): Promise<void> {
  const now = await masterDataVersion(client, flow, frozen);
  if (now.digest !== frozen.digest) {
    throw new ClearingError('MASTER_DATA_CHANGED', { frozen: { ...frozen }, now: { ...now } });
  }
}

/** The manual channel of each edited order: its newest edit that the run may see. */
export async function channelEdits(
  client: pg.PoolClient,
  of: FlowDate,
  upTo: number,
): Promise<{ orderId: string; channel: number }[]> {
  const { rows } = await client.query<{ orderId: string; channel: number }>(
    `SELECT DISTINCT ON (order_id) order_id AS "orderId", channel FROM order_channel_edits
     WHERE ledger_date = $1 AND flow = $2 AND edit_no <= $3
     ORDER BY order_id, edit_no DESC`,
    [of.ledgerDate, of.flow, upTo],
  );
  return rows;
}

export interface ScheduleRow {
  readonly accountId: number;
  readonly market: string;
  readonly scheduleId: string;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo: BusinessDate | null;
}

/** Fee schedules of the accounts of a range that have orders to be billed. */
export async function accountSchedules(
  client: pg.PoolClient,
  ledgerDate: BusinessDate,
  syncRunIds: readonly number[],
  range: { readonly accountFrom: number; readonly accountTo: number },
): Promise<ScheduleRow[]> {
  const { rows } = await client.query<ScheduleRow>(
    `SELECT s.account_id AS "accountId", s.market, s.schedule_id AS "scheduleId",
       s.effective_from AS "effectiveFrom", s.effective_to AS "effectiveTo"
     FROM account_fee_schedules s
     WHERE s.account_id BETWEEN $2 AND $3 AND s.account_id IN (
       SELECT account_id FROM orders WHERE ledger_date = $1
         AND sync_run_id IN ${integers(syncRunIds)} AND account_id BETWEEN $2 AND $3)
     ORDER BY s.effective_from DESC`,
    [ledgerDate, range.accountFrom, range.accountTo],
  );
  return rows;
}

/** Fee schedules of these accounts, whatever they trade. */
export async function schedulesOf(
  client: pg.PoolClient | pg.Pool,
  accountIds: readonly number[],
): Promise<ScheduleRow[]> {
  const { rows } = await client.query<ScheduleRow>(
    `SELECT account_id AS "accountId", market, schedule_id AS "scheduleId",
       effective_from AS "effectiveFrom", effective_to AS "effectiveTo"
     FROM account_fee_schedules WHERE account_id = ANY($1) ORDER BY effective_from DESC`,
    [accountIds],
  );
  return rows;
}

export interface InstrumentRow {
  readonly assetId: number;
  readonly instrumentId: string;
  readonly market: string;
  readonly type: string;
  readonly currency: string;
  readonly stampDutyExempt: boolean;
  /** Equal for instruments that are priced by the same plans. */
  readonly kind: string;
}

/** The instruments of a flow, or those of them that are named. */
export async function loadInstruments(
  client: pg.PoolClient | pg.Pool,
  flow: string,
  instrumentIds: readonly string[] | null = null,
): Promise<Map<number, InstrumentRow>> {
  const { rows } = await client.query<InstrumentRow>(
    `SELECT asset_id AS "assetId", instrument_id AS "instrumentId", market, type,
       i.currency, stamp_duty_exempt AS "stampDutyExempt",
       concat_ws('|', market, type, i.currency, stamp_duty_exempt) AS kind
     FROM instruments i JOIN markets m USING (market)
     WHERE m.flow = $1 AND ($2::text[] IS NULL OR instrument_id = ANY($2))`,
    [flow, instrumentIds],
  );
  return new Map(rows.map((row) => [row.assetId, row]));
}

export async function loadFeeCodeIds(client: pg.PoolClient): Promise<Map<string, number>> {
  const { rows } = await client.query<{ feeCode: string; feeCodeId: number }>(
    'SELECT fee_code AS "feeCode", fee_code_id AS "feeCodeId" FROM fee_codes',
  );
  return new Map(rows.map(({ feeCode, feeCodeId }) => [feeCode, feeCodeId]));
}
