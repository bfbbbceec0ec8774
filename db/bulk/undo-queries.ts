import type pg from 'pg';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import type { ShardClaim } from '../fence.ts';
import { chunkSizeOf, type ShardAttempt } from './chunk-writer.ts';
import type { JournalRun } from './journal-batch.ts';
import { JOURNAL_COLUMNS, POSTING_COLUMNS } from './journal-columns.ts';
import { sealWritten } from './journal-seals.ts';
import type { FlowDate } from './run-history.ts';
import { integer, text } from './sql-literal.ts';

/** What an undo reverses; the kind of a reversal is its name with `Reversal` behind it. */
export type UndoableKind = Extract<
  JournalKind,
  'tradePosting' | 'cashSettlement' | 'securitiesSettlement'
>;

/** Journals of a flow and date that nothing has reversed, whatever generation booked them. */
const unreversed = ({ ledgerDate, flow }: FlowDate, kinds: readonly UndoableKind[]): string =>
  `journals j WHERE j.ledger_date = ${text(ledgerDate)} AND j.flow = ${text(flow)}
     AND j.kind IN (${kinds.map(text).join(', ')})
     AND NOT EXISTS (SELECT 1 FROM journals r WHERE r.ledger_date = ${text(ledgerDate)}
       AND r.source_id = j.source_id AND r.reverses_journal_id = j.journal_id)`;

export const unreversedPerAccount = (of: FlowDate, kinds: readonly UndoableKind[]): string =>
  `SELECT j.account_id, count(*) AS n FROM ${unreversed(of, kinds)} GROUP BY j.account_id`;

export async function countUnreversed(
  client: pg.PoolClient,
  of: FlowDate,
  kinds: readonly UndoableKind[],
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*) AS n FROM ${unreversed(of, kinds)}`,
  );
  return rows[0]?.n ?? 0;
}

export interface ReversedChunk {
  readonly cursor: string;
  readonly rows: number;
}

/**
 * Reverses the next journals of an account range: the same lines with the amounts negated, and the
 * balances moved back. Works in the chunk's transaction. Undefined when nothing is left.
 */
export async function reverseChunk(
  client: pg.PoolClient,
  attempt: ShardAttempt,
  run: JournalRun,
  kinds: readonly UndoableKind[],
): Promise<ReversedChunk | undefined> {
  const { db, claim } = attempt;
  const picked = await pickJournals(client, run, claim, kinds, chunkSizeOf(attempt));
  if (picked.rows === 0) return undefined;
  const { rows } = await db.$client.query<{ first: number }>(
    "SELECT reserve_ids('journal_id_seq', $1) AS first",
    [picked.rows],
  );
  const first = integer(rows[0]?.first ?? 0);
  const day = text(run.ledgerDate);
  const { stepRunId, generation } = run;
  await client.query(
    `INSERT INTO journals (${JOURNAL_COLUMNS.join(', ')})
     SELECT j.ledger_date, ${first} + u.place, j.kind || 'Reversal', ${integer(stepRunId)},
       ${integer(generation)}, j.flow, j.source_kind, j.source_id, j.account_id, j.value_date,
       j.journal_id
     FROM pg_temp.undo_batch u
     JOIN journals j ON j.ledger_date = ${day} AND j.journal_id = u.journal_id
     ORDER BY u.place`,
  );
  const source = `pg_temp.undo_batch u JOIN postings p ON p.ledger_date = ${day}
     AND p.journal_id = u.journal_id AND p.journal_id BETWEEN ${integer(picked.first)}
     AND ${integer(picked.last)}`;
  await client.query(
    `INSERT INTO postings (${POSTING_COLUMNS.join(', ')})
     SELECT p.ledger_date, ${first} + u.place, p.line, p.ledger_account_id, p.asset_id, p.bucket,
       p.settlement_date, -p.amount
     FROM ${source} ORDER BY u.place, p.line`,
  );
  await client.query(
    `INSERT INTO balances AS b (ledger_account_id, asset_id, bucket, amount)
     SELECT p.ledger_account_id, p.asset_id, p.bucket, -sum(p.amount) FROM ${source}
     WHERE p.ledger_account_id >= ${FIRST_CLIENT_ACCOUNT}
     GROUP BY 1, 2, 3 HAVING sum(p.amount) <> 0 ORDER BY 1, 2, 3
     ON CONFLICT (ledger_account_id, asset_id, bucket)
     DO UPDATE SET amount = b.amount + excluded.amount`,
  );
  await client.query(
    `INSERT INTO house_balance_deltas (ledger_date, step_run_id, shard, chunk, ledger_account_id,
       asset_id, bucket, amount)
     SELECT ${day}, ${integer(stepRunId)}, ${integer(claim.shard)}, ${integer(claim.chunks)},
       p.ledger_account_id, p.asset_id, p.bucket, -sum(p.amount) FROM ${source}
     WHERE p.ledger_account_id < ${FIRST_CLIENT_ACCOUNT}
     GROUP BY 5, 6, 7 HAVING sum(p.amount) <> 0`,
  );
  const key = { ledgerDate: run.ledgerDate, stepRunId, shard: claim.shard, chunk: claim.chunks };
  await sealWritten(client, key, { first: rows[0]?.first ?? 0, count: picked.rows });
  return { cursor: picked.cursor, rows: picked.rows };
}

interface Picked extends ReversedChunk {
  readonly first: number;
  readonly last: number;
}

async function pickJournals(
  client: pg.PoolClient,
  run: JournalRun,
  claim: ShardClaim,
  kinds: readonly UndoableKind[],
  chunkSize: number,
): Promise<Picked> {
  const [account, journal] =
    claim.cursor === '' ? [0, 0] : (JSON.parse(claim.cursor) as readonly [number, number]);
  await client.query('SET LOCAL client_min_messages = warning');
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS undo_batch (place integer,
    journal_id bigint, account_id bigint) ON COMMIT DELETE ROWS`);
  const { rows } = await client.query<{
    n: number;
    first: number;
    last: number;
    account: number;
    journal: number;
  }>(
    `WITH picked AS (
       INSERT INTO pg_temp.undo_batch
       SELECT row_number() OVER (ORDER BY j.account_id, j.journal_id) - 1, j.journal_id,
         j.account_id
       FROM ${unreversed(run, kinds)}
         AND j.account_id BETWEEN ${integer(claim.accountFrom)} AND ${integer(claim.accountTo)}
         AND (j.account_id, j.journal_id) > (${integer(account)}, ${integer(journal)})
       ORDER BY j.account_id, j.journal_id LIMIT ${integer(chunkSize)}
       RETURNING *)
     SELECT count(*) AS n, coalesce(min(journal_id), 0) AS first,
       coalesce(max(journal_id), 0) AS last,
       coalesce((array_agg(account_id ORDER BY place DESC))[1], 0) AS account,
       coalesce((array_agg(journal_id ORDER BY place DESC))[1], 0) AS journal
     FROM picked`,
  );
  const row = rows[0] ?? { n: 0, first: 0, last: 0, account: 0, journal: 0 };
  return {
    rows: row.n,
    first: row.first,
    last: row.last,
    cursor: JSON.stringify([row.account, row.journal]),
  };
}
