import type pg from 'pg';
import { JOURNAL_COLUMNS, POSTING_COLUMNS } from '../../db/bulk/journal-columns.ts';
import { recordSealedRun, sealRun } from '../../db/bulk/journal-seals.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { RunnableStep } from '../../domain/clearing/steps.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import type { Bucket, JournalKind } from '../../domain/ledger/journal.ts';
import type { Decimal } from '../../domain/money/decimal.ts';
import { copyRows, type CopyValue } from './copy-rows.ts';

/** What came before this installation has the generation below its first. */
export const OPENING_GENERATION = 0;

/** Ids left over in the last block stay a gap. */
const JOURNAL_ID_BLOCK = 1_000;

export interface OpeningJournal {
  readonly ledgerDate: BusinessDate;
  readonly journalId: number;
  readonly kind: JournalKind;
  readonly stepRunId: number;
  readonly flow: string;
  readonly sourceKind: 'contract' | 'opening';
  readonly sourceId: number;
  readonly accountId: number;
  readonly valueDate: BusinessDate;
}

export interface OpeningPosting {
  readonly ledgerAccountId: number;
  readonly assetId: number;
  readonly bucket: Bucket;
  readonly settlementDate?: BusinessDate | null;
  readonly amount: Decimal;
}

interface Sum {
  readonly key: readonly CopyValue[];
  amount: Decimal;
}

/** Collects the opening journals, keeps every sum that belongs to them, and writes all at once. */
export class BookWriter {
  readonly #client: pg.PoolClient;
  readonly #journals: CopyValue[][] = [];
  readonly #postings: CopyValue[][] = [];
  readonly #clients = new Map<string, Sum>();
  readonly #house = new Map<string, Sum>();
  #line = 0;
  #nextJournalId = 0;
  #journalIdsLeft = 0;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** A finished run for the rows of one step to hang on: without one they would not count. */
  async stepRun(ledgerDate: BusinessDate, flow: string, step: RunnableStep): Promise<number> {
    const { rows } = await this.#client.query<{ step_run_id: number }>(
      `INSERT INTO step_runs (ledger_date, flow, step, generation, pass, status, inputs, finished_at)
       VALUES ($1, $2, $3, $4, 1, 'SUCCEEDED', '{"origin": "opening books"}', now())
       RETURNING step_run_id`,
      [ledgerDate, flow, step, OPENING_GENERATION],
    );
    return rows[0]?.step_run_id ?? 0;
  }

  /** The first of `count` consecutive ids. */
  async reserve(sequence: string, count: number): Promise<number> {
    const { rows } = await this.#client.query<{ first: number }>(
      'SELECT reserve_ids($1::regclass, $2) AS first',
      [sequence, Math.max(1, count)],
    );
    return rows[0]?.first ?? 0;
  }

  async nextJournalId(): Promise<number> {
    if (this.#journalIdsLeft === 0) {
      this.#nextJournalId = await this.reserve('journal_id_seq', JOURNAL_ID_BLOCK);
      this.#journalIdsLeft = JOURNAL_ID_BLOCK;
    }
    this.#journalIdsLeft -= 1;
    this.#nextJournalId += 1;
    return this.#nextJournalId - 1;
  }

  /** Begins a journal; the postings that follow belong to it. */
  journal(journal: OpeningJournal): void {
    this.#line = 0;
    this.#journals.push([
      journal.ledgerDate,
      journal.journalId,
      journal.kind,
      journal.stepRunId,
      OPENING_GENERATION,
      journal.flow,
      journal.sourceKind,
      journal.sourceId,
      journal.accountId,
      journal.valueDate,
      // Opening journals reverse none.
      null,
    ]);
  }

  posting(journal: OpeningJournal, posting: OpeningPosting): void {
    if (posting.amount.isZero()) return;
    this.#line += 1;
    const { ledgerAccountId, assetId, bucket, amount } = posting;
    this.#postings.push([
      journal.ledgerDate,
      journal.journalId,
      this.#line,
      ledgerAccountId,
      assetId,
      bucket,
      posting.settlementDate ?? null,
      amount.toFixed(),
    ]);
    const place = [ledgerAccountId, assetId, bucket];
    if (ledgerAccountId >= FIRST_CLIENT_ACCOUNT) add(this.#clients, place, amount);
    else add(this.#house, [journal.ledgerDate, journal.stepRunId, ...place], amount);
  }

  async write(): Promise<void> {
    const client = this.#client;
    await copyRows(client, 'journals', JOURNAL_COLUMNS, this.#journals);
    await copyRows(client, 'postings', POSTING_COLUMNS, this.#postings);
    const place = ['ledger_account_id', 'asset_id', 'bucket', 'amount'];
    await copyRows(client, 'balances', place, rowsOf(this.#clients));
    await copyRows(
      client,
      'house_balance_deltas',
      ['shard', 'chunk', 'ledger_date', 'step_run_id', ...place],
      rowsOf(this.#house).map((row) => [0, 0, ...row]),
    );
  }

  /** Seals what was written, so that auditors can tell if opening books are altered. */
  async seal(t: Transaction): Promise<void> {
    const runs = new Map(
      this.#journals.map(([ledgerDate, , , stepRunId]) => [
        Number(stepRunId),
        ledgerDate as BusinessDate,
      ]),
    );
    for (const [stepRunId, ledgerDate] of runs) {
      await sealRun(t.client, { ledgerDate, stepRunId });
      await recordSealedRun(t, { ledgerDate, stepRunId }, 'SUCCEEDED');
    }
  }
}

function add(sums: Map<string, Sum>, key: readonly CopyValue[], amount: Decimal): void {
  const name = key.join('/');
  const sum = sums.get(name);
  if (sum) sum.amount = sum.amount.plus(amount);
  else sums.set(name, { key, amount });
}

const rowsOf = (sums: ReadonlyMap<string, Sum>): CopyValue[][] =>
  [...sums.values()].map(({ key, amount }) => [...key, amount.toFixed()]);
