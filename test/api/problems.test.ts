import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../api/plugins/problems.ts';
import { httpStatusOf } from '../../domain/errors/error-catalogue.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const START = `/ledger-dates/${MON_2025_12_22}/flows/HK/start`;
const JSON_TYPE = { 'content-type': 'application/json', 'idempotency-key': 'problem-key' };

describe('problems', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it.each([
    { name: 'a path that is not served', get: '/nowhere', status: 404, code: 'NOT_FOUND' },
    { name: 'an unknown command', get: '/commands/none', status: 404, code: 'NOT_FOUND' },
    { name: 'an unknown date', get: '/ledger-dates/2031-01-02', status: 404, code: 'NOT_FOUND' },
    { name: 'an unknown contract', get: '/contracts/1', status: 404, code: 'NOT_FOUND' },
    { name: 'an unknown journal', get: '/journals/999999999', status: 404, code: 'NOT_FOUND' },
    { name: 'an unknown check', get: '/checks/9/differences', status: 404, code: 'NOT_FOUND' },
    { name: 'no date at all', get: '/ledger-dates/2025-02-30', status: 400, code: 'BAD_REQUEST' },
    { name: 'an unknown field', get: '/commands?stat=X', status: 400, code: 'BAD_REQUEST' },
    { name: 'an unknown word', get: '/commands?status=DONE', status: 400, code: 'BAD_REQUEST' },
    { name: 'a limit of none', get: '/commands?limit=0', status: 400, code: 'BAD_REQUEST' },
    { name: 'a limit too high', get: '/commands?limit=501', status: 400, code: 'BAD_REQUEST' },
    { name: 'half a limit', get: '/commands?limit=1.5', status: 400, code: 'BAD_REQUEST' },
    { name: 'two limits', get: '/commands?limit=1&limit=2', status: 400, code: 'BAD_REQUEST' },
    { name: 'a forged cursor', get: '/commands?cursor=WzEsMl0', status: 400, code: 'BAD_REQUEST' },
    { name: 'no cursor at all', get: '/commands?cursor=%00', status: 400, code: 'BAD_REQUEST' },
    { name: 'a list without bound', get: '/contracts', status: 400, code: 'BAD_REQUEST' },
    { name: 'orders of every day', get: '/orders', status: 400, code: 'BAD_REQUEST' },
    {
      name: 'a channel beyond the enum',
      get: '/orders?ledgerDate=2025-12-22&orderChannel=10',
      status: 400,
      code: 'BAD_REQUEST',
    },
    {
      name: 'an unknown flow',
      get: '/orders?ledgerDate=2025-12-22&flow=SG',
      status: 400,
      code: 'BAD_REQUEST',
    },
    {
      name: 'an unknown currency',
      get: '/balances?currency=XXX',
      status: 400,
      code: 'BAD_REQUEST',
    },
  ])('$name is $status $code', async ({ get, status, code }) => {
    const answer = await api.get(get);
    expect(answer.json()).toMatchObject({
      code,
      status,
      type: `urn:daycut:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      instance: `/api/v1${get.split('?')[0] ?? ''}`,
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('the title is of the code, the detail of this occurrence', async () => {
    const [one, other] = await Promise.all(
      ['/commands/none', '/commands?limit=0'].map(async (path) =>
        (await api.get(path)).json<Problem>(),
      ),
    );
    expect(one).toMatchObject({
      title: 'There is no such thing.',
      detail: 'There is no such thing. (commandId: none)',
    });
    expect(other).toMatchObject({
      title: 'The request is malformed.',
      detail: 'The request is malformed. (/limit must be >= 1)',
    });
  });

  it('texts come in three languages', async () => {
    const { texts } = (await api.get('/commands/none')).json<{ texts: Record<string, string> }>();
    expect(texts).toEqual({
      en: 'There is no such thing.',
      'zh-Hans': '不存在。',
      'zh-Hant': '不存在。',
    });
  });

  it('malformed JSON is a bad request that says where', async () => {
    const answer = await api.post(START, undefined, {
      payload: '{"revision":',
      headers: JSON_TYPE,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('a prototype in a body is refused', async () => {
    const payload = '{"__proto__":{"polluted":1}}';
    const answer = await api.post(START, undefined, { payload, headers: JSON_TYPE });
    expect(answer.statusCode).toBe(400);
  });

  it('a body of more than a megabyte is 413', async () => {
    const payload = JSON.stringify({ reason: 'x'.repeat(1_100_000) });
    const answer = await api.post(START, undefined, { payload, headers: JSON_TYPE });
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('a body that is no JSON is 415', async () => {
    const headers = { ...JSON_TYPE, 'content-type': 'application/xml' };
    const answer = await api.post(START, undefined, { payload: '<a/>', headers });
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('an unknown error is a fixed text with a request id and nothing of the error', async () => {
    api.answer = new Error('password is hunter2');
    const answer = await api.post(START);
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'INTERNAL', details: {} });
    expect(answer.body).not.toContain('hunter2');
  });

  it.each([
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection'), { code: '57P01' }),
    new Error('Connection terminated unexpectedly'),
    new Error('Failed query', { cause: Object.assign(new Error('x'), { code: '08006' }) }),
  ])('a store that is away is 503, so that the caller tries again: %s', async (error) => {
    api.answer = error;
    const answer = await api.post(START);
    expect(answer.statusCode).toBe(httpStatusOf('STORE_UNAVAILABLE'));
    expect(answer.json()).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('what is open to anybody', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it('the front door leads to the documentation', async () => {
    const front = await api.app.inject('/');
    expect([front.statusCode, front.headers.location]).toEqual([302, '/api/docs']);
    expect((await api.app.inject('/api/docs')).statusCode).toBe(200);
    expect((await api.app.inject('/api/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
  });

  it('health is 200 only when all of them answer', async () => {
    const health = async () => api.app.inject('/api/v1/health');
    expect((await health()).json()).toEqual({
      status: 'unavailable',
      postgres: true,
      temporal: true,
      workers: { control: false, batch: false },
    });
    await api.db.$client.query(`INSERT INTO worker_heartbeats (worker_id, role, started_at, beat_at)
      VALUES ('a', 'control', now(), now()), ('b', 'batch', now(), now())`);
    expect([(await health()).statusCode, (await health()).json()]).toMatchObject([
      200,
      { status: 'ok', workers: { control: true, batch: true } },
    ]);
    api.isTemporalUp = false;
    expect((await health()).statusCode).toBe(503);
    api.isTemporalUp = true;
    await api.db.$client.query(
      `UPDATE worker_heartbeats SET beat_at = now() - interval '7 seconds' WHERE role = 'batch'`,
    );
    expect([(await health()).statusCode, (await health()).json()]).toMatchObject([
      503,
      { workers: { control: true, batch: false } },
    ]);
  });

  it('health does not wait for a store that does not answer', async () => {
    const held = await Promise.all([1, 2, 3, 4].map(() => api.db.$client.connect()));
    const asked = await Promise.all([1, 2].map(() => api.app.inject('/api/v1/health')));
    expect(asked.map(({ statusCode }) => statusCode)).toEqual([503, 503]);
    expect(asked[0]?.json()).toMatchObject({ status: 'unavailable', postgres: false });
    // Those who ask do not queue up: one question waits for all of them.
    expect(api.db.$client.waitingCount).toBe(1);
    for (const client of held) client.release();
    expect((await api.app.inject('/api/v1/health')).json()).toMatchObject({ postgres: true });
  });
});
