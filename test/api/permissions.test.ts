import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAuth } from '../../api/plugins/auth.ts';
import { DEMO_PEOPLE, type DemoPerson } from '../../domain/permissions/demo-people.ts';
import { PERMISSIONS, permissionsOf, ROLES } from '../../domain/permissions/permissions.ts';
import { startApi, type ApiUnderTest } from './support.ts';

const PEOPLE = Object.keys(DEMO_PEOPLE) as DemoPerson[];
/** What the contract leaves open to anybody. */
const PUBLIC = ['GET /', 'GET /api/openapi.json', 'GET /api/v1/health', 'POST /api/v1/dev/token'];

const nameOf = ({ method, url }: FastifyInstance['routeTable'][number]): string =>
  `${method} ${url}`;

/** A path that matches the route; whether the thing exists plays no part in who may ask for it. */
const exampleOf = (url: string): string =>
  url.replace(':ledgerDate', '2031-01-02').replaceAll(/:\w+/g, '1');

describe('who may call what', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it('every route says who may call it, and only the expected ones are public', () => {
    const isPublic = api.app.routeTable.filter(
      ({ access, url }) => access === 'public' && !url.startsWith('/api/docs'),
    );
    expect(isPublic.map(nameOf).sort()).toEqual(PUBLIC);
    expect(api.app.routeTable.length).toBeGreaterThan(40);
  });

  it('every code is asked for by some route and held by some role', () => {
    const asked = new Set(api.app.routeTable.map(({ access }) => access));
    const held = permissionsOf(Object.keys(ROLES));
    for (const code of Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[]) {
      expect([code, asked.has(code), held.has(code)]).toEqual([code, true, true]);
    }
  });

  it('every route answers every person as declared, and nobody without a token', async () => {
    const wrong: string[] = [];
    const ask = async (route: FastifyInstance['routeTable'][number], headers: object) => {
      const { statusCode } = await api.app.inject({
        method: route.method as 'GET',
        url: exampleOf(route.url),
        headers: { ...headers, 'content-type': 'application/json' },
      });
      return statusCode;
    };
    const guarded = api.app.routeTable.filter(({ access }) => access !== 'public');
    for (const route of guarded) {
      const stranger = await ask(route, {});
      if (stranger !== 401) wrong.push(`${nameOf(route)} stranger ${stranger}`);
      for (const person of PEOPLE) {
        const permissions = permissionsOf(DEMO_PEOPLE[person]);
        const may = route.access === 'signed in' || permissions.has(route.access as never);
        const status = await ask(route, await api.as(person));
        const isRefused = status === 401 || status === 403;
        if (isRefused === may) wrong.push(`${nameOf(route)} ${person} ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(guarded.length).toBeGreaterThan(35);
  });

  it('a route that declares nothing does not start', async () => {
    const app = Fastify();
    addAuth(app, async () => Promise.reject(new Error('nobody')));
    expect(() => app.get('/forgotten', async () => 'ok')).toThrow(/must declare/);
    await app.close();
  });
});
