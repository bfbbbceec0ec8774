import type pg from 'pg';
import { copyOut } from './copy-stream.ts';
import { JOURNAL_COLUMNS, POSTING_COLUMNS } from './journal-columns.ts';

/** A journal as COPY text (bytes as latin1), each row with its newline: the content of its leaf. */
export interface JournalText {
  readonly stepRunId: number;
  readonly journalId: number;
  readonly row: string;
  readonly postings: string;
}

/** Which journals, as a condition on `j`; and whether postings without a journal come as well. */
export interface JournalScope {
  readonly where: string;
  /** For whole ledger dates: the same condition on `p`. */
  readonly orphansWhere?: string;
}

const JOURNAL_ID = JOURNAL_COLUMNS.indexOf('journal_id');
const STEP_RUN_ID = JOURNAL_COLUMNS.indexOf('step_run_id');
const POSTING_JOURNAL_ID = POSTING_COLUMNS.indexOf('journal_id');
const NO_ROW = '\\N';

/**
 * The order of writing within a run: shards own ascending ranges of accounts, and each gives out
 * ascending ids, account by account.
 */
function linesOf({ where, orphansWhere }: JournalScope): string {
  const columns = [
    ...JOURNAL_COLUMNS.map((column) => `j.${column}`),
    ...POSTING_COLUMNS.map((column) => `p.${column}`),
  ];
  const postings =
    orphansWhere === undefined
      ? 'LEFT JOIN postings p'
      : `FULL JOIN (SELECT * FROM postings p WHERE ${orphansWhere}) p`;
  return `SELECT ${columns.join(', ')} FROM (SELECT * FROM journals j WHERE ${where}) j ${postings}
    ON p.ledger_date = j.ledger_date AND p.journal_id = j.journal_id
    ORDER BY j.step_run_id, j.account_id, j.journal_id, p.line`;
}

/** Streams journals with their postings; memory does not grow with their number. */
export async function readJournalTexts(
  client: pg.ClientBase,
  scope: JournalScope,
  onJournal: (journal: JournalText) => void,
  onOrphan?: (journalId: number, posting: string) => void,
): Promise<void> {
  let row = '';
  let postings: string[] = [];
  const emit = (): void => {
    if (row === '') return;
    const fields = row.split('\t');
    onJournal({
      stepRunId: Number(fields[STEP_RUN_ID]),
      journalId: Number(fields[JOURNAL_ID]),
      row: `${row}\n`,
      postings: postings.join(''),
    });
    row = '';
    postings = [];
  };
  await client.query('SET LOCAL datestyle = iso');
  // Rows of this very transaction are unknown to the planner's statistics: it takes them for few,
  // and would look for the postings of each journal by walking all of them.
  await client.query('SET LOCAL enable_nestloop = off');
  await copyOut(client, linesOf(scope), (line) => {
    const cut = endOfJournal(line);
    const journal = line.slice(0, cut);
    const posting = line.slice(cut + 1);
    if (journal.startsWith(NO_ROW)) {
      emit();
      onOrphan?.(Number(posting.split('\t')[POSTING_JOURNAL_ID]), posting);
      return undefined;
    }
    if (journal !== row) emit();
    row = journal;
    if (!posting.startsWith(NO_ROW)) postings.push(`${posting}\n`);
    return undefined;
  });
  await client.query('SET LOCAL enable_nestloop = on');
  emit();
}

function endOfJournal(line: string): number {
  let at = -1;
  for (let fields = 0; fields < JOURNAL_COLUMNS.length; fields += 1)
    at = line.indexOf('\t', at + 1);
  return at;
}
