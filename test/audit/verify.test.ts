import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import type { Db } from '../../db/client.ts';
import { clearedBooks } from './support/cleared-books.ts';

describe('verify-audit', () => {
  let db: Db;
  beforeAll(async () => {
    db = await clearedBooks();
  });
  afterAll(() => db.$client.end());

  it('finds nothing in books that nobody touched', async () => {
    const client = await db.$client.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const t = performance.now();
      const report = await verifyAudit(client);
      console.log(performance.now() - t, report);
      expect(report).toMatchObject({ ok: true, findings: [] });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
