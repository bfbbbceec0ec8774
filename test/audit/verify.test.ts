import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import type { Db } from '../../db/client.ts';
import { clearedBooks } from './support/cleared-books.ts';

describe('verifyAudit', () => {
  let db: Db;
  beforeAll(async () => {
    db = await clearedBooks();
  });
  afterAll(() => db.$client.end());

  it('finds nothing in books that nobody touched, and says what it looked at', async () => {
    const client = await db.$client.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { ok, findings, counts } = await verifyAudit(client);
      expect({ ok, findings }).toEqual({ ok: true, findings: [] });
      expect(counts).toMatchObject({ commands: 3, tickets: 2, ticket_decisions: 2, journals: 65 });
      expect(counts).toMatchObject({ journal_seals: 31, daily_roots: 2, ledger_dates: 2 });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
