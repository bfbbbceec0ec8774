import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { assertBalanced, type PostingLine } from '../../domain/ledger/contract-postings.ts';
import { ExactSum } from '../../domain/ledger/exact-sum.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import { CopyBuffer, COPY_NULL } from './copy-buffer.ts';
import { copyIn } from './copy-stream.ts';
import { JOURNAL_COLUMNS, POSTING_COLUMNS } from './journal-columns.ts';
import { insertSeal } from './journal-seals.ts';
import { JournalSealer, type ChunkSeal } from './journal-sealer.ts';

const JOURNALS = `journals (${JOURNAL_COLUMNS.join(', ')})`;
const POSTINGS = `postings (${POSTING_COLUMNS.join(', ')})`;
const HOUSE_DELTAS = `house_balance_deltas (ledger_date, step_run_id, shard, chunk,
  ledger_account_id, asset_id, bucket, amount)`;
const CLIENT_DELTAS = 'pg_temp.balance_deltas (ledger_account_id, asset_id, bucket, amount)';

/** Buckets are 1 to 3, so asset and bucket fit in one whole number. */
const BUCKET_SPAN = 4;
const BUCKET_FIELDS = { 1: '\t1\t', 2: '\t2\t', 3: '\t3\t' } as const;

export interface JournalRun {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly generation: number;
  readonly stepRunId: number;
}

export interface NewJournal {
  readonly journalId: number;
  readonly kind: JournalKind;
  readonly contractId: string;
  readonly accountId: number;
  readonly valueDate: BusinessDate;
  readonly lines: readonly PostingLine[];
}

/** The journals of one chunk with what they do to balances; all of it is written together. */
export class JournalBatch {
  private readonly run: JournalRun;
  private readonly journals = new CopyBuffer(1 << 20);
  private readonly postings = new CopyBuffer(1 << 22);
  private readonly clientDeltas = new CopyBuffer(1 << 18);
  private readonly house = new Map<number, Map<number, ExactSum>>();
  private readonly sealer = new JournalSealer();
  /** Three numbers for each journal: its id, and where its row and its postings end. */
  private readonly ends: number[] = [];
  /** CPU time that sealing took since the batch was made. */
  sealingMicros = 0;
  /** Sums of the client account that is being written; journals come by account. */
  private account = 0;
  private readonly accountSums = new Map<number, ExactSum>();

  constructor(run: JournalRun) {
    this.run = run;
  }

  get size(): number {
    return this.journals.rows;
  }

  /** Adds a journal. Throws BOOKS_OUT_OF_BALANCE when its lines do not add up to zero. */
  add(journal: NewJournal): void {
    const { journalId, kind, contractId, accountId, valueDate, lines } = journal;
    assertBalanced(lines, kind);
    const { postings } = this;
    const { ledgerDate, stepRunId, generation, flow } = this.run;
    this.journals.row(
      `${ledgerDate}\t${journalId}\t${kind}\t${stepRunId}\t${generation}\t${flow}\tcontract` +
        `\t${contractId}\t${accountId}\t${valueDate}\t${COPY_NULL}\n`,
    );
    const prefix = `${ledgerDate}\t${journalId}\t`;
    let number = 0;
    for (const line of lines) {
      number += 1;
      postings.put(prefix);
      postings.putWhole(number);
      postings.put('\t');
      postings.putWhole(line.ledgerAccountId);
      postings.put('\t');
      postings.putWhole(line.assetId);
      postings.put(BUCKET_FIELDS[line.bucket]);
      postings.put(line.settlementDate ?? COPY_NULL);
      postings.put('\t');
      postings.put(line.amount);
      postings.endRow();
      this.sumUp(line);
    }
    this.ends.push(journalId, this.journals.length, postings.length);
  }

  private sumUp({ ledgerAccountId, assetId, bucket, amount }: PostingLine): void {
    let sums: Map<number, ExactSum>;
    if (ledgerAccountId >= FIRST_CLIENT_ACCOUNT) {
      if (ledgerAccountId !== this.account) this.endAccount(ledgerAccountId);
      sums = this.accountSums;
    } else {
      sums = this.house.get(ledgerAccountId) ?? new Map<number, ExactSum>();
      if (sums.size === 0) this.house.set(ledgerAccountId, sums);
    }
    const key = assetId * BUCKET_SPAN + bucket;
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = new ExactSum()));
    sum.add(amount);
  }

  private endAccount(next: number): void {
    for (const [key, sum] of this.accountSums) {
      if (sum.isZero()) continue;
      const bucket = key % BUCKET_SPAN;
      this.clientDeltas.row(
        `${this.account}\t${(key - bucket) / BUCKET_SPAN}\t${bucket}\t${sum.toString()}\n`,
      );
    }
    this.accountSums.clear();
    this.account = next;
  }

  /** Writes everything in the chunk's transaction; `shard` and `chunk` name the house's deltas. */
  async write(client: pg.PoolClient, shard: number, chunk: number): Promise<void> {
    this.endAccount(0);
    await copyIn(client, JOURNALS, this.journals);
    await copyIn(client, POSTINGS, this.postings);
    await addToBalances(client, this.clientDeltas);
    await copyIn(client, HOUSE_DELTAS, this.houseRows(shard, chunk));
    const { ledgerDate, stepRunId } = this.run;
    await insertSeal(client, { ledgerDate, stepRunId, shard, chunk }, this.seal());
  }

  private seal(): ChunkSeal {
    const before = process.cpuUsage();
    const { ends, sealer } = this;
    const row = { text: this.journals.view(), start: 0, end: 0 };
    const lines = { text: this.postings.view(), start: 0, end: 0 };
    for (let at = 0; at < ends.length; at += 3) {
      row.end = ends[at + 1] ?? 0;
      lines.end = ends[at + 2] ?? 0;
      sealer.add(ends[at] ?? 0, row, lines);
      row.start = row.end;
      lines.start = lines.end;
    }
    const seal = sealer.seal();
    const { user, system } = process.cpuUsage(before);
    this.sealingMicros += user + system;
    return seal;
  }

  private houseRows(shard: number, chunk: number): CopyBuffer {
    const { ledgerDate, stepRunId } = this.run;
    const rows = new CopyBuffer();
    for (const [ledgerAccountId, sums] of this.house) {
      for (const [key, sum] of sums) {
        if (sum.isZero()) continue;
        const bucket = key % BUCKET_SPAN;
        rows.row(
          `${ledgerDate}\t${stepRunId}\t${shard}\t${chunk}\t${ledgerAccountId}` +
            `\t${(key - bucket) / BUCKET_SPAN}\t${bucket}\t${sum.toString()}\n`,
        );
      }
    }
    return rows;
  }

  clear(): void {
    this.journals.clear();
    this.postings.clear();
    this.clientDeltas.clear();
    this.house.clear();
    this.sealer.clear();
    this.ends.length = 0;
    this.accountSums.clear();
    this.account = 0;
  }
}

/**
 * Merges deltas, one for each place, into client balances. Shards own disjoint accounts, so none
 * waits for another.
 */
async function addToBalances(client: pg.PoolClient, deltas: CopyBuffer): Promise<void> {
  if (deltas.rows === 0) return;
  await client.query('SET LOCAL client_min_messages = warning');
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS balance_deltas (ledger_account_id bigint,
    asset_id integer, bucket smallint, amount numeric) ON COMMIT DELETE ROWS`);
  await copyIn(client, CLIENT_DELTAS, deltas);
  await client.query(
    `INSERT INTO balances AS b (ledger_account_id, asset_id, bucket, amount)
     SELECT ledger_account_id, asset_id, bucket, amount FROM pg_temp.balance_deltas
     ON CONFLICT (ledger_account_id, asset_id, bucket)
     DO UPDATE SET amount = b.amount + excluded.amount`,
  );
}
