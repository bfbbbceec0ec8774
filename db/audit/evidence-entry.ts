import type pg from 'pg';
import { sealLeaves, type JournalSeal } from '../../domain/audit/daily-root.ts';
import { hexOf, type Digest } from '../../domain/audit/digest.ts';
import type { EvidenceEntry, EvidenceSeal, EvidenceStep } from '../../domain/audit/evidence.ts';
import { countOf, journalIdAt, LEAF_ENTRY_BYTES } from '../../domain/audit/leaf-entries.ts';
import { leafHash, merklePath } from '../../domain/audit/merkle.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { JOURNAL_COLUMNS, POSTING_COLUMNS } from '../bulk/journal-columns.ts';
import { readSeals } from '../bulk/journal-seals.ts';
import { readJournalTexts } from '../bulk/journal-text.ts';
import { integer, integers, text } from '../bulk/sql-literal.ts';
import { sha256 } from './sha256.ts';

export interface JournalKey {
  readonly ledgerDate: BusinessDate;
  readonly journalId: number;
  readonly stepRunId: number;
}

interface SealRow extends JournalSeal {
  readonly leaves: Uint8Array;
}

/** The seal whose list names the journal: a number of 8 bytes, at the begin of an entry. */
const SEAL_OF = `SELECT ledger_date AS "ledgerDate", step_run_id AS "stepRunId", shard, chunk,
    journals, root, leaves
  FROM journal_seals
  WHERE ledger_date = $1 AND step_run_id = $2
    AND (position(int8send($3) IN leaves) - 1) % ${LEAF_ENTRY_BYTES} = 0`;

const digest: Digest = sha256;

/**
 * The journal as it was sealed, with its way to the root of its chunk and from there to the
 * journals root of its date. Throws EVIDENCE_INCOMPLETE while no daily root covers it.
 */
export async function readSealedEntry(
  client: pg.ClientBase,
  key: JournalKey,
  root: { readonly lastStepRunId: number } | undefined,
): Promise<{ readonly entry: EvidenceEntry; readonly seal: EvidenceSeal }> {
  const { rows } = await client.query<SealRow>(SEAL_OF, [
    key.ledgerDate,
    key.stepRunId,
    key.journalId,
  ]);
  const [seal] = rows;
  if (!seal || !root) {
    const missing = seal ? 'a daily root: the date is not cut' : 'the seal of its chunk';
    throw new ClearingError('EVIDENCE_INCOMPLETE', { journalId: key.journalId, missing });
  }
  const entry = await entryIn(client, key, seal);
  const seals = await readSeals(client, {
    ledgerDate: key.ledgerDate,
    lastStepRunId: root.lastStepRunId,
  });
  const at = seals.findIndex((each) => isSame(each, seal));
  const { ledgerDate, stepRunId, shard, chunk, journals } = seal;
  const path = merklePath(sealLeaves(seals, digest), at, digest).map(hexStep);
  return {
    entry,
    seal: { ledgerDate, stepRunId, shard, chunk, journals, root: hexOf(seal.root), path },
  };
}

const isSame = (a: JournalSeal, b: JournalSeal): boolean =>
  a.stepRunId === b.stepRunId && a.shard === b.shard && a.chunk === b.chunk;

async function entryIn(
  client: pg.ClientBase,
  { ledgerDate, journalId }: JournalKey,
  seal: SealRow,
): Promise<EvidenceEntry> {
  const ids = Array.from({ length: countOf(seal.leaves) }, (_, at) => journalIdAt(seal.leaves, at));
  const where = `j.ledger_date = ${text(ledgerDate)} AND j.step_run_id = ${integer(seal.stepRunId)}
    AND j.journal_id IN ${integers(ids)}`;
  const leaves: Uint8Array[] = [];
  let leaf: Buffer | undefined;
  await readJournalTexts(client, { where }, (journal) => {
    const bytes = Buffer.from(journal.row + journal.postings, 'latin1');
    if (journal.journalId === journalId) leaf = bytes;
    leaves.push(leafHash(bytes, digest));
  });
  const at = ids.indexOf(journalId);
  const path = merklePath(Buffer.concat(leaves), at, digest);
  if (!leaf) throw new ClearingError('NOT_FOUND', { journalId });
  return {
    ledgerDate,
    journalId,
    columns: { journal: JOURNAL_COLUMNS, posting: POSTING_COLUMNS },
    leaf: leaf.toString('base64'),
    path: path.map(hexStep),
  };
}

const hexStep = (step: { before: Uint8Array; after: Uint8Array }): EvidenceStep => ({
  before: hexOf(step.before),
  after: hexOf(step.after),
});
