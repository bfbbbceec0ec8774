import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { connect, type Db } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { TUE_2025_12_30 } from '../bulk/support/broker.ts';
import { clearedBooks } from './support/cleared-books.ts';

const READING = 'read.sensitive';
const APPEND_ONLY = [
  'audit_events',
  'audit_chain',
  'audit_head',
  'journal_seals',
  'daily_roots',
  'journals',
  'postings',
  'contracts',
  'fees',
  'ticket_flows',
  'ticket_decisions',
  'commands',
] as const;

async function refusalOf(client: pg.Pool | pg.PoolClient, sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('what auditors rely on', () => {
  let owner: Db;
  let application: Db;
  beforeAll(async () => {
    owner = await clearedBooks();
    const url = owner.$client.options.connectionString ?? '';
    application = connect(url, { poolSize: 2, asApplication: true });
  });
  afterAll(async () => {
    await application.$client.end();
    await owner.$client.end();
  });

  it.each(APPEND_ONLY)('may not be deleted or truncated by the application: %s', async (table) => {
    for (const sql of [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
      expect(await refusalOf(application.$client, sql)).toMatch(/permission denied for table/);
    }
  });

  it.each([
    ['audit_events', "person = 'nobody'"],
    ['audit_chain', 'hash = prev_hash'],
    ['audit_head', 'seq = 0'],
    ['journal_seals', 'journals = 0'],
    ['daily_roots', 'root = previous_root'],
    ['journals', 'account_id = 1'],
    ['postings', 'amount = 1'],
    ['ticket_flows', "changed_by = 'nobody'"],
    ['ticket_decisions', "person = 'nobody'"],
    ['commands', "person = 'nobody'"],
  ])('may not be changed by the application: %s', async (table, change) => {
    const sql = `UPDATE ${table} SET ${change}`;
    expect(await refusalOf(application.$client, sql)).toMatch(/permission denied/);
  });

  it('is out of reach of the application by way of partitions and triggers', async () => {
    const pool = application.$client;
    for (const sql of [
      'DELETE FROM journals_20251222',
      'TRUNCATE postings_20251222',
      'ALTER TABLE audit_events DISABLE TRIGGER ALL',
      'DROP TRIGGER audit_events_append_only ON audit_events',
      `INSERT INTO audit_chain SELECT seq + 99, event_id + 99, hash, hash, hash FROM audit_chain`,
    ]) {
      expect(await refusalOf(pool, sql)).toMatch(/permission denied|must be owner/);
    }
  });

  it('is refused by triggers to the owner too', async () => {
    const pool = owner.$client;
    for (const sql of [
      "UPDATE audit_events SET person = 'nobody'",
      'DELETE FROM audit_chain',
      'TRUNCATE audit_head',
      'DELETE FROM journal_seals',
      'UPDATE daily_roots SET root = previous_root',
      'TRUNCATE postings_20251222',
      "UPDATE ticket_decisions SET reason = 'another'",
      "UPDATE commands SET person = 'nobody'",
      "UPDATE commands SET status = 'APPLIED' WHERE status = 'REFUSED'",
      'DELETE FROM tickets',
      'DELETE FROM commands',
      'TRUNCATE commands',
    ]) {
      expect(await refusalOf(pool, sql)).toMatch(/is append-only|keeps its facts/);
    }
  });

  it('grows by what the application does', async () => {
    await inTransaction(application, async ({ tx, client }) => {
      await client.query('SELECT open_partitions($1)', [TUE_2025_12_30]);
      await recordAuditEvent(tx, {
        person: 'viewer',
        action: READING,
        outcome: 'ACCEPTED',
        targetType: 'account',
        targetId: 'A0001',
      });
    });
    const { rows } = await owner.$client.query<{ linked: boolean }>(
      `SELECT c.seq IS NOT NULL AS linked FROM audit_events e LEFT JOIN audit_chain c USING (event_id)
       WHERE e.action = $1 ORDER BY e.event_id DESC LIMIT 1`,
      [READING],
    );
    expect(rows).toEqual([{ linked: true }]);
    const { rows: guards } = await owner.$client.query<{ n: number }>(
      `SELECT count(*) AS n FROM pg_trigger WHERE tgrelid = 'postings_20251230'::regclass
         AND tgname = 'postings_20251230_no_truncate'`,
    );
    expect(guards).toEqual([{ n: 1 }]);
  });
});
