import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { MatchMode, MatchPair, MatchSide } from '../domain/matching/match-pair.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import type { Side } from '../domain/trades/trade.ts';
import { integers, text } from './bulk/sql-literal.ts';

/** One settlement channel of a check: which rows of both sides are compared, and how. */
export interface ChannelScope {
  readonly settlementChannel: string;
  readonly market: string;
  readonly matchMode: MatchMode;
  readonly tradeDates: readonly BusinessDate[];
  /** The ledger dates that can have booked these trade dates. */
  readonly bookedFrom: BusinessDate;
  readonly bookedTo: BusinessDate;
  /** Snapshots whose trades count: the current one, and those of posted contracts. */
  readonly syncRunIds: readonly number[];
  readonly fileIds: readonly number[];
}

/** A pair with what a person needs to find it. */
export interface CheckPair extends MatchPair {
  readonly localId: string | null;
  readonly otherId: string | null;
  readonly accountNo: string | null;
  readonly settlementAccount: string | null;
}

/** What a row is summed by on our side (o, e) and on theirs (r, i); U+001F is in no id. */
interface Keys {
  readonly ours: string;
  readonly ourId: string;
  readonly theirs: string;
  readonly theirId: string;
}

/**
 * A row without a serial matches nothing, so its key is its own: one that stays the same when sync
 * runs again or the file is imported again, since passes by hand are bound to it.
 */
const KEYS: Readonly<Record<MatchMode, Keys>> = {
  execution: {
    ours: `coalesce(e.serial, chr(31) || e.execution_id)`,
    ourId: 'coalesce(e.serial, e.execution_id)',
    theirs: `coalesce(nullif(r.serial, ''), chr(31) || r.row_no)`,
    theirId: 'r.serial',
  },
  order: {
    ours: 'o.order_id',
    ourId: 'o.order_id',
    theirs: `coalesce(nullif(r.order_id, ''), chr(31) || r.row_no)`,
    theirId: 'r.order_id',
  },
  instrument: {
    ours: `o.asset_id || ' ' || o.side`,
    ourId: 'NULL::text',
    theirs: `coalesce(i.asset_id::text, r.instrument_id) || ' ' || r.side`,
    theirId: 'NULL::text',
  },
};

const dates = (values: readonly string[]): string =>
  `(${values.map((value) => `${text(value)}::date`).join(', ')})`;

function oursOf(scope: ChannelScope): string {
  const keys = KEYS[scope.matchMode];
  return `SELECT o.trade_date, ${keys.ours} AS key, min(${keys.ourId}) AS id, count(*) AS n,
      min(o.asset_id) AS asset_id, min(o.side) AS side, min(o.account_id) AS account_id,
      min(o.asset_id) <> max(o.asset_id) OR min(o.side) <> max(o.side) AS mixed,
      min(e.price) AS price, sum(e.quantity) AS quantity, sum(e.quantity * e.price) AS amount
    FROM orders o JOIN executions e ON e.ledger_date = o.ledger_date AND e.order_no = o.order_no
    WHERE o.ledger_date BETWEEN ${text(scope.bookedFrom)} AND ${text(scope.bookedTo)}
      AND o.sync_run_id IN ${integers(scope.syncRunIds)}
      AND o.settlement_channel = ${text(scope.settlementChannel)}
      AND o.source NOT IN ('AMENDMENT_REVERSE', 'AMENDMENT_NEW')
      AND o.trade_date IN ${dates(scope.tradeDates)}
    GROUP BY 1, 2`;
}

function theirsOf(scope: ChannelScope): string {
  const keys = KEYS[scope.matchMode];
  return `SELECT f.trade_date, ${keys.theirs} AS key, min(${keys.theirId}) AS id, count(*) AS n,
      min(i.asset_id) AS asset_id, min(r.instrument_id) AS instrument_id,
      min(r.currency) AS currency, min(r.side) AS side,
      min(r.settlement_account) AS settlement_account,
      min(r.instrument_id) <> max(r.instrument_id) OR min(r.side) <> max(r.side)
        OR min(r.currency) <> max(r.currency) AS mixed,
      min(r.price) AS price, sum(r.quantity) AS quantity, sum(r.amount) AS amount
    FROM trade_file_rows r JOIN trade_files f ON f.file_id = r.file_id
    LEFT JOIN instruments i ON i.instrument_id = r.instrument_id
    WHERE r.file_id IN ${integers(scope.fileIds)}
    GROUP BY 1, 2`;
}

/** A table of its own, since only then may PostgreSQL join and sum with several workers. */
async function collectPairs(client: pg.PoolClient, scope: ChannelScope): Promise<void> {
  await client.query(`SET LOCAL max_parallel_workers_per_gather = 2`);
  await client.query(`SET LOCAL work_mem = '48MB'`);
  await client.query('SET LOCAL jit = off');
  await client.query('DROP TABLE IF EXISTS pg_temp.check_pairs');
  await client.query(
    `CREATE TEMP TABLE check_pairs ON COMMIT DROP AS
     WITH ours AS MATERIALIZED (${oursOf(scope)}), theirs AS MATERIALIZED (${theirsOf(scope)})
     SELECT coalesce(ours.trade_date, theirs.trade_date) AS trade_date,
       coalesce(ours.key, theirs.key) AS key,
       ours.id AS our_id, ours.n AS our_n, ours.mixed AS our_mixed, ours.account_id,
       mine.instrument_id AS our_instrument, mine.currency AS our_currency, ours.side AS our_side,
       ours.price AS our_price, ours.quantity AS our_quantity, ours.amount AS our_amount,
       theirs.id AS their_id, theirs.n AS their_n, theirs.mixed AS their_mixed,
       theirs.settlement_account, theirs.instrument_id AS their_instrument,
       theirs.currency AS their_currency, theirs.side AS their_side, theirs.price AS their_price,
       theirs.quantity AS their_quantity, theirs.amount AS their_amount
     FROM ours FULL JOIN theirs ON theirs.trade_date = ours.trade_date AND theirs.key = ours.key
     LEFT JOIN instruments mine ON mine.asset_id = ours.asset_id
     WHERE ours.key IS NULL OR theirs.key IS NULL OR ours.mixed OR theirs.mixed
       OR ours.quantity <> theirs.quantity OR ours.amount <> theirs.amount
       OR theirs.asset_id IS DISTINCT FROM ours.asset_id OR theirs.side <> ours.side
       OR theirs.currency IS DISTINCT FROM mine.currency
       ${scope.matchMode === 'execution' ? 'OR ours.n > 1 OR theirs.n > 1' : ''}`,
  );
}

interface PairRecord {
  readonly trade_date: BusinessDate;
  readonly key: string;
  readonly account_no: string | null;
  readonly settlement_account: string | null;
  readonly our_id: string | null;
  readonly our_n: number | null;
  readonly our_mixed: boolean | null;
  readonly our_instrument: string | null;
  readonly our_currency: string | null;
  readonly our_side: Side | null;
  readonly our_price: DecimalString | null;
  readonly our_quantity: DecimalString | null;
  readonly our_amount: DecimalString | null;
  readonly their_id: string | null;
  readonly their_n: number | null;
  readonly their_mixed: boolean | null;
  readonly their_instrument: string | null;
  readonly their_currency: string | null;
  readonly their_side: Side | null;
  readonly their_price: DecimalString | null;
  readonly their_quantity: DecimalString | null;
  readonly their_amount: DecimalString | null;
}

function sideOf(row: PairRecord, whose: 'our' | 'their'): MatchSide | null {
  const rows = row[`${whose}_n`];
  const side = row[`${whose}_side`];
  const quantity = row[`${whose}_quantity`];
  const amount = row[`${whose}_amount`];
  if (rows === null || side === null || quantity === null || amount === null) return null;
  return {
    rows,
    isMixed: row[`${whose}_mixed`] === true,
    instrumentId: row[`${whose}_instrument`] ?? '',
    currency: row[`${whose}_currency`] ?? '',
    side,
    quantity,
    // Shown where one row has one; a sum of several has none.
    price: rows === 1 ? row[`${whose}_price`] : null,
    amount,
  };
}

const pairOf = (row: PairRecord): CheckPair => ({
  tradeDate: row.trade_date,
  key: row.key,
  local: sideOf(row, 'our'),
  other: sideOf(row, 'their'),
  localId: row.our_id,
  otherId: row.their_id,
  accountNo: row.account_no,
  settlementAccount: row.settlement_account,
});

const PAIRS_PER_READ = 2_000;

/**
 * Joins both sides of a channel and hands over the pairs that are not plainly equal, in the order
 * of trade date and key, so that equal differences always read alike. Inside the transaction of
 * `client`; memory stays flat however many pairs there are.
 */
export async function readUnequalPairs(
  client: pg.PoolClient,
  scope: ChannelScope,
  onPair: (pair: CheckPair) => void,
): Promise<void> {
  await collectPairs(client, scope);
  const showsAccount = scope.matchMode === 'instrument' ? 'NULL' : 'a.account_no';
  const cursor = client.query(
    new Cursor<PairRecord>(
      `SELECT p.*, ${showsAccount} AS account_no FROM check_pairs p
       LEFT JOIN accounts a ON a.account_id = p.account_id
       ORDER BY p.trade_date, p.key COLLATE "C"`,
    ),
  );
  try {
    for (;;) {
      const rows = await cursor.read(PAIRS_PER_READ);
      if (rows.length === 0) return;
      for (const row of rows) onPair(pairOf(row));
    }
  } finally {
    await cursor.close();
  }
}
