import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import { connect, type Db } from '../../db/client.ts';
import { seedReference } from '../../db/seed/reference.ts';
import { inTransaction } from '../../db/transaction.ts';
import { freshDatabase } from '../support/database.ts';

const TABLES = ['account_fee_schedules', 'fee_codes', 'stamp_duty_edits', 'fx_rates'] as const;
/** Of the migration: what records these tables, without the table that it makes. */
const RECORDING = readFileSync(join(projectRoot, 'db/migrations/0023_fx_rates.sql'), 'utf8').split(
  '-- Which package an account has',
)[1]!;
/** As a release left them that did not record these tables yet. */
const BEFORE = `
  DROP FUNCTION record_fee_basis() CASCADE;
  DROP TRIGGER account_fee_schedules_no_truncate ON account_fee_schedules;
  DROP TRIGGER fee_codes_no_truncate ON fee_codes`;
const ROWS = `
  INSERT INTO accounts (account_no, kind, status, opened_on)
  VALUES ('A1', 'CASH', 'ACTIVE', '2020-01-01');
  INSERT INTO account_fee_schedules (account_id, market, schedule_id, effective_from)
  SELECT account_id, 'HK', 'sample-hk-retail', '2020-01-01' FROM accounts;
  INSERT INTO stamp_duty_edits (instrument_id, flow, exempt, effective_from, expires_on, reason,
    ledger_date, editor, edited_at)
  VALUES ('ST/HK/700', 'HK', true, '2025-12-22', '2025-12-22', 'a test', '2025-12-22', 'tess', now())`;
const RATE = `INSERT INTO fx_rates (rate_id, from_currency, to_currency, valid_from, version, rate,
    source, known_from, added_by)
  VALUES (1, 'USD', 'HKD', '2025-12-22', 1, 7.8, 'a test', '2025-12-22', 'tess')`;

describe('what fees are based on', () => {
  let db: Db;
  beforeAll(async () => {
    db = connect(await freshDatabase('empty'), { poolSize: 2 });
    await db.$client.query(BEFORE);
    await inTransaction(db, seedReference);
    await db.$client.query(ROWS);
  });
  afterAll(() => db.$client.end());

  const covered = () =>
    inTransaction(db, async ({ client }) => {
      const { findings } = await verifyAudit(client);
      return findings.filter(({ table }) => TABLES.some((each) => each === table));
    });
  const newest = async (covers: string) => {
    const { rows } = await db.$client.query<object>(
      `SELECT action, person, target_type AS target, before, after FROM audit_events
       WHERE covers = $1 ORDER BY event_id DESC LIMIT 1`,
      [covers],
    );
    return rows[0];
  };

  it('is recorded of an older installation by the migration', async () => {
    expect((await covered()).map(({ table, fault }) => [table, fault])).toEqual([
      ['account_fee_schedules', 'inserted'],
      ['fee_codes', 'inserted'],
      ['stamp_duty_edits', 'inserted'],
    ]);
    await db.$client.query(`BEGIN; --${RECORDING}; COMMIT`);
    expect(await covered()).toEqual([]);
    expect(await newest('account_fee_schedules')).toMatchObject({
      ...{ action: 'account_package.carried_over', person: 'system' },
      after: { market: 'HK' },
    });
  });

  it('is recorded when it changes, and the same values again are no change', async () => {
    const change = `UPDATE account_fee_schedules SET schedule_id = 'sample-hk-vip'
      WHERE account_id = (SELECT min(account_id) FROM account_fee_schedules)`;
    await db.$client.query(change);
    const recorded = await newest('account_fee_schedules');
    expect(recorded).toMatchObject({
      ...{ action: 'account_package.changed', target: 'account_package' },
      after: { schedule_id: 'sample-hk-vip' },
    });
    await db.$client.query(change);
    expect(await newest('account_fee_schedules')).toEqual(recorded);
    await db.$client.query(RATE);
    expect(await newest('fx_rates')).toMatchObject({ action: 'fx_rate.added', person: 'tess' });
    expect(await covered()).toEqual([]);
  });

  it.each([
    ['account_fee_schedules', `UPDATE account_fee_schedules SET effective_to = '2025-12-23'`],
    ['account_fee_schedules', 'DELETE FROM account_fee_schedules'],
    ['fee_codes', `UPDATE fee_codes SET payee = 'BROKER' WHERE fee_code = 'STAMP'`],
    ['stamp_duty_edits', 'UPDATE stamp_duty_edits SET exempt = NULL'],
    ['fx_rates', 'UPDATE fx_rates SET rate = 8'],
    ['fx_rates', 'DELETE FROM fx_rates'],
  ])('is named where %s was changed silently: %s', async (table, change) => {
    const client = await db.$client.connect();
    await client.query('BEGIN; SET LOCAL session_replication_role = replica');
    const { rowCount } = await client.query(change);
    const { findings } = await verifyAudit(client);
    await client.query('ROLLBACK');
    client.release();
    expect(rowCount).toBeGreaterThan(0);
    const fault = change.startsWith('DELETE') ? 'missing' : 'changed';
    expect(findings).toContainEqual(expect.objectContaining({ table, fault }));
  });

  it.each(TABLES)('%s cannot be emptied at once', async (table) => {
    await expect(db.$client.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/is append-only/);
  });
});
