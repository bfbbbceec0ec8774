import type pg from 'pg';
import { dailyRoot, rootOfSeals, type DailyRootContent } from '../domain/audit/daily-root.ts';
import { NO_HASH } from '../domain/audit/digest.ts';
import type { ChainHead } from '../domain/audit/hash-chain.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { sha256 } from './audit/sha256.ts';
import { readSeals } from './bulk/journal-seals.ts';

/**
 * Binds the journals of a date, the chain so far and the root before into one root. The caller
 * holds the ledger date FOR UPDATE, so no step run of it is open. The chain goes on meanwhile: the
 * root names a link that is committed; what commits later, the event of this very cut among it, is
 * bound by the next root. Throws when there is no chain.
 */
export async function writeDailyRoot(
  client: pg.ClientBase,
  ledgerDate: BusinessDate,
): Promise<void> {
  const seals = await readSeals(client, { ledgerDate });
  const head = await chainHead(client);
  const previous = await newestRoot(client);
  const content: DailyRootContent = {
    rootNo: (previous?.rootNo ?? 0) + 1,
    ledgerDate,
    previousRoot: previous?.root ?? NO_HASH,
    lastStepRunId: seals.at(-1)?.stepRunId ?? 0,
    seals: seals.length,
    journals: seals.reduce((sum, { journals }) => sum + journals, 0),
    journalsRoot: rootOfSeals(seals, sha256),
    auditSeq: head.seq,
    auditHash: head.hash,
  };
  await client.query(
    `INSERT INTO daily_roots (root_no, ledger_date, previous_root, last_step_run_id, seals,
       journals, journals_root, audit_seq, audit_hash, root)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      content.rootNo,
      ledgerDate,
      content.previousRoot,
      content.lastStepRunId,
      content.seals,
      content.journals,
      content.journalsRoot,
      content.auditSeq,
      content.auditHash,
      dailyRoot(content, sha256),
    ],
  );
}

async function chainHead(client: pg.ClientBase): Promise<ChainHead> {
  const { rows } = await client.query<ChainHead>('SELECT seq, hash FROM audit_head');
  const [head] = rows;
  if (head === undefined) throw new Error('the audit chain has no head');
  return head;
}

async function newestRoot(
  client: pg.ClientBase,
): Promise<{ readonly rootNo: number; readonly root: Uint8Array } | undefined> {
  const { rows } = await client.query<{ rootNo: number; root: Uint8Array }>(
    'SELECT root_no AS "rootNo", root FROM daily_roots ORDER BY root_no DESC LIMIT 1',
  );
  return rows[0];
}
