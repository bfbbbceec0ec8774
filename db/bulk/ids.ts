import type { Db } from '../client.ts';

export type IdSequence = 'order_no_seq' | 'contract_id_seq' | 'journal_id_seq';

/**
 * Hands out ids in write order from blocks of consecutive values. Blocks are reserved outside of
 * the chunk's transaction, so that no shard waits for another; a lost block leaves a gap.
 */
export class IdBlock {
  private readonly db: Db;
  private readonly sequence: IdSequence;
  private readonly blockSize: number;
  private next = 0;
  private left = 0;

  constructor(db: Db, sequence: IdSequence, blockSize: number) {
    this.db = db;
    this.sequence = sequence;
    this.blockSize = Math.max(1, blockSize);
  }

  /** True when `take` can be called. */
  get isReady(): boolean {
    return this.left > 0;
  }

  /** True when `take` can be called `count` times. */
  has(count: number): boolean {
    return count <= this.left;
  }

  /**
   * Makes sure that `take` can be called `count` times. Ids of a block that is too short are lost.
   */
  async reserve(count: number): Promise<void> {
    if (count <= this.left) return;
    const size = Math.max(count, this.blockSize);
    const { rows } = await this.db.$client.query<{ first: number }>(
      'SELECT reserve_ids($1, $2) AS first',
      [this.sequence, size],
    );
    this.next = rows[0]?.first ?? 0;
    this.left = size;
  }

  take(): number {
    if (this.left === 0) throw new RangeError(`no id of ${this.sequence} is reserved`);
    this.left -= 1;
    const id = this.next;
    this.next += 1;
    return id;
  }
}
