import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { HouseAccountKind } from '../../domain/ledger/house-accounts.ts';
import type { JournalKind } from '../../domain/ledger/journal.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import { groupRows } from './group-rows.ts';
import { accountIdOf, assertListed, assertNarrowed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface PostingView {
  readonly line: number;
  readonly ledgerAccountId: number;
  /** Account number of a client, code of a house account. */
  readonly ledgerAccount: string;
  readonly holder: 'CLIENT' | HouseAccountKind;
  readonly asset: string;
  readonly assetKind: 'CURRENCY' | 'INSTRUMENT';
  readonly bucket: 'settled' | 'unsettled' | 'frozen';
  readonly settlementDate: BusinessDate | null;
  readonly amount: DecimalString;
}

export interface JournalView {
  readonly journalId: number;
  readonly ledgerDate: BusinessDate;
  readonly kind: JournalKind;
  readonly flow: string;
  readonly generation: number;
  readonly stepRunId: number;
  readonly sourceKind: 'contract' | 'opening';
  readonly sourceId: number;
  readonly accountNo: string | null;
  readonly valueDate: BusinessDate;
  readonly reversesJournalId: number | null;
  readonly postings: readonly PostingView[];
}

type Row = Omit<JournalView, 'postings'>;

const COLUMNS = `j.journal_id AS "journalId", j.ledger_date AS "ledgerDate", j.kind, j.flow,
  j.generation, j.step_run_id AS "stepRunId", j.source_kind AS "sourceKind",
  j.source_id AS "sourceId", a.account_no AS "accountNo", j.value_date AS "valueDate",
  j.reverses_journal_id AS "reversesJournalId"`;
const LIST = `SELECT ${COLUMNS} FROM journals j
  LEFT JOIN accounts a ON a.account_id = j.account_id`;
const ONE = `SELECT ${COLUMNS} FROM ledger_dates d
  JOIN journals j ON j.ledger_date = d.ledger_date AND j.journal_id = $1
  LEFT JOIN accounts a ON a.account_id = j.account_id`;

const POSTINGS = `SELECT p.journal_id AS "journalId", p.line,
  p.ledger_account_id AS "ledgerAccountId",
  coalesce(a.account_no, h.code) AS "ledgerAccount", coalesce(h.kind, 'CLIENT') AS holder,
  s.code AS asset, s.kind AS "assetKind",
  (ARRAY['settled', 'unsettled', 'frozen'])[p.bucket] AS bucket,
  p.settlement_date AS "settlementDate", p.amount
  FROM postings p
  JOIN assets s ON s.asset_id = p.asset_id
  LEFT JOIN accounts a ON a.account_id = p.ledger_account_id
  LEFT JOIN house_accounts h ON h.ledger_account_id = p.ledger_account_id
  WHERE p.ledger_date = ANY($1::date[]) AND p.journal_id = ANY($2::bigint[])
  ORDER BY p.journal_id, p.line`;

export interface JournalFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly contractId?: number | undefined;
  readonly accountNo?: string | undefined;
  readonly flow?: string | undefined;
  readonly kind?: JournalKind | undefined;
  readonly stepRunId?: number | undefined;
}

/** Journals with their postings, oldest first. One of date, contract and account must narrow it. */
export async function readJournals(
  reader: Reader,
  filter: JournalFilter,
): Promise<Page<JournalView>> {
  const { ledgerDate, contractId, accountNo } = filter;
  assertNarrowed({ ledgerDate, contractId, accountNo });
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('j.ledger_date = ?', ledgerDate)
    .add(`j.source_kind = 'contract' AND j.source_id = ?`, contractId)
    .add('j.account_id = ?', await accountIdOf(reader, accountNo))
    .add('j.flow = ?', filter.flow)
    .add('j.kind = ?', filter.kind)
    .add('j.step_run_id = ?', filter.stepRunId);
  const page = await readPage<Row>(
    reader,
    {
      list: 'journals',
      select: LIST,
      conditions,
      key: [
        ['j.ledger_date', 'date'],
        ['j.journal_id', 'bigint'],
      ],
      keyOf: (row) => [row.ledgerDate, row.journalId],
    },
    filter,
  );
  return { ...page, items: await withPostings(reader, page.items) };
}

/** Throws NOT_FOUND. */
export async function readJournal(reader: Reader, journalId: number): Promise<JournalView> {
  const found = await rows<Row>(reader, ONE, [journalId]);
  const [journal] = await withPostings(reader, found);
  if (!journal) throw new ClearingError('NOT_FOUND', { journalId });
  return journal;
}

async function withPostings(reader: Reader, journals: readonly Row[]): Promise<JournalView[]> {
  const dates = [...new Set(journals.map(({ ledgerDate }) => ledgerDate))];
  const ids = journals.map(({ journalId }) => journalId);
  const found =
    ids.length === 0
      ? []
      : await rows<PostingView & { journalId: number }>(reader, POSTINGS, [dates, ids]);
  const byJournal = groupRows(found, ({ journalId }) => journalId);
  return journals.map((journal) => ({
    ...journal,
    postings: byJournal.get(journal.journalId) ?? [],
  }));
}
