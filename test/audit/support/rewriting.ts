import type pg from 'pg';
import { readSeals, sealRun } from '../../../db/bulk/journal-seals.ts';
import { sha256 } from '../../../db/audit/sha256.ts';
import { dailyRoot, rootOfSeals, type DailyRootContent } from '../../../domain/audit/daily-root.ts';
import { EMPTY_CHAIN, linkHash } from '../../../domain/audit/hash-chain.ts';
import { sealedRun } from '../../../domain/audit/seal-findings.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';

interface Root extends DailyRootContent {
  readonly ledgerDate: BusinessDate;
}

interface Link {
  readonly seq: number;
  readonly eventId: number;
  readonly action: string;
  readonly covers: string | null;
  readonly after: { readonly root_no?: number };
}

/**
 * What a superuser does who knows how the proofs are made: after a change of books, makes seals,
 * events, chain and daily roots anew, so that they fit each other again.
 */
export async function rewriteProofs(
  client: pg.PoolClient,
  run: { readonly ledgerDate: BusinessDate; readonly stepRunId: number },
): Promise<void> {
  await client.query('DELETE FROM journal_seals WHERE ledger_date = $1 AND step_run_id = $2', [
    run.ledgerDate,
    run.stepRunId,
  ]);
  await sealRun(client, run);
  const { stepRunId } = run;
  const said = sealedRun({ stepRunId, status: 'SUCCEEDED' }, await readSeals(client, run));
  await client.query(
    `UPDATE audit_events SET after = $1 WHERE action = 'journals.sealed' AND target_id = $2`,
    [JSON.stringify(said), String(stepRunId)],
  );
  const { rows } = await client.query<Link>(
    `SELECT c.seq, c.event_id AS "eventId", e.action, e.covers, e.after
     FROM audit_chain c JOIN audit_events e USING (event_id) ORDER BY c.seq`,
  );
  let previous = EMPTY_CHAIN.hash;
  for (const link of rows) {
    if (link.covers === 'daily_roots') await rewriteRoot(client, link.eventId, link.after.root_no);
    const hashed = await client.query<{ content: Buffer }>(
      `SELECT sha256(convert_to(audit_event_text(e), 'UTF8')) AS content
       FROM audit_events e WHERE event_id = $1`,
      [link.eventId],
    );
    const content = hashed.rows[0]?.content ?? Buffer.alloc(0);
    const hash = linkHash(previous, content, sha256);
    await client.query(
      'UPDATE audit_chain SET content_hash = $2, prev_hash = $3, hash = $4 WHERE seq = $1',
      [link.seq, content, previous, hash],
    );
    previous = hash;
  }
  await client.query('UPDATE audit_head SET hash = $1', [previous]);
}

/** A root names an earlier link, whose hash is new by now. */
async function rewriteRoot(
  client: pg.PoolClient,
  eventId: number,
  rootNo: number | undefined,
): Promise<void> {
  const { rows } = await client.query<Root>(
    `SELECT r.root_no AS "rootNo", r.ledger_date AS "ledgerDate", r.seals, r.journals,
       r.last_step_run_id AS "lastStepRunId", r.audit_seq AS "auditSeq",
       coalesce(c.hash, r.audit_hash) AS "auditHash",
       coalesce(p.root, r.previous_root) AS "previousRoot"
     FROM daily_roots r LEFT JOIN audit_chain c ON c.seq = r.audit_seq
     LEFT JOIN daily_roots p ON p.root_no = r.root_no - 1 WHERE r.root_no = $1`,
    [rootNo],
  );
  const stored = rows[0]!;
  const content = { ...stored, journalsRoot: rootOfSeals(await readSeals(client, stored), sha256) };
  const root = dailyRoot(content, sha256);
  await client.query(
    `UPDATE daily_roots SET previous_root = $2, journals_root = $3, audit_hash = $4, root = $5
     WHERE root_no = $1`,
    [rootNo, content.previousRoot, content.journalsRoot, content.auditHash, root],
  );
  await client.query(
    `UPDATE audit_events SET after = (SELECT to_jsonb(r) FROM daily_roots r WHERE root_no = $2)
     WHERE event_id = $1`,
    [eventId, rootNo],
  );
}
