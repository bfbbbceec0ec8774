import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { ok } from '../inbound/support.ts';
import { askFor, granted, type Asked } from './support/asked.ts';
import { TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
beforeAll(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
});
afterAll(() => api.close());

const roles = (personId: string, held: readonly string[]): Asked => ({
  key: 'admin.person_roles.exec',
  target: { personId },
  payload: { roles: held },
  by: 'admin',
});
const mayRead = async (account: 'viewer' | 'operator2', path: string) =>
  (await api.get(path, account)).statusCode === 200;

// They follow each other.
describe('the roles of a person', () => {
  it('are given by ticket and count from the next request on', async () => {
    expect(await mayRead('viewer', '/people')).toBe(false);
    const ticket = await granted(desk, roles('viewer', ['viewer', 'auditor']));
    expect(ticket).toMatchObject({
      status: 'SUCCEEDED',
      before: { roles: ['viewer'] },
      after: { roles: ['auditor', 'viewer'] },
    });
    expect(await mayRead('viewer', '/people')).toBe(true);
    const { rows } = await api.db.$client.query(
      `SELECT person, before, after FROM audit_events WHERE ticket_id = $1
       AND action = 'person.roles_changed'`,
      [ticket.ticketId],
    );
    expect(rows).toEqual([
      {
        person: 'admin',
        before: { roles: ['viewer'] },
        after: { roles: ['auditor', 'viewer'], approvers: ['approver'] },
      },
    ]);
  });

  it('end the ticket STALE when they changed meanwhile', async () => {
    const opened = await askFor(desk, roles('viewer', []));
    await api.db.$client.query(`UPDATE people SET version = 9 WHERE person_id = 'viewer'`);
    const { body } = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'STALE' });
    expect(await mayRead('viewer', '/people')).toBe(true);
  });

  it('are not decided by the person who gets them', async () => {
    const opened = await askFor(desk, roles('approver', ['approver', 'admin']));
    const own = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(own.body).toMatchObject({ status: 'FAILED', resultCode: 'SELF_APPROVAL' });
    const other = await askFor(desk, roles('approver', ['approver', 'admin']));
    const { body } = await desk.decide('approver2', other.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('leave somebody who is administrator', async () => {
    const two = [roles('admin', ['viewer']), roles('approver', ['approver'])];
    const tickets = await Promise.all(two.map((asked) => askFor(desk, asked)));
    const ended = await Promise.all(
      tickets.map(({ body }) => desk.decide('approver2', body.ticketId, 'approve')),
    );
    expect(ended.map(({ body }) => body.status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
    const lost = ended.find(({ body }) => body.status === 'FAILED');
    expect(lost?.body.resultCode).toBe('LAST_ADMIN');
    const { items } = await ok<{ items: { roles: readonly string[] }[] }>(
      api.get('/people', 'auditor'),
    );
    expect(items.filter((person) => person.roles.includes('admin'))).toHaveLength(1);
  });

  it('are known ones, of somebody who is here', async () => {
    const { items } = await ok<{ items: { personId: string; roles: readonly string[] }[] }>(
      api.get('/people', 'auditor'),
    );
    const by = items.find((person) => person.roles.includes('admin'))?.personId as 'admin';
    expect((await askFor(desk, { ...roles('operator', ['king']), by })).code).toBe('UNKNOWN_ROLE');
    expect((await askFor(desk, { ...roles('nobody', []), by })).code).toBe('NOT_FOUND');
    await api.db.$client.query(`UPDATE people SET active = false WHERE person_id = 'operator2'`);
    expect((await askFor(desk, { ...roles('operator2', []), by })).code).toBe('PERSON_LEFT');
    expect((await askFor(desk, { ...roles('viewer', []), by: 'operator' })).code).toBe('FORBIDDEN');
  });
});
