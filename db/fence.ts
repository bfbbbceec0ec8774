import type pg from 'pg';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Db } from './client.ts';

/*
 * The fence of a step's work. An attempt takes one token; each chunk commits business rows and the
 * cursor in one transaction that names the token. A zombie (an attempt that timed out but lives on)
 * holds an older token, so its next commit changes no row and it is FENCED_OUT. Retryable: a zombie
 * that wakes late can hold the newer token, and the living attempt then simply takes the next one.
 */
export interface ShardClaim {
  readonly stepRunId: number;
  readonly shard: number;
  readonly token: number;
  readonly accountFrom: number;
  readonly accountTo: number;
  /** Where the last committed chunk ended; '' before the first. */
  cursor: string;
  /** How many chunks are committed; the number of the next one. */
  chunks: number;
  rowsDone: number;
}

export type ClaimOutcome =
  | { readonly kind: 'done'; readonly result: Record<string, unknown> }
  | { readonly kind: 'claimed'; readonly claim: ShardClaim };

interface ShardRow {
  token: number;
  cursor: string;
  chunks: number;
  rows_done: number;
  account_from: number;
  account_to: number;
}

/** Takes the next token of a shard; blocks while a zombie's open chunk commits or rolls back. */
export async function claimShard(db: Db, stepRunId: number, shard: number): Promise<ClaimOutcome> {
  const taken = await db.$client.query<ShardRow>(
    `UPDATE step_shards SET token = token + 1, started_at = coalesce(started_at, now())
     WHERE step_run_id = $1 AND shard = $2 AND status = 'OPEN'
     RETURNING token, cursor, chunks, rows_done, account_from, account_to`,
    [stepRunId, shard],
  );
  const row = taken.rows[0];
  if (row) {
    return {
      kind: 'claimed',
      claim: {
        stepRunId,
        shard,
        token: row.token,
        cursor: row.cursor,
        chunks: row.chunks,
        rowsDone: row.rows_done,
        accountFrom: row.account_from,
        accountTo: row.account_to,
      },
    };
  }
  const done = await db.$client.query<{ status: string; result: Record<string, unknown> | null }>(
    'SELECT status, result FROM step_shards WHERE step_run_id = $1 AND shard = $2',
    [stepRunId, shard],
  );
  const found = done.rows[0];
  if (!found) throw new ClearingError('NOT_FOUND', { stepRunId, shard });
  if (found.status !== 'DONE') throw new ClearingError('FENCED_OUT', { stepRunId, shard });
  return { kind: 'done', result: found.result ?? {} };
}

/**
 * Moves the cursor inside the chunk's own transaction and updates the claim. Throws FENCED_OUT,
 * which rolls the chunk back, when another attempt took a newer token meanwhile.
 */
export async function commitChunk(
  client: pg.PoolClient,
  claim: ShardClaim,
  chunk: { readonly cursor: string; readonly rows: number },
): Promise<void> {
  const moved = await client.query(
    `UPDATE step_shards SET cursor = $1, rows_done = rows_done + $2, chunks = chunks + 1
     WHERE step_run_id = $3 AND shard = $4 AND token = $5 AND cursor = $6 AND status = 'OPEN'`,
    [chunk.cursor, chunk.rows, claim.stepRunId, claim.shard, claim.token, claim.cursor],
  );
  if (moved.rowCount !== 1) {
    throw new ClearingError('FENCED_OUT', { stepRunId: claim.stepRunId, shard: claim.shard });
  }
  claim.cursor = chunk.cursor;
  claim.rowsDone += chunk.rows;
  claim.chunks += 1;
}

/**
 * Marks the shard DONE with its result; like a chunk, it fails when the token is no longer ours.
 */
export async function finishShard(
  db: Db,
  claim: ShardClaim,
  result: Record<string, unknown>,
): Promise<void> {
  const finished = await db.$client.query(
    `UPDATE step_shards SET status = 'DONE', result = $1, finished_at = now()
     WHERE step_run_id = $2 AND shard = $3 AND token = $4 AND status = 'OPEN'`,
    [JSON.stringify(result), claim.stepRunId, claim.shard, claim.token],
  );
  if (finished.rowCount !== 1) {
    throw new ClearingError('FENCED_OUT', { stepRunId: claim.stepRunId, shard: claim.shard });
  }
}
