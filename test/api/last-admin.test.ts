import { beforeEach, describe, expect, it } from 'vitest';
import { lockPerson, replaceRoles } from '../../db/people.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { DemoAccount } from '../../domain/permissions/demo-people.ts';
import { poll } from '../../scripts/embedded/processes.ts';
import { askFor } from '../tickets/support/asked.ts';
import { TicketDesk } from '../tickets/support/ticket-desk.ts';
import { startApi, type ApiUnderTest } from './support.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
beforeEach(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
  return () => api.close();
});

/** The answer's code, or its status where it is none. */
const leave = async (personId: string, by: DemoAccount = 'admin'): Promise<string> => {
  const answer = await api.app.inject({
    method: 'PATCH',
    url: `/api/v1/people/${personId}`,
    headers: await api.as(by),
    payload: { active: false },
  });
  return answer.json<{ code?: string }>().code ?? String(answer.statusCode);
};
const askForRoles = (personId: string, roles: readonly string[]) =>
  askFor(desk, {
    key: 'admin.person_roles.exec',
    target: { personId },
    payload: { roles },
    by: 'admin',
  });
const give = (personId: string, roles: readonly string[]) =>
  inTransaction(api.db, async ({ tx }) => {
    await lockPerson(tx, personId);
    await replaceRoles(tx, personId, roles);
  });

async function administrators(): Promise<readonly string[]> {
  const { rows } = await api.db.$client.query<{ person: string }>(
    `SELECT person_id AS person FROM people JOIN person_roles USING (person_id)
     WHERE active AND role = 'admin' ORDER BY 1`,
  );
  return rows.map(({ person }) => person);
}

/** Both are begun, and both are in the middle of it, before either may go on. */
async function atOnce<A, B>(
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<readonly [A, B]> {
  const holder = await api.db.$client.connect();
  try {
    await holder.query('BEGIN; SELECT 1 FROM people FOR UPDATE');
    const both = Promise.all([one(), other()]);
    await poll('two that wait', 60_000, async () => {
      const { rowCount } = await api.db.$client.query(
        `SELECT 1 FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rowCount === 2 ? true : undefined;
    });
    await holder.query('COMMIT');
    return await both;
  } finally {
    holder.release(true);
  }
}

describe('the last administrator', () => {
  it('cannot leave, and keeps every role', async () => {
    expect(await leave('admin')).toBe('LAST_ADMIN');
    expect(await administrators()).toEqual(['admin']);
    const { rows } = await api.db.$client.query(
      `SELECT active, version FROM people WHERE person_id = 'admin'`,
    );
    expect(rows).toEqual([{ active: true, version: 2 }]);
  });

  it('cannot be asked to give the role away, not for other roles either', async () => {
    for (const roles of [[], ['viewer', 'auditor']]) {
      const { status, code } = await askForRoles('admin', roles);
      expect([status, code]).toEqual([422, 'LAST_ADMIN']);
    }
    expect((await askForRoles('admin', ['admin', 'viewer'])).status).toBe(201);
  });

  it('is not somebody who is here beside an administrator that left', async () => {
    await give('approver', ['admin']);
    expect(await leave('approver')).toBe('200');
    expect(await leave('admin')).toBe('LAST_ADMIN');
  });

  it('is nobody while there are two; others may leave at any time', async () => {
    expect(await leave('viewer')).toBe('200');
    await give('approver', ['approver', 'admin']);
    expect(await leave('admin', 'approver')).toBe('200');
    expect(await administrators()).toEqual(['approver']);
  });

  it('stays when two let each other go at once', async () => {
    await give('approver', ['approver', 'admin']);
    const answers = await atOnce(
      () => leave('approver', 'admin'),
      () => leave('admin', 'approver'),
    );
    expect([...answers].sort()).toEqual(['200', 'LAST_ADMIN']);
    expect(await administrators()).toHaveLength(1);
  });

  it('stays when one leaves while the other loses the role by ticket', async () => {
    await give('approver', ['approver', 'admin']);
    const { body } = await askForRoles('approver', ['approver']);
    const [left, decided] = await atOnce(
      () => leave('admin', 'approver'),
      () => desk.decide('approver2', body.ticketId, 'approve'),
    );
    const { status, resultCode } = decided.body;
    expect([
      ['200', 'FAILED', 'LAST_ADMIN'],
      ['LAST_ADMIN', 'SUCCEEDED', null],
    ]).toContainEqual([left, status, resultCode]);
    expect(await administrators()).toHaveLength(1);
  });
});

describe('the last who can consent', () => {
  const put = async () => {
    const answer = await api.app.inject({
      method: 'PUT',
      url: '/api/v1/ticket-flows/admin.person_roles.exec',
      headers: await api.as('admin'),
      payload: { nodes: [], autoApprove: true, expiresAfterMinutes: 60 },
    });
    return answer.json<{ code?: string }>().code ?? String(answer.statusCode);
  };

  it('cannot leave: an administrator would otherwise decide alone', async () => {
    const { rows } = await api.db.$client.query<{ person: string }>(
      `SELECT person_id AS person FROM person_roles WHERE role = 'approver' ORDER BY 1`,
    );
    const approvers = rows.map(({ person }) => person);
    expect(approvers.length).toBeGreaterThan(1);
    const answers = [];
    for (const person of approvers) answers.push(await leave(person));
    expect(answers).toEqual([...approvers.slice(1).map(() => '200'), 'LAST_APPROVER']);
    expect(await put()).toBe('TICKET_NEEDED');
  });
});
