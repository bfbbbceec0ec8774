import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import { connect, type Db } from '../../db/client.ts';
import { seedReference } from '../../db/seed/reference.ts';
import { inTransaction } from '../../db/transaction.ts';
import { READINESS_ITEMS } from '../../domain/readiness/readiness.ts';
import { freshDatabase } from '../support/database.ts';

/** As a release left it that did not record these tables yet. */
const BEFORE_0015 = `
  DROP FUNCTION record_setting_in_force() CASCADE;
  DROP TRIGGER readiness_items_no_truncate ON readiness_items;
  DROP TRIGGER settlement_channels_no_truncate ON settlement_channels`;
const MIGRATION = join(projectRoot, 'db/migrations/0015_settings_are_recorded.sql');

interface Event {
  readonly action: string;
  readonly target: string;
  readonly person: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

describe('settings that are in force', () => {
  let db: Db;
  beforeAll(async () => {
    db = connect(await freshDatabase('empty'), { poolSize: 2 });
    await db.$client.query(BEFORE_0015);
    await inTransaction(db, seedReference);
  });
  afterAll(() => db.$client.end());

  const findings = () =>
    inTransaction(db, async ({ client }) => (await verifyAudit(client)).findings);
  const countOf = async (action: string) => {
    const { rows } = await db.$client.query<{ n: number }>(
      `SELECT count(*) AS n FROM audit_events WHERE action LIKE $1`,
      [action],
    );
    return rows[0]?.n;
  };

  it('of an older installation are carried over by the migration', async () => {
    expect(await findings()).toMatchObject([
      { table: 'readiness_items', fault: 'inserted' },
      { table: 'settlement_channels', fault: 'inserted' },
    ]);
    await db.$client.query(readFileSync(MIGRATION, 'utf8'));
    expect(await findings()).toEqual([]);
    expect(await countOf('readiness_item.carried_over')).toBe(READINESS_ITEMS.length);
    expect(await countOf('settlement_channel.carried_over')).toBeGreaterThan(1);
  });

  it('are not written again by a later start', async () => {
    await inTransaction(db, seedReference);
    expect(await countOf('readiness_item.added')).toBe(0);
    expect(await countOf('settlement_channel.%ed')).toBe(0);
  });

  it.each([
    {
      table: 'readiness_items',
      change: `UPDATE readiness_items SET severity = 0 WHERE item = 'ready_calendar'`,
      event: {
        action: 'readiness_item.changed',
        target: 'readiness.ready_calendar',
        before: { severity: 2 },
        after: { severity: 0 },
      },
    },
    {
      table: 'settlement_channels',
      change: `UPDATE settlement_channels SET tolerance = 99.5 WHERE settlement_channel = 'CCASS'`,
      event: {
        action: 'settlement_channel.changed',
        target: 'channel.CCASS',
        before: { tolerance: 0 },
        after: { tolerance: 99.5 },
      },
    },
  ])('record an edit by SQL of $table, and a silent one is found', async (edit) => {
    await db.$client.query(edit.change);
    const { rows } = await db.$client.query<Event>(
      `SELECT action, target_id AS target, person, before, after FROM audit_events
       WHERE target_type = 'setting' ORDER BY event_id DESC LIMIT 1`,
    );
    expect(rows).toMatchObject([{ ...edit.event, person: 'system' }]);
    expect(await findings()).toEqual([]);
    // The same values again are no change.
    const before = await countOf('%');
    await db.$client.query(edit.change);
    expect(await countOf('%')).toBe(before);

    const client = await db.$client.connect();
    await client.query('BEGIN; SET LOCAL session_replication_role = replica');
    await client.query(edit.change.replace(/= (0|99\.5) /, '= 1 '));
    const silent = (await verifyAudit(client)).findings;
    await client.query('ROLLBACK');
    client.release();
    expect(silent).toMatchObject([{ table: edit.table, fault: 'changed' }]);
  });

  it('cannot be emptied at once, which no row could record', async () => {
    for (const table of ['readiness_items', 'settlement_channels']) {
      await expect(db.$client.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/is append-only/);
    }
  });

  it('that are taken away leave an event without what they were afterwards', async () => {
    await db.$client.query(`DELETE FROM readiness_items WHERE item = 'ready_calendar'`);
    const { rows } = await db.$client.query<Event>(
      `SELECT action, after FROM audit_events WHERE action LIKE 'readiness_item.%'
       ORDER BY event_id DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ action: 'readiness_item.removed', after: null }]);
    expect(await findings()).toEqual([]);
  });
});
