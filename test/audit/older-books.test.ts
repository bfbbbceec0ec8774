import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import type { Db } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { inTransaction } from '../../db/transaction.ts';
import { addTrades, MON_2025_12_22, smallBroker } from '../bulk/support/broker.ts';
import { closeRun, openRun, runStep, workOne, type Place } from '../bulk/support/run-step.ts';
import { cut } from './support/cleared-books.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };

/** As a release without an audit log left it: the books are there, and no word about them. */
const FORGET = `BEGIN; SET LOCAL session_replication_role = replica;
  TRUNCATE journal_seals, daily_roots, audit_events, audit_chain;
  UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex');
  SET LOCAL session_replication_role = origin;
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, after)
    SELECT 'fee_rules', 'system', 'fee_rule.carried_over', 'ACCEPTED', 'fee_rule', rule_id::text,
      to_jsonb(r) FROM fee_rules r UNION ALL
    SELECT 'readiness_items', 'system', 'readiness_item.carried_over', 'ACCEPTED', 'setting',
      'readiness.' || item, to_jsonb(r) FROM readiness_items r UNION ALL
    SELECT 'settlement_channels', 'system', 'settlement_channel.carried_over', 'ACCEPTED',
      'setting', 'channel.' || settlement_channel, to_jsonb(r) FROM settlement_channels r UNION ALL
    SELECT 'fee_codes', 'system', 'fee_code.carried_over', 'ACCEPTED', 'fee_code', fee_code,
      to_jsonb(r) FROM fee_codes r UNION ALL
    SELECT 'account_fee_schedules', 'system', 'account_package.carried_over', 'ACCEPTED',
      'account_package', account_id::text, to_jsonb(r) FROM account_fee_schedules r;
  COMMIT`;

const verify = (db: Db) => inTransaction(db, ({ client }) => verifyAudit(client));

describe('books that are older than the audit log', () => {
  let db: Db;
  let url: string;
  beforeAll(async () => {
    db = await smallBroker();
    url = db.$client.options.connectionString ?? '';
    await addTrades(db, 20);
    for (const step of ['sync', 'billing'] as const) await runStep(db, MONDAY, step);
  });
  afterAll(() => db.$client.end());

  it('are sealed by the migration, in the middle of a run, which then goes on', async () => {
    const run = await openRun(db, MONDAY, 'posting');
    await expect(workOne(db, run, 0, { chunkSize: 5, stopAfter: 2 })).rejects.toThrow();
    await db.$client.query(FORGET);
    expect(await verify(db)).toMatchObject({ ok: false });
    await migrate(url);
    expect(await verify(db)).toMatchObject({ ok: true, findings: [] });
    await workOne(db, run, 0, { chunkSize: 5 });
    await closeRun(db, run);
    expect(await verify(db)).toMatchObject({ ok: true, findings: [] });
    const { rows } = await db.$client.query<{ chunks: number[] }>(
      'SELECT array_agg(chunk ORDER BY chunk) AS chunks FROM journal_seals',
    );
    expect(rows[0]?.chunks).toEqual([0, 2, 3]);
  });

  it('are rooted where they are cut, once', async () => {
    await cut(db, MON_2025_12_22);
    await db.$client.query(FORGET);
    await Promise.all([migrate(url), migrate(url)]);
    const { counts, findings } = await verify(db);
    expect([findings, counts['daily_roots']]).toEqual([[], 1]);
  });

  it('are not sealed a second time when seals were lost', async () => {
    await db.$client.query(
      'BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE journal_seals; COMMIT',
    );
    await migrate(url);
    expect(await verify(db)).toMatchObject({
      ok: false,
      findings: [{ table: 'journal_seals', fault: 'missing' }, {}],
    });
  });
});
