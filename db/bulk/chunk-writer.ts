import type pg from 'pg';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { Db } from '../client.ts';
import { commitChunk, type ShardClaim } from '../fence.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

/** What a chunk writer needs of the attempt that it works for. */
export interface ShardAttempt {
  readonly db: Db;
  readonly claim: ShardClaim;
  heartbeat(progress: { readonly rowsDone: number }): void;
  isCancelled(): boolean;
  /** Orders, contracts or journals a chunk; tests take few, to be stopped between two of them. */
  readonly chunkSize?: number;
}

/** Fewer cost a commit each, more cost memory and gain nothing (docs/performance.md). */
const CHUNK_SIZE = 10_000;

export const chunkSizeOf = (attempt: ShardAttempt): number => attempt.chunkSize ?? CHUNK_SIZE;

export interface Chunk {
  /** Where the chunk ends; a later attempt goes on behind it. */
  readonly cursor: string;
  readonly rows: number;
  /** Writes the business rows, in the transaction that also moves the cursor. */
  write(t: Transaction): Promise<void>;
}

/**
 * Commits the chunks of a shard one after the other, while the caller prepares the next one: so
 * PostgreSQL and this process work at the same time. `submit` returns once the chunk before is
 * committed, whose buffers are free from then on.
 */
export class ChunkWriter {
  private readonly attempt: ShardAttempt;
  private inFlight: Promise<void> = Promise.resolve();

  constructor(attempt: ShardAttempt) {
    this.attempt = attempt;
  }

  async submit(chunk: Chunk): Promise<void> {
    await this.inFlight;
    this.refuseWhenCancelled();
    this.inFlight = this.commit(chunk);
    // Whoever waits next gets the error; until then it must not count as unhandled.
    this.inFlight.catch(() => undefined);
  }

  /** Waits for the last chunk. Call it on every way out: no transaction may outlive the attempt. */
  async finish(): Promise<void> {
    await this.inFlight;
  }

  /**
   * One chunk whose extent only its own transaction finds out. False when there was none left.
   */
  async once(
    write: (t: Transaction) => Promise<Omit<Chunk, 'write'> | undefined>,
  ): Promise<boolean> {
    await this.inFlight;
    this.refuseWhenCancelled();
    const { db, claim } = this.attempt;
    const isDone = await inTransaction(db, async (t) => {
      await holdShard(t.client, claim);
      const chunk = await write(t);
      if (chunk !== undefined) await commitChunk(t.client, claim, chunk);
      return chunk === undefined;
    });
    this.attempt.heartbeat({ rowsDone: claim.rowsDone });
    return !isDone;
  }

  private refuseWhenCancelled(): void {
    if (this.attempt.isCancelled()) {
      throw new ClearingError('FENCED_OUT', { why: 'the attempt was cancelled' });
    }
  }

  private async commit(chunk: Chunk): Promise<void> {
    const { db, claim } = this.attempt;
    await inTransaction(db, async (t) => {
      await holdShard(t.client, claim);
      await chunk.write(t);
      await commitChunk(t.client, claim, chunk);
    });
    this.attempt.heartbeat({ rowsDone: claim.rowsDone });
  }
}

/**
 * Locks the shard before anything is written. A zombie ends here with FENCED_OUT, not later at a
 * unique key; and whoever claims the shard waits for the open chunk to commit or roll back.
 */
async function holdShard(client: pg.PoolClient, claim: ShardClaim): Promise<void> {
  const held = await client.query(
    `SELECT 1 FROM step_shards WHERE step_run_id = $1 AND shard = $2 AND token = $3
       AND cursor = $4 AND status = 'OPEN' FOR UPDATE`,
    [claim.stepRunId, claim.shard, claim.token, claim.cursor],
  );
  if (held.rowCount !== 1) {
    throw new ClearingError('FENCED_OUT', { stepRunId: claim.stepRunId, shard: claim.shard });
  }
}
