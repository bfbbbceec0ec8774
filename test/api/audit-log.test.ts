import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEventView } from '../../db/queries/audit-log.ts';
import type { ExportedRoots } from '../../domain/audit/exported-roots.ts';
import type { DemoPerson } from '../../domain/permissions/demo-people.ts';
import { startApi, type ApiUnderTest } from './support.ts';

describe('the audit log', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  async function events(query: string): Promise<readonly AuditEventView[]> {
    const answer = await api.get(`/audit/events?${query}`, 'auditor');
    expect(answer.statusCode).toBe(200);
    return answer.json<{ items: AuditEventView[] }>().items;
  }

  const ask = (method: 'GET' | 'PATCH' | 'POST', path: string, headers: object, body?: object) =>
    api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });

  it('has one sign-in for each token, however often it is used', async () => {
    const count = async () => (await events('action=sign_in.&person=viewer&limit=500')).length;
    const before = await count();
    const [one, other] = [await api.as('viewer'), await api.as('viewer')];
    for (let n = 0; n < 3; n += 1) await ask('GET', '/me', one);
    expect(await count()).toBe(before + 1);
    await Promise.all([1, 2, 3].map(() => ask('GET', '/me', other)));
    expect(await count()).toBe(before + 2);
    const [event] = await events('action=sign_in.&person=viewer&limit=1');
    expect(event).toMatchObject({
      outcome: 'ACCEPTED',
      targetType: 'token',
      account: expect.any(String) as string,
      targetId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      seq: expect.any(Number) as number,
    });
  });

  it('says who looked at what clients own, and at the log itself', async () => {
    await api.get('/balances?currency=HKD', 'viewer');
    const [read] = await events('action=read.sensitive&person=viewer');
    expect(read).toMatchObject({
      permission: 'clearing.ledger_query',
      targetType: 'route',
      targetId: 'GET /api/v1/balances',
      after: { query: { currency: 'HKD' } },
    });
    const [own] = await events('action=read.&person=auditor');
    expect(own).toMatchObject({ targetId: 'GET /api/v1/audit/events' });
  });

  it('has no event of a read that was refused', async () => {
    expect((await api.get('/people', 'viewer')).statusCode).toBe(403);
    expect(await events('action=read.&person=viewer&targetId=GET /api/v1/people')).toEqual([]);
  });

  it('says what somebody was refused, and what broke', async () => {
    const path = '/ledger-dates/2025-12-22/flows/HK/start';
    await ask('POST', path, await api.as('viewer'), {});
    const [refused] = await events('action=request.&person=viewer');
    expect(refused).toMatchObject({
      action: 'request.refused',
      outcome: 'REFUSED',
      code: 'FORBIDDEN',
      targetId: `POST /api/v1${path}`,
      after: { permission: 'lb_hk_clearing.clearing_busin_step_exec' },
    });
    api.answer = new Error('something broke');
    await api.post(path, {});
    api.answer = { kind: 'applied', repeated: false };
    const [failed] = await events('action=request.&person=operator');
    expect(failed).toMatchObject({ action: 'request.failed', outcome: 'FAILED', code: 'INTERNAL' });
  });

  it('has a change with before and after, and nothing of a repetition', async () => {
    const admin = await api.as('admin');
    const person = { personId: 'newcomer', name: 'New Comer', accounts: ['new-1'] };
    expect((await ask('POST', '/people', admin, person)).statusCode).toBe(201);
    for (let n = 0; n < 2; n += 1) await ask('PATCH', '/people/newcomer', admin, { active: false });
    const found = await events('targetType=person&targetId=newcomer');
    expect(found.map(({ action }) => action).sort()).toEqual([
      'person.added',
      'person.changed',
      'person.changed',
      'sign_in_account.added',
    ]);
    expect(found[0]).toMatchObject({
      person: 'admin',
      account: 'admin',
      permission: 'admin.people_operation',
      before: { active: true },
      after: { active: false },
    });
  });

  it('comes in pages, newest first', async () => {
    const seen: number[] = [];
    let cursor = '';
    for (let pages = 0; pages < 100; pages += 1) {
      const query = `limit=3&action=sign_in.${cursor && `&cursor=${cursor}`}`;
      const answer = await api.get(`/audit/events?${query}`, 'auditor');
      const page = answer.json<{ items: AuditEventView[]; nextCursor: string | null }>();
      seen.push(...page.items.map(({ eventId }) => eventId));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  });

  it('is for auditors', async () => {
    for (const person of ['operator', 'approver', 'viewer', 'admin'] satisfies DemoPerson[]) {
      for (const path of ['/audit/events', '/audit/roots']) {
        expect((await api.get(path, person)).statusCode).toBe(403);
      }
    }
  });

  it('exports its roots and the end of its chain', async () => {
    const answer = await api.get('/audit/roots', 'auditor');
    const { roots, head } = answer.json<ExportedRoots>();
    expect(roots.map(({ rootNo, ledgerDate }) => [rootNo, ledgerDate])).toEqual([
      [1, '2025-12-19'],
    ]);
    expect(head.seq).toBeGreaterThan(10);
    expect([roots[0]?.root, head.hash]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
  });
});
