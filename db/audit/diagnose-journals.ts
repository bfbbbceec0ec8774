import type pg from 'pg';
import type { Finding } from '../../domain/audit/finding.ts';
import { journalIdAt, LEAF_ENTRY_BYTES, leafDifference } from '../../domain/audit/leaf-entries.ts';
import { sealKey } from '../../domain/audit/seal-findings.ts';
import type { BrokenChunk, StoredSeal } from './journal-walk.ts';

interface Place {
  readonly ledgerDate: string;
  readonly stepRunId: number;
}

const journalFinding = (
  { ledgerDate }: Pick<Place, 'ledgerDate'>,
  journalId: number,
  fault: Finding['fault'],
  detail: string,
): Finding => ({
  table: 'journals',
  key: `ledger_date ${ledgerDate}, journal_id ${journalId}`,
  fault,
  detail,
});

/** Says which row of a broken chunk is the first that differs, and in what way. */
export async function diagnose(
  client: pg.ClientBase,
  ledgerDate: string,
  { seal, rootFits, found, stepRunId }: BrokenChunk,
): Promise<Finding> {
  const here = { ledgerDate, stepRunId };
  if (seal === undefined) return tooMany(client, here, journalIdAt(found, 0));
  const ofSeal = (detail: string): Finding => ({
    table: 'journal_seals',
    key: sealKey(seal),
    fault: 'changed',
    detail,
  });
  if (rootFits) return ofSeal('its list of journals is not that of its root');
  const difference = leafDifference(await leavesOf(client, seal), found);
  if (difference === undefined) return ofSeal('its root is not that of its list of journals');
  const { kind, journalId } = difference;
  if (kind === 'foreign') return tooMany(client, here, journalId);
  if (kind === 'gone') return gone(client, here, journalId);
  if (kind === 'row')
    return journalFinding(here, journalId, 'changed', 'its row was sealed otherwise');
  return {
    table: 'postings',
    key: `ledger_date ${ledgerDate}, journal_id ${journalId}`,
    fault: 'changed',
    detail: 'the postings of this journal were sealed otherwise, or others of them',
  };
}

async function leavesOf(client: pg.ClientBase, seal: StoredSeal): Promise<Uint8Array> {
  const { rows } = await client.query<{ leaves: Uint8Array }>(
    `SELECT leaves FROM journal_seals
     WHERE ledger_date = $1 AND step_run_id = $2 AND shard = $3 AND chunk = $4`,
    [seal.ledgerDate, seal.stepRunId, seal.shard, seal.chunk],
  );
  return rows[0]?.leaves ?? Buffer.alloc(0);
}

/** A journal that stands where it was not written: moved here, or nobody's. */
async function tooMany(client: pg.ClientBase, here: Place, journalId: number): Promise<Finding> {
  const { rows } = await client.query<Place>(
    `SELECT ledger_date AS "ledgerDate", step_run_id AS "stepRunId" FROM journal_seals
     WHERE (position(int8send($1) IN leaves) - 1) % ${LEAF_ENTRY_BYTES} = 0 LIMIT 1`,
    [journalId],
  );
  const [sealed] = rows;
  if (sealed === undefined) return journalFinding(here, journalId, 'inserted', 'no seal knows it');
  const detail = `it was sealed in step run ${sealed.stepRunId} of ${sealed.ledgerDate}, or elsewhere there`;
  return journalFinding(here, journalId, 'out of order', detail);
}

/** A journal that does not stand where it was written: moved away, or deleted. */
async function gone(client: pg.ClientBase, here: Place, journalId: number): Promise<Finding> {
  const { rows } = await client.query<Place>(
    `SELECT ledger_date AS "ledgerDate", step_run_id AS "stepRunId" FROM journals
     WHERE journal_id = $1 LIMIT 1`,
    [journalId],
  );
  const [now] = rows;
  if (now === undefined) return journalFinding(here, journalId, 'missing', 'its seal has it');
  const detail = `sealed in step run ${here.stepRunId} of ${here.ledgerDate}, now of another account, run or date`;
  return journalFinding(now, journalId, 'out of order', detail);
}
