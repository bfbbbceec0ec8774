import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import type { Db } from '../../db/client.ts';
import { readAuditRoots } from '../../db/queries/audit-log.ts';
import { exportedRootsOf, type ExportedRoots } from '../../domain/audit/exported-roots.ts';
import { TUE_2025_12_23 } from '../bulk/support/broker.ts';
import { clearedBooks } from './support/cleared-books.ts';
import { rewriteProofs } from './support/rewriting.ts';

describe('a superuser who makes every proof anew', () => {
  let db: Db;
  let exported: ExportedRoots;
  beforeAll(async () => {
    db = await clearedBooks();
    // As it comes back from a file.
    const text = JSON.stringify(await readAuditRoots(db.$client));
    exported = exportedRootsOf(JSON.parse(text));
  });
  afterAll(() => db.$client.end());

  it('is found by roots that were exported before, and by nothing else', async () => {
    const client = await db.$client.connect();
    try {
      await client.query('BEGIN; SET LOCAL session_replication_role = replica');
      const { rows } = await client.query<{ id: number }>(
        `UPDATE postings p SET amount = amount * 2 FROM journals j
         WHERE p.ledger_date = $1 AND j.journal_id = p.journal_id AND j.ledger_date = p.ledger_date
         RETURNING j.step_run_id AS id`,
        [TUE_2025_12_23],
      );
      const stepRunId = rows[0]!.id;
      expect((await verifyAudit(client)).findings[0]).toMatchObject({ table: 'postings' });
      await rewriteProofs(client, { ledgerDate: TUE_2025_12_23, stepRunId });
      expect(await verifyAudit(client)).toMatchObject({ ok: true, findings: [] });
      expect((await verifyAudit(client, exported)).findings).toMatchObject([
        { table: 'daily_roots', key: 'root_no 2', fault: 'changed' },
      ]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('is found too where the end of the chain is cut off with its head', async () => {
    const client = await db.$client.connect();
    try {
      await client.query('BEGIN; SET LOCAL session_replication_role = replica');
      // The last event is the one of the last root: its row goes with it.
      await client.query(`WITH gone AS (DELETE FROM audit_chain
          WHERE seq = (SELECT seq FROM audit_head) RETURNING event_id, prev_hash),
        event AS (DELETE FROM audit_events WHERE event_id IN (SELECT event_id FROM gone)),
        root AS (DELETE FROM daily_roots WHERE root_no = (SELECT max(root_no) FROM daily_roots))
        UPDATE audit_head SET seq = seq - 1, hash = (SELECT prev_hash FROM gone)`);
      expect(await verifyAudit(client)).toMatchObject({ ok: true });
      expect((await verifyAudit(client, exported)).findings).toMatchObject([
        { table: 'daily_roots', key: 'root_no 2', fault: 'missing' },
      ]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('fits the export as long as nobody rewrites anything', async () => {
    const client = await db.$client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    expect(await verifyAudit(client, exported)).toMatchObject({ ok: true });
    await client.query('ROLLBACK');
    client.release();
  });
});
