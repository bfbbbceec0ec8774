import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { readInParallel } from './copy-stream.ts';
import { integer } from './sql-literal.ts';

/**
 * A fingerprint of all client balances, cheap enough to take before and after a run: what they
 * gained must be what was posted since. The weighted sum notices an amount under the wrong asset or
 * bucket. Other flows may post between the two, when a run FAILED and goes on later; their journals
 * have ids behind the mark as well, so the mark stays true for as long as the ledger date is open.
 */
export interface BalanceMark {
  readonly sum: string;
  readonly weighted: string;
  /** The newest journal id that was handed out. */
  readonly journalId: number;
}

const SUMS = `coalesce(sum(amount), 0) AS sum,
  coalesce(sum(amount * (asset_id * 4 + bucket)), 0) AS weighted`;

/** Take it while nothing posts: the guard lets one flow at a time do so. */
export async function balanceMark(client: pg.PoolClient): Promise<BalanceMark> {
  const { rows } = await client.query<BalanceMark>(
    `SELECT b.sum::text, b.weighted::text,
       CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS "journalId"
     FROM (SELECT ${SUMS} FROM balances) b, journal_id_seq s`,
  );
  return rows[0] ?? { sum: '0', weighted: '0', journalId: 0 };
}

export interface LedgerTotals {
  readonly journals: number;
  readonly journalsByKind: Readonly<Record<string, number>>;
  readonly postings: number;
  /** Net change of each house account by asset, for money assets. */
  readonly house: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Changes with any amount on any house account and any client total; ids play no part. */
  readonly digest: string;
}

interface Run {
  readonly stepRunId: number;
  readonly ledgerDate: BusinessDate;
}

interface SumRow {
  account: number;
  asset_id: number;
  bucket: number;
  n: number;
  amount: string;
}

/**
 * Reads the journals of a run back and asserts what it may have broken: they add up to zero per
 * asset, the house's deltas are its postings, and since the mark client balances moved by exactly
 * what was posted to clients. Throws BOOKS_OUT_OF_BALANCE.
 */
export async function ledgerTotals(
  client: pg.PoolClient,
  run: Run,
  before: BalanceMark,
): Promise<LedgerTotals> {
  await readInParallel(client);
  const { rows: kinds } = await client.query<{
    kind: string;
    n: number;
    first: number;
    last: number;
  }>(
    `SELECT kind, count(*) AS n, min(journal_id) AS first, max(journal_id) AS last
     FROM journals WHERE ledger_date = $1 AND step_run_id = $2 GROUP BY kind ORDER BY kind`,
    [run.ledgerDate, run.stepRunId],
  );
  const isAlone = await ownsRange(client, 'journals', 'journal_id', 'step_run_id', [
    run.ledgerDate,
    before.journalId + 1,
    Number.MAX_SAFE_INTEGER,
    run.stepRunId,
  ]);
  const sums = await postingSums(client, run, kinds, isAlone);
  await assertBooks(client, run, { before, isAlone, sums });
  return {
    journals: kinds.reduce((sum, { n }) => sum + n, 0),
    journalsByKind: Object.fromEntries(kinds.map(({ kind, n }) => [kind, n])),
    postings: sums.reduce((sum, { n }) => sum + n, 0),
    house: await houseByCode(client, run),
    digest: createHash('sha256')
      .update(
        sums.map((s) => `${s.account}|${s.asset_id}|${s.bucket}|${s.n}|${s.amount}`).join('\n'),
      )
      .digest('hex'),
  };
}

/**
 * True when every row of a range of ids belongs to the run: almost always so, and then the rows
 * below them are found by the range alone, without a join.
 */
export async function ownsRange(
  client: pg.PoolClient,
  table: 'contracts' | 'journals',
  id: string,
  run: string,
  values: readonly [ledgerDate: BusinessDate, first: number, last: number, stepRunId: number],
): Promise<boolean> {
  const { rows } = await client.query<{ shared: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM ${table} WHERE ledger_date = $1 AND ${id} BETWEEN $2 AND $3
       AND ${run} <> $4) AS shared`,
    [...values],
  );
  return rows[0]?.shared === false;
}

/** Postings of the run by house account (clients together as 0), asset and bucket. */
async function postingSums(
  client: pg.PoolClient,
  run: Run,
  kinds: readonly { readonly first: number; readonly last: number }[],
  isAlone: boolean,
): Promise<SumRow[]> {
  if (kinds.length === 0) return [];
  const first = Math.min(...kinds.map((kind) => kind.first));
  const last = Math.max(...kinds.map((kind) => kind.last));
  const others = isAlone
    ? ''
    : `AND journal_id IN (SELECT journal_id FROM journals
         WHERE ledger_date = $1 AND step_run_id = ${integer(run.stepRunId)})`;
  const { rows } = await client.query<SumRow>(
    `SELECT account, asset_id, bucket, sum(n)::bigint AS n,
       trim_scale(sum(amount))::text AS amount
     FROM (SELECT CASE WHEN ledger_account_id >= ${FIRST_CLIENT_ACCOUNT} THEN 0
           ELSE ledger_account_id END AS account,
         asset_id, bucket, count(*) AS n, sum(amount) AS amount
       FROM postings
       WHERE ledger_date = $1 AND journal_id BETWEEN $2 AND $3 ${others}
       GROUP BY 1, 2, 3) s
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [run.ledgerDate, first, last],
  );
  return rows;
}

/** What clients were posted since the mark: by the run, or also by others that posted meanwhile. */
const clientPostings = ({ isAlone, before }: Found): string =>
  isAlone
    ? 'SELECT asset_id, bucket, amount FROM posted WHERE account = 0'
    : `SELECT asset_id, bucket, amount FROM postings
       WHERE ledger_date = $3 AND journal_id > ${integer(before.journalId)}
         AND ledger_account_id >= ${FIRST_CLIENT_ACCOUNT}`;

interface Found {
  readonly before: BalanceMark;
  /** Nobody else posted since the mark. */
  readonly isAlone: boolean;
  readonly sums: readonly SumRow[];
}

/** Balances and postings are compared inside of one statement, which sees one state of both. */
async function assertBooks(client: pg.PoolClient, run: Run, found: Found): Promise<void> {
  const { before, sums } = found;
  const { rows } = await client.query<{
    unbalanced: number | null;
    house: number | null;
    clients: boolean;
  }>(
    `WITH posted AS (SELECT * FROM jsonb_to_recordset($1) AS p
         (account bigint, asset_id int, bucket smallint, amount numeric)),
       deltas AS (SELECT ledger_account_id AS account, asset_id, bucket, sum(amount) AS amount
         FROM house_balance_deltas WHERE step_run_id = $2 AND ledger_date = $3 GROUP BY 1, 2, 3),
       clients AS (SELECT ${SUMS} FROM (${clientPostings(found)}) c),
       after AS (SELECT ${SUMS} FROM balances)
     SELECT
       (SELECT asset_id FROM posted GROUP BY 1 HAVING sum(amount) <> 0 LIMIT 1) AS unbalanced,
       (SELECT coalesce(p.account, d.account) FROM (SELECT * FROM posted WHERE account <> 0) p
          FULL JOIN deltas d USING (account, asset_id, bucket)
          WHERE coalesce(p.amount, 0) <> coalesce(d.amount, 0) LIMIT 1) AS house,
       (SELECT (c.sum, c.weighted) = (a.sum - $4::numeric, a.weighted - $5::numeric)
        FROM clients c, after a) AS clients`,
    [JSON.stringify(sums), run.stepRunId, run.ledgerDate, before.sum, before.weighted],
  );
  const [{ unbalanced, house, clients } = { unbalanced: null, house: null, clients: false }] = rows;
  if (unbalanced !== null || house !== null || !clients) {
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
      what: 'the postings of a run do not agree with the balances',
      stepRunId: run.stepRunId,
      assetOutOfBalance: unbalanced,
      houseAccountThatDiffers: house,
      clientSumsAgree: clients,
    });
  }
}

async function houseByCode(client: pg.PoolClient, run: Run): Promise<LedgerTotals['house']> {
  const { rows } = await client.query<{ code: string; asset: string; amount: string }>(
    `SELECT h.code, a.code AS asset, trim_scale(sum(d.amount))::text AS amount
     FROM house_balance_deltas d
     JOIN house_accounts h USING (ledger_account_id)
     JOIN assets a USING (asset_id)
     WHERE d.step_run_id = $1 AND d.ledger_date = $2 AND a.kind = 'CURRENCY'
     GROUP BY h.code, a.code ORDER BY h.code, a.code`,
    [run.stepRunId, run.ledgerDate],
  );
  const house: Record<string, Record<string, string>> = {};
  for (const { code, asset, amount } of rows) (house[code] ??= {})[asset] = amount;
  return house;
}
