import type pg from 'pg';
import type { Finding } from '../../domain/audit/finding.ts';
import { sealFinding, type SealedRun } from '../../domain/audit/seal-findings.ts';
import { readJournalTexts } from '../bulk/journal-text.ts';
import { text } from '../bulk/sql-literal.ts';
import { diagnose } from './diagnose-journals.ts';
import { JournalWalk, type StoredSeal } from './journal-walk.ts';

/** Every date that may have journals: those that are known, that are sealed, and the partitions. */
const DATES = `SELECT d::text AS date FROM (
    SELECT ledger_date AS d FROM ledger_dates UNION SELECT ledger_date FROM journal_seals
    UNION SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), '\\d{4}-\\d\\d-\\d\\d'))[1]::date
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent IN ('journals'::regclass, 'postings'::regclass)) dates
  WHERE d IS NOT NULL ORDER BY d`;

const SEALS = `SELECT ledger_date AS "ledgerDate", step_run_id AS "stepRunId", shard, chunk,
    journals, root, encode(sha256(leaves), 'hex') AS "leavesHash"
  FROM journal_seals WHERE ledger_date = $1 ORDER BY step_run_id, shard, chunk`;

/** The newest word of the chain about each run of a date. */
const SEALED_RUNS = `SELECT DISTINCT ON (target_id) after FROM audit_events
  WHERE ledger_date = $1 AND action = 'journals.sealed' ORDER BY target_id, event_id DESC`;

const DONE_RUNS = `SELECT step_run_id AS id FROM step_runs
  WHERE step_run_id = ANY($1) AND status LIKE 'SUCCEEDED%'`;

export interface JournalsCheck {
  readonly dates: number;
  readonly seals: number;
  readonly journals: number;
  readonly findings: readonly Finding[];
}

/**
 * Compares the seals with what the chain says of them, unless the chain itself is broken; then
 * hashes every journal again, date by date, and compares with the seals.
 */
export async function verifyJournals(
  client: pg.ClientBase,
  { isChainWhole }: { readonly isChainWhole: boolean },
): Promise<JournalsCheck> {
  const { rows } = await client.query<{ date: string }>(DATES);
  const badSeals = new Map<string, Finding>();
  // All of them first: a seal that was moved to another date is no fault of the journals there.
  for (const { date } of isChainWhole ? rows : []) {
    const badSeal = await badSealOf(client, date);
    if (badSeal) badSeals.set(date, badSeal);
  }
  const findings = [...badSeals.values()];
  let [seals, journals] = [0, 0];
  for (const { date } of rows) {
    const walked = await walkDate(client, date);
    seals += walked.seals;
    journals += walked.journals;
    // A seal that the chain does not know in this form explains whatever does not fit it.
    if (walked.finding && !badSeals.has(date)) findings.push(walked.finding);
  }
  return { dates: rows.length, seals, journals, findings };
}

const sealsOf = async (client: pg.ClientBase, date: string): Promise<StoredSeal[]> =>
  (await client.query<StoredSeal>(SEALS, [date])).rows;

async function badSealOf(client: pg.ClientBase, ledgerDate: string): Promise<Finding | undefined> {
  const seals = await sealsOf(client, ledgerDate);
  const events = await client.query<{ after: SealedRun }>(SEALED_RUNS, [ledgerDate]);
  const done = await client.query<{ id: number }>(DONE_RUNS, [
    seals.map(({ stepRunId }) => stepRunId),
  ]);
  const isDone = new Set(done.rows.map(({ id }) => id));
  const said = new Map(events.rows.map(({ after }) => [after.stepRunId, after]));
  const runs = new Set([...said.keys(), ...seals.map(({ stepRunId }) => stepRunId)]);
  for (const stepRunId of [...runs].sort((a, b) => a - b)) {
    const own = seals.filter((seal) => seal.stepRunId === stepRunId);
    const run = { ledgerDate, stepRunId, isDone: isDone.has(stepRunId) };
    const finding = sealFinding(run, own, said.get(stepRunId));
    if (finding) return finding;
  }
  return undefined;
}

async function walkDate(
  client: pg.ClientBase,
  date: string,
): Promise<{
  readonly seals: number;
  readonly journals: number;
  readonly finding: Finding | undefined;
}> {
  const seals = await sealsOf(client, date);
  const walk = new JournalWalk(seals);
  let orphan: Finding | undefined;
  await readJournalTexts(
    client,
    { where: `j.ledger_date = ${text(date)}`, orphansWhere: `p.ledger_date = ${text(date)}` },
    (journal) => {
      walk.take(journal);
    },
    (journalId) => {
      orphan ??= {
        table: 'postings',
        key: `ledger_date ${date}, journal_id ${journalId}`,
        fault: 'inserted',
        detail: 'there is no such journal',
      };
    },
  );
  const broken = walk.end();
  const finding = (broken && (await diagnose(client, date, broken))) ?? orphan;
  return { seals: seals.length, journals: walk.journals, finding };
}
