import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { verifyAudit } from '../../db/audit/verify-audit.ts';
import { connect, type Db } from '../../db/client.ts';
import { lockLedgerDate } from '../../db/ledger-dates.repository.ts';
import { inTransaction, type Transaction } from '../../db/transaction.ts';
import { MON_2025_12_22, smallBroker } from '../bulk/support/broker.ts';
import { command } from './support/cleared-books.ts';

const WRITERS = 50;

describe('the chain of events', () => {
  let owner: Db;
  let db: Db;
  beforeAll(async () => {
    owner = await smallBroker();
    const url = owner.$client.options.connectionString ?? '';
    db = connect(url, { poolSize: WRITERS, asApplication: true });
  });
  afterAll(async () => {
    await db.$client.end();
    await owner.$client.end();
  });

  const event = ({ tx }: Transaction, name: string): Promise<void> =>
    recordAuditEvent(tx, {
      person: 'operator',
      action: 'test.event',
      outcome: 'ACCEPTED',
      targetType: 'test',
      targetId: name,
    });

  it(`is unbroken after ${WRITERS} transactions at once, some of which roll back`, async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: WRITERS }, (_, n) =>
        inTransaction(db, async (t) => {
          await event(t, `${n}/1`);
          await pause(n % 7);
          await event(t, `${n}/2`);
          if (n % 10 === 0) throw new Error('rolled back');
        }),
      ),
    );
    const committed = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(committed).toBe(WRITERS - WRITERS / 10);
    const { rows } = await owner.$client.query<{ n: number; last: number; own: number }>(
      `SELECT count(*) AS n, max(c.seq) AS last,
         count(*) FILTER (WHERE e.action = 'test.event') AS own
       FROM audit_chain c JOIN audit_events e USING (event_id)`,
    );
    expect(rows[0]).toMatchObject({ n: rows[0]?.last, own: 2 * committed });
  });

  it('takes part in no deadlock: its head is locked last, whatever a transaction does', async () => {
    const lock = ({ tx }: Transaction) => lockLedgerDate(tx, MON_2025_12_22, 'update');
    await Promise.all(
      Array.from({ length: WRITERS }, (_, n) =>
        inTransaction(db, async (t) => {
          const steps = [() => event(t, `order ${n}`), () => lock(t)];
          for (const step of n % 2 === 0 ? steps : steps.toReversed()) await step();
        }),
      ),
    );
  });

  it('has every change of a command, and none of a repetition', async () => {
    await command(owner, 'one', 'APPLIED');
    await command(owner, 'two', 'REFUSED');
    await expect(command(owner, 'one', 'APPLIED')).rejects.toThrow();
    const { rows } = await owner.$client.query<object>(
      `SELECT command_id AS id, action, outcome, code, target_id AS target,
         before ->> 'status' AS "from", after ->> 'status' AS "to"
       FROM audit_events WHERE covers = 'commands' ORDER BY event_id`,
    );
    const target = '2025-12-22/HK';
    const recorded = { action: 'command.recorded', outcome: 'ACCEPTED', from: null, code: null };
    expect(rows).toEqual([
      { id: 'one', ...recorded, to: 'RECORDED', target },
      {
        id: 'one',
        action: 'command.applied',
        outcome: 'ACCEPTED',
        code: null,
        from: 'RECORDED',
        to: 'APPLIED',
        target,
      },
      { id: 'two', ...recorded, to: 'RECORDED', target },
      {
        id: 'two',
        action: 'command.refused',
        outcome: 'REFUSED',
        code: 'ALREADY_RUNNING',
        from: 'RECORDED',
        to: 'REFUSED',
        target,
      },
    ]);
  });

  it('verifies', async () => {
    const report = await inTransaction(owner, ({ client }) => verifyAudit(client));
    expect(report).toMatchObject({ ok: true, findings: [] });
    expect(report.counts['audit_events']).toBeGreaterThanOrEqual(90 + WRITERS + 4);
  });
});
