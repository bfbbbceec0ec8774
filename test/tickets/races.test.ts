import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceTicket } from '../../activities/tickets/advance-ticket.ts';
import { executeTicket } from '../../activities/tickets/execute-ticket.ts';
import { writeDecision } from '../../api/tickets/decide-ticket.ts';
import { openTicket } from '../../api/tickets/open-ticket.ts';
import type { Asker } from '../../api/ports.ts';
import { connect, type Db } from '../../db/client.ts';
import { holderOfAccount } from '../../db/people.repository.ts';
import { seedPeople } from '../../db/seed/people.ts';
import { seedTicketFlows } from '../../db/seed/ticket-flows.ts';
import { inTransaction } from '../../db/transaction.ts';
import { clockFrom } from '../../domain/clock.ts';
import { freshDatabase } from '../support/database.ts';
import { makeNotes, NOTE_KEY, NOTE_KINDS } from './support/note-kind.ts';

const TICKETS = 1_000;
const AT_ONCE = 6;

describe('1,000 races between approve and reject', () => {
  let db: Db;
  const clock = clockFrom('system');
  const tickets: string[] = [];
  const people = new Map<string, Asker>();

  beforeAll(async () => {
    db = connect(await freshDatabase(), { poolSize: AT_ONCE * 2 });
    await seedPeople(db, { demo: true });
    await seedTicketFlows(db, []);
    await makeNotes(
      db,
      Array.from({ length: TICKETS }, (_, n) => `n${n}`),
    );
    for (const account of ['operator', 'approver', 'approver2']) {
      const { personId, permissions } = (await holderOfAccount(db, account))!;
      people.set(account, { id: personId, account, permissions });
    }
    await inTransaction(db, async (t) => {
      for (let n = 0; n < TICKETS; n += 1) {
        const asked = { key: NOTE_KEY, target: { noteId: `n${n}` }, payload: { text: 'new' } };
        const request = { ...asked, reason: 'a race', by: people.get('operator')! };
        tickets.push(await openTicket(t, NOTE_KINDS, request, clock.now()));
      }
    });
  });
  afterAll(() => db.$client.end());

  async function decide(ticketId: string, who: string, kind: 'approve' | 'reject'): Promise<void> {
    const by = people.get(who)!;
    const request = { requestId: randomUUID(), ticketId, kind, reason: 'a race', by };
    await inTransaction(db, (t) => writeDecision(t, NOTE_KINDS, request));
  }
  /** What the ticket's workflow does when it hears of a decision. */
  async function hear(ticketId: string): Promise<void> {
    const deps = { db, kinds: NOTE_KINDS, clock };
    const { status } = await advanceTicket(deps, ticketId);
    if (status === 'APPROVED') await executeTicket(deps, ticketId);
  }

  it('each has one winner, and its effect, if any, once', async () => {
    const queue = [...tickets.entries()];
    const runner = async (): Promise<void> => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const [index, ticketId] = next;
        const [yes, no] = index % 2 === 0 ? ['approver', 'approver2'] : ['approver2', 'approver'];
        await Promise.all([decide(ticketId, yes, 'approve'), decide(ticketId, no, 'reject')]);
        // Most hear once of both; every tenth is told twice at the same time.
        await Promise.all(index % 10 === 0 ? [hear(ticketId), hear(ticketId)] : [hear(ticketId)]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runner));
    const { rows } = await db.$client.query<{ status: string; effects: number; n: number }>(
      `SELECT t.status, n.effects, count(*)::int AS n FROM tickets t
       JOIN notes n ON n.note_id = t.target_id GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(TICKETS);
    for (const { status, effects } of rows) {
      expect([
        ['SUCCEEDED', 1],
        ['REJECTED', 0],
      ]).toContainEqual([status, effects]);
    }
    // Both happen, or it was no race.
    expect(rows).toHaveLength(2);
    const { rows: winners } = await db.$client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ticket_decisions WHERE counted
       GROUP BY ticket_id HAVING count(*) <> 1`,
    );
    expect(winners).toEqual([]);
    const { rows: left } = await db.$client.query(
      'SELECT 1 FROM ticket_decisions WHERE taken_at IS NULL',
    );
    expect(left).toEqual([]);
  });
});
