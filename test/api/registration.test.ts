import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedPeople } from '../../db/seed/people.ts';
import { lockPerson, replaceRoles } from '../../db/people.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { DemoAccount } from '../../domain/permissions/demo-people.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';
import { writeSnapshot } from './snapshot.ts';

const HK = `/ledger-dates/${MON_2025_12_22}/flows/HK`;
/** An account of the issuer that is no demo account. */
const account = (name: string) => name as DemoAccount;

let api: ApiUnderTest;
const as = async (who: DemoAccount) => ({ headers: await api.as(who) });
const send = async (method: 'POST' | 'PATCH', url: string, payload: object, who: DemoAccount) =>
  api.app.inject({ method, url: `/api/v1${url}`, payload, ...(await as(who)) });
const give = (person: string, roles: readonly string[]) =>
  inTransaction(api.db, async ({ tx }) => {
    await lockPerson(tx, person);
    await replaceRoles(tx, person, roles);
  });

describe('who is registered', () => {
  beforeEach(async () => {
    api = await startApi();
    return () => api.close();
  });

  it('the issuer knows an account and we do not: 403, on every route', async () => {
    for (const path of ['/me', HK, '/people']) {
      const answer = await api.get(path, account('stranger'));
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({
        code: 'SIGN_IN_UNKNOWN',
        details: { account: 'stranger' },
      });
    }
  });

  it('a person who is registered may sign in and has no role yet', async () => {
    const kim = { personId: 'kim', name: 'Kim', accounts: ['kim@sso', 'auth0|17'] };
    const made = await send('POST', '/people', kim, 'admin');
    expect(made.statusCode).toBe(201);
    expect(made.json()).toEqual({
      personId: 'kim',
      name: 'Kim',
      active: true,
      version: 1,
      roles: [],
      accounts: ['auth0|17', 'kim@sso'],
    });
    const me = await api.get('/me', account('auth0|17'));
    expect(me.json()).toMatchObject({ person: 'kim', account: 'auth0|17', permissions: [] });
    expect((await api.get(HK, account('auth0|17'))).json()).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('a role counts from the next request on, and a lost one no longer', async () => {
    expect((await api.get(HK, 'viewer')).statusCode).toBe(200);
    const headers = await api.as('viewer');
    await give('viewer', ['admin']);
    const asked = (url: string) => api.app.inject({ url: `/api/v1${url}`, headers });
    expect((await asked('/people')).statusCode).toBe(200);
    expect((await asked('/balances')).statusCode).toBe(403);
    await give('viewer', []);
    expect((await asked(HK)).statusCode).toBe(403);
    expect((await asked('/me')).json()).toMatchObject({ roles: [], permissions: [] });
  });

  it('whoever has left may do nothing, and comes back without a role', async () => {
    const left = await send('PATCH', '/people/operator', { active: false }, 'admin');
    expect(left.json()).toMatchObject({ active: false, roles: [], version: 3 });
    for (const who of ['operator', 'operator.approver'] as const) {
      expect((await api.get('/me', who)).json()).toMatchObject({ code: 'PERSON_LEFT' });
    }
    const back = await send('PATCH', '/people/operator', { active: true }, 'admin');
    expect(back.json()).toMatchObject({ active: true, roles: [], version: 3 });
    expect((await api.get(HK, 'operator')).json()).toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each([
    {
      name: 'an id that somebody has',
      body: { personId: 'operator', name: 'x', accounts: ['x'] },
      status: 409,
      code: 'PERSON_KNOWN',
    },
    {
      name: 'an account of somebody else',
      body: { personId: 'kim', name: 'x', accounts: ['operator.approver'] },
      status: 409,
      code: 'ACCOUNT_TAKEN',
    },
    {
      name: 'no account',
      body: { personId: 'kim', name: 'x', accounts: [] },
      status: 400,
      code: 'BAD_REQUEST',
    },
    {
      name: 'a name that no store can keep',
      body: { personId: 'kim', name: 'x\u0007', accounts: ['x'] },
      status: 400,
      code: 'BAD_REQUEST',
    },
    {
      name: 'roles, which are given by ticket',
      body: { personId: 'kim', name: 'x', accounts: ['x'], roles: ['admin'] },
      status: 400,
      code: 'BAD_REQUEST',
    },
  ])('$name is refused, and nobody is registered', async ({ body, status, code }) => {
    const answer = await send('POST', '/people', body, 'admin');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    const { rows } = await api.db.$client.query(`SELECT 1 FROM people WHERE person_id = 'kim'`);
    expect(rows).toEqual([]);
  });

  it('people and roles are listed page by page', async () => {
    const first = await api.get('/people?limit=3', 'auditor');
    const { items, nextCursor } = first.json<{ items: unknown[]; nextCursor: string }>();
    expect(items).toHaveLength(3);
    const rest = await api.get(`/people?cursor=${nextCursor}`, 'auditor');
    expect(rest.json<{ items: unknown[] }>().items).toContainEqual(
      expect.objectContaining({
        personId: 'operator',
        accounts: ['operator', 'operator.approver'],
      }),
    );
    const roles = (await api.get('/roles', 'admin')).json<{ items: { role: string }[] }>();
    expect(roles.items.map(({ role }) => role)).toEqual([
      'admin',
      'approver',
      'auditor',
      'operator',
      'viewer',
    ]);
  });
});

describe('what an installation begins with', () => {
  beforeEach(async () => {
    api = await startApi();
    return () => api.close();
  });

  it('a later start gives nobody a role back, and leaves own roles alone', async () => {
    await give('approver', []);
    await api.db.$client.query(
      `INSERT INTO roles VALUES ('desk', 'ours');
       INSERT INTO role_permissions VALUES ('desk', 'clearing.ledger_query');
       INSERT INTO role_permissions VALUES ('viewer', 'clearing.day_cut_exec')`,
    );
    await Promise.all([seedPeople(api.db, { demo: true }), seedPeople(api.db, { demo: true })]);
    expect((await api.get('/me', 'approver')).json()).toMatchObject({ roles: [] });
    const { items } = (await api.get('/roles', 'admin')).json<{
      items: { role: string; permissions: string[] }[];
    }>();
    const codesOf = (role: string) => items.find((each) => each.role === role)?.permissions;
    expect(codesOf('desk')).toEqual(['clearing.ledger_query']);
    expect(codesOf('viewer')).not.toContain('clearing.day_cut_exec');
  });

  it('the first administrator is made once, and never a second one', async () => {
    const rolesOf = async (who: string) =>
      (await api.get('/me', account(who))).json<{ roles?: string[]; code?: string }>();
    await seedPeople(api.db, { demo: false, firstAdmin: 'sso|second' });
    expect(await rolesOf('sso|second')).toMatchObject({ code: 'SIGN_IN_UNKNOWN' });
    await give('admin', []);
    await seedPeople(api.db, { demo: false, firstAdmin: 'sso|first' });
    await seedPeople(api.db, { demo: false, firstAdmin: 'sso|second' });
    expect(await rolesOf('sso|first')).toMatchObject({ roles: ['admin'] });
    expect(await rolesOf('sso|second')).toMatchObject({ code: 'SIGN_IN_UNKNOWN' });
  });
});

describe('what the server strips', () => {
  beforeAll(async () => {
    api = await startApi();
    await writeSnapshot(api.db);
    await api.db.$client.query(
      `UPDATE step_runs SET result = '{"grossAmount": "120100"}' WHERE step = 'billing';
       UPDATE step_runs SET failure = '{"code": "CHECK_NOT_PASSED", "details": {"amount": "1"}}'
       WHERE step = 'preCheck'`,
    );
  });
  afterAll(() => api.close());

  interface Shown {
    readonly stripped: boolean;
    readonly steps: readonly { step: string; result: unknown; failure: unknown }[];
  }
  const stepOf = ({ steps }: Shown, step: string) => steps.find((each) => each.step === step);

  it('a flow shows its totals to those who may see the books', async () => {
    const view = (await api.get(HK, 'viewer')).json<Shown>();
    expect(view.stripped).toBe(false);
    expect(stepOf(view, 'billing')?.result).toEqual({ grossAmount: '120100' });
    expect(stepOf(view, 'preCheck')?.failure).toMatchObject({ details: { amount: '1' } });
  });

  it.each([HK, HK.slice(0, -3)])('%s shows others that it stopped, and no value', async (at) => {
    const answer = await api.get(at, 'admin');
    const body = answer.json<Shown & { items?: readonly Shown[] }>();
    const view = body.items?.find(({ steps }) => steps.some(({ step }) => step === 'sync')) ?? body;
    expect(view.stripped).toBe(true);
    expect(stepOf(view, 'preCheck')?.failure ?? null).toSatisfy(
      (failure: unknown) =>
        failure === null || JSON.stringify(failure) === '{"code":"CHECK_NOT_PASSED","details":{}}',
    );
    expect(answer.body).not.toMatch(/120100|"amount"/);
  });
});
