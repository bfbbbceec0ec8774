import type pg from 'pg';
import { SYSTEM_PERSON } from '../../domain/audit/audit-event.ts';
import type { JournalSeal } from '../../domain/audit/daily-root.ts';
import { sealedRun } from '../../domain/audit/seal-findings.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { recordAuditEvent } from '../audit.repository.ts';
import type { Transaction } from '../transaction.ts';
import { JournalSealer, type ChunkSeal } from './journal-sealer.ts';
import { readJournalTexts } from './journal-text.ts';
import { integer, text } from './sql-literal.ts';

export interface SealKey {
  readonly ledgerDate: BusinessDate;
  readonly stepRunId: number;
  readonly shard: number;
  readonly chunk: number;
}

/** In the transaction that wrote the journals: they and their seal are there together or not. */
export async function insertSeal(
  client: pg.ClientBase,
  { ledgerDate, stepRunId, shard, chunk }: SealKey,
  seal: ChunkSeal,
): Promise<void> {
  await client.query(
    `INSERT INTO journal_seals (ledger_date, step_run_id, shard, chunk, journals, root, leaves)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [ledgerDate, stepRunId, shard, chunk, seal.journals, seal.root, seal.leaves],
  );
}

/** Seals the journals of a condition on `j` as one chunk; nothing when there is none. */
async function sealAsOne(client: pg.ClientBase, key: SealKey, where: string): Promise<void> {
  const sealer = new JournalSealer();
  await readJournalTexts(client, { where }, (journal) => {
    addTo(sealer, journal);
  });
  if (sealer.size > 0) await insertSeal(client, key, sealer.seal());
}

/** Seals journals that SQL wrote, by reading them back: consecutive ids, of one chunk. */
export async function sealWritten(
  client: pg.ClientBase,
  key: SealKey,
  ids: { readonly first: number; readonly count: number },
): Promise<void> {
  const last = ids.first + ids.count - 1;
  await sealAsOne(
    client,
    key,
    `j.ledger_date = ${text(key.ledgerDate)}
      AND j.journal_id BETWEEN ${integer(ids.first)} AND ${integer(last)}`,
  );
}

const SEALED_AT_ONCE = 10_000;

/** Seals every journal of a run that no shard wrote, such as those of opening books. */
export async function sealRun(
  client: pg.ClientBase,
  { ledgerDate, stepRunId }: Pick<SealKey, 'ledgerDate' | 'stepRunId'>,
): Promise<void> {
  const sealer = new JournalSealer();
  const seals: ChunkSeal[] = [];
  const cut = (): void => {
    if (sealer.size > 0) seals.push(sealer.seal());
    sealer.clear();
  };
  const where = `j.ledger_date = ${text(ledgerDate)} AND j.step_run_id = ${integer(stepRunId)}`;
  await readJournalTexts(client, { where }, (journal) => {
    addTo(sealer, journal);
    if (sealer.size === SEALED_AT_ONCE) cut();
  });
  cut();
  for (const [chunk, seal] of seals.entries()) {
    await insertSeal(client, { ledgerDate, stepRunId, shard: 0, chunk }, seal);
  }
}

/** Seals the journals of a run and an account range as one chunk; nothing when there is none. */
export async function sealAccounts(
  client: pg.ClientBase,
  key: SealKey,
  range: { readonly accountFrom: number; readonly accountTo: number },
): Promise<void> {
  await sealAsOne(
    client,
    key,
    `j.ledger_date = ${text(key.ledgerDate)} AND j.step_run_id = ${integer(key.stepRunId)}
      AND j.account_id BETWEEN ${integer(range.accountFrom)} AND ${integer(range.accountTo)}`,
  );
}

export function addTo(
  sealer: JournalSealer,
  journal: { readonly journalId: number; readonly row: string; readonly postings: string },
): void {
  const whole = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    return { text: bytes, start: 0, end: bytes.length };
  };
  sealer.add(journal.journalId, whole(journal.row), whole(journal.postings));
}

/** Seals in the order of their tree: by step run, shard and chunk. */
export async function readSeals(
  client: pg.ClientBase,
  of: { readonly ledgerDate: string; readonly stepRunId?: number; readonly lastStepRunId?: number },
): Promise<JournalSeal[]> {
  const { rows } = await client.query<JournalSeal>(
    `SELECT ledger_date AS "ledgerDate", step_run_id AS "stepRunId", shard, chunk, journals, root
     FROM journal_seals
     WHERE ledger_date = $1 AND ($2::bigint IS NULL OR step_run_id = $2)
       AND ($3::bigint IS NULL OR step_run_id <= $3)
     ORDER BY step_run_id, shard, chunk`,
    [of.ledgerDate, of.stepRunId ?? null, of.lastStepRunId ?? null],
  );
  return rows;
}

/**
 * Puts the seals of a run that has ended into the chain of events, so that they are bound before
 * the day is cut. Nothing for a run without journals.
 */
export async function recordSealedRun(
  { tx, client }: Transaction,
  run: { readonly ledgerDate: BusinessDate; readonly stepRunId: number },
  status: string,
): Promise<void> {
  const seals = await readSeals(client, run);
  if (seals.length === 0) return;
  await recordAuditEvent(tx, {
    person: SYSTEM_PERSON,
    action: 'journals.sealed',
    outcome: 'ACCEPTED',
    targetType: 'step_run',
    targetId: String(run.stepRunId),
    ledgerDate: run.ledgerDate,
    after: sealedRun({ stepRunId: run.stepRunId, status }, seals),
  });
}
