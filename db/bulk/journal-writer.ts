import type { ContractToPost, PostingLine } from '../../domain/ledger/contract-postings.ts';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ChunkWriter, chunkSizeOf, type ShardAttempt } from './chunk-writer.ts';
import { billedLine, contractOf, type LedgerAccounts } from './contract-lines.ts';
import { readLines } from './copy-stream.ts';
import { IdBlock } from './ids.ts';
import type { HandPrices } from './hand-prices.ts';
import { JournalBatch, type JournalRun } from './journal-batch.ts';

/** As many as a shard has rows: each reservation waits for the disk once. */
const ID_BLOCK = 15_000;

/** A journal that a contract asks for. */
export interface JournalDraft {
  readonly kind: JournalKind;
  readonly valueDate: BusinessDate;
  readonly lines: readonly PostingLine[];
}

export type DraftJournals = (
  contract: ContractToPost,
  fields: readonly string[],
) => readonly JournalDraft[];

/** What the lines of a query are read with. */
export interface ContractBooks {
  readonly accounts: LedgerAccounts;
  readonly handPrices: HandPrices;
}

/**
 * Books the journals that a query's contracts ask for, in chunks by account. The query's lines
 * begin with CONTRACT_COLUMNS and are ordered by account and contract.
 */
export class JournalWriter {
  private readonly attempt: ShardAttempt;
  private readonly books: ContractBooks;
  private readonly draft: DraftJournals;
  private readonly writer: ChunkWriter;
  private readonly chunkSize: number;
  private readonly ids: IdBlock;
  private batch: JournalBatch;
  private spare: JournalBatch;
  private contracts = 0;
  private cursor = '';

  constructor(attempt: ShardAttempt, run: JournalRun, books: ContractBooks, draft: DraftJournals) {
    this.attempt = attempt;
    this.books = books;
    this.draft = draft;
    this.writer = new ChunkWriter(attempt);
    this.chunkSize = chunkSizeOf(attempt);
    this.ids = new IdBlock(attempt.db, 'journal_id_seq', ID_BLOCK);
    this.batch = new JournalBatch(run);
    this.spare = new JournalBatch(run);
  }

  async run(query: string): Promise<void> {
    try {
      await readLines(this.attempt.db, query, (line) => this.take(line));
      await this.flush();
    } finally {
      await this.writer.finish();
    }
  }

  private take(line: string): Promise<void> | undefined {
    const { accounts, handPrices } = this.books;
    const fields = billedLine(line.split('\t'), handPrices);
    const contract = contractOf(fields, accounts);
    const drafts = this.draft(contract, fields);
    if (this.batch.size >= this.chunkSize || !this.ids.has(drafts.length)) {
      return this.makeReady(fields, contract, drafts);
    }
    this.write(fields, contract, drafts);
    return undefined;
  }

  private async makeReady(
    fields: readonly string[],
    contract: ContractToPost,
    drafts: readonly JournalDraft[],
  ): Promise<void> {
    if (this.batch.size >= this.chunkSize) await this.flush();
    await this.ids.reserve(drafts.length);
    this.write(fields, contract, drafts);
  }

  private write(
    fields: readonly string[],
    contract: ContractToPost,
    drafts: readonly JournalDraft[],
  ): void {
    const [contractId = '', accountId = ''] = fields;
    for (const draft of drafts) {
      const journalId = this.ids.take();
      this.batch.add({ ...draft, journalId, contractId, accountId: contract.accountId });
    }
    this.contracts += 1;
    this.cursor = `[${accountId},${contractId}]`;
  }

  /** CPU milliseconds that sealing the journals of this attempt took. */
  get sealingMs(): number {
    return (this.batch.sealingMicros + this.spare.sealingMicros) / 1000;
  }

  private async flush(): Promise<void> {
    const full = this.batch;
    if (this.contracts === 0) return;
    const { claim } = this.attempt;
    await this.writer.submit({
      cursor: this.cursor,
      rows: this.contracts,
      write: ({ client }) => full.write(client, claim.shard, claim.chunks),
    });
    this.contracts = 0;
    this.batch = this.spare;
    this.batch.clear();
    this.spare = full;
  }
}

/** Where a shard goes on: behind the last committed contract. */
export const afterCursor = (cursor: string): readonly [number, number] | undefined =>
  cursor === '' ? undefined : (JSON.parse(cursor) as [number, number]);
