import { readFileSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAuth } from '../../api/plugins/auth.ts';
import { DEMO_PEOPLE, type DemoPerson } from '../../domain/permissions/demo-people.ts';
import {
  PERMISSIONS,
  permissionsOf,
  ROLES,
  type Permission,
  type Role,
} from '../../domain/permissions/permissions.ts';
import { TICKET_KINDS } from '../../tickets/index.ts';
import { startApi, type ApiUnderTest } from './support.ts';

/** What the contract leaves open to anybody. */
const PUBLIC = ['GET /', 'GET /api/openapi.json', 'GET /api/v1/health', 'POST /api/v1/dev/token'];

/** A person who holds this role and no other. */
const PERSON_OF = Object.fromEntries(
  Object.entries(DEMO_PEOPLE).map(([person, roles]) => [roles.join(), person]),
) as Readonly<Record<Role, DemoPerson>>;

const nameOf = ({ method, url }: FastifyInstance['routeTable'][number]): string =>
  `${method} ${url.replace('/api/v1', '')}`;

/** A path that matches the route; whether the thing exists plays no part in who may ask for it. */
const exampleOf = (url: string): string =>
  url.replace(':ledgerDate', '2031-01-02').replaceAll(/:\w+/g, '1');

/**
 * The matrix that is committed in docs/permissions.md: route → roles that may call it. What people
 * have read and agreed to is compared with what the server does.
 */
function committedMatrix(): Map<string, ReadonlySet<string>> {
  const page = readFileSync(new URL('../../docs/permissions.md', import.meta.url), 'utf8');
  const [, table = ''] = page.split('## Matrix\n');
  const lines = table.split('\n').filter((line) => line.startsWith('| '));
  const cells = lines.map((line) => line.slice(2, -2).split(' | '));
  const [[, ...roles] = [], , ...rows] = cells;
  return new Map(
    rows.map(([route = '', ...marks]) => [
      route.replaceAll('`', ''),
      new Set(roles.filter((_, at) => marks[at]?.trim() === 'yes')),
    ]),
  );
}

/** The release notes name them; no route of this release asks for them. */
const RESERVED = [
  'credit_limit.client_group_query',
  'credit_limit.client_group_operation',
  'account.trade_permission',
  'account.update_trade_permission',
  'customer.pi_app_record',
  'kyc.risk_assessment_query',
] as const;

describe('who may call what', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const guarded = () => api.app.routeTable.filter(({ access }) => access !== 'public');

  it('every route says who may call it, and only the expected ones are public', () => {
    const isPublic = api.app.routeTable.filter(
      ({ access, url }) => access === 'public' && !url.startsWith('/api/docs'),
    );
    expect(isPublic.map(({ method, url }) => `${method} ${url}`).sort()).toEqual(PUBLIC);
    expect(api.app.routeTable.length).toBeGreaterThan(40);
  });

  it('every code is asked for by a route or a ticket key and held by some role, or is kept', () => {
    const asked = new Set<string>([
      ...api.app.routeTable.map(({ access }) => access),
      ...[...TICKET_KINDS.values()].flatMap(({ ask, see }) => [ask, see]),
    ]);
    const held = permissionsOf(Object.keys(ROLES));
    for (const code of Object.keys(PERMISSIONS) as Permission[]) {
      const isReserved = RESERVED.some((reserved) => reserved === code);
      expect([code, asked.has(code), held.has(code)]).toEqual([code, !isReserved, !isReserved]);
    }
  });

  it('the codes of the release notes are there, letter by letter', () => {
    expect(Object.keys(PERMISSIONS)).toEqual(expect.arrayContaining([...RESERVED]));
  });

  it('the committed matrix has a row for every route, and no other', () => {
    expect([...committedMatrix().keys()].sort()).toEqual(guarded().map(nameOf).sort());
    expect(guarded().length).toBeGreaterThan(40);
  });

  it('L73 every route answers every role as the committed matrix says', async () => {
    const matrix = committedMatrix();
    const wrong: string[] = [];
    const ask = async (route: FastifyInstance['routeTable'][number], headers: object) => {
      const { statusCode } = await api.app.inject({
        method: route.method as 'GET',
        url: exampleOf(route.url),
        headers: { ...headers, 'content-type': 'application/json' },
      });
      return statusCode;
    };
    for (const route of guarded()) {
      const stranger = await ask(route, {});
      if (stranger !== 401) wrong.push(`${nameOf(route)} stranger ${stranger}`);
      for (const [role, person] of Object.entries(PERSON_OF)) {
        const may = matrix.get(nameOf(route))?.has(role) === true;
        const status = await ask(route, await api.as(person));
        const isRefused = status === 401 || status === 403;
        if (isRefused === may) wrong.push(`${nameOf(route)} ${role} ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(Object.keys(PERSON_OF).sort()).toEqual(Object.keys(ROLES).sort());
  });

  it('a route that declares nothing does not start', async () => {
    const app = Fastify();
    const nobody = async () => Promise.reject(new Error('nobody'));
    addAuth(app, nobody, nobody);
    expect(() => app.get('/forgotten', async () => 'ok')).toThrow(/must declare/);
    await app.close();
  });
});
