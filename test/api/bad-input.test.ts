import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../api/plugins/problems.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const HK = `/ledger-dates/${MON_2025_12_22}/flows/HK`;
const DAY = `ledgerDate=${MON_2025_12_22}`;
/** Half a pair of UTF-16, which JSON can say and UTF-8 cannot. */
const HALF = '\ud800';

interface FieldError {
  readonly field: string;
}

describe('values that no store can hold', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const fieldsOf = (problem: Problem): string[] =>
    (problem.details['errors'] as readonly FieldError[]).map(({ field }) => field);

  it.each([
    [`/balances?accountNo=%00`, '/accountNo'],
    [`/balances?currency=a%00`, '/currency'],
    [`/positions?instrumentId=%00`, '/instrumentId'],
    [`/accounts?accountNo=%00`, '/accountNo'],
    [`/instruments?market=%00`, '/market'],
    [`/instruments?instrumentId=%00`, '/instrumentId'],
    [`/orders?${DAY}&orderId=%00`, '/orderId'],
    [`/orders?${DAY}&flow=%00`, '/flow'],
    [`/trade-exceptions?${DAY}&orderId=%00`, '/orderId'],
    [`/contracts?orderId=%00`, '/orderId'],
    [`/journals?accountNo=%00`, '/accountNo'],
    [`/checks?${DAY}&taskCode=%00`, '/taskCode'],
    [`/commands?person=%00`, '/person'],
    [`/commands/a%00b`, '/commandId'],
    [`/trade-files?market=%00`, '/market'],
    [`/trade-files?settlementChannel=%00`, '/settlementChannel'],
    [`/supplements?accountNo=%00`, '/accountNo'],
    [`/orders/a%00/channel-edits?${DAY}`, '/orderId'],
    [`/ledger-dates/0000-01-01`, '/ledgerDate'],
    [`/ledger-dates/0000-01-01/flows/HK`, '/ledgerDate'],
    [`/balances?asOf=0000-12-31`, '/asOf'],
    [`/trial-balance?asOf=0000-12-31`, '/asOf'],
  ])('GET %s is a bad request that names %s', async (path, field) => {
    const answer = await api.get(path);
    const problem = answer.json<Problem>();
    expect([answer.statusCode, problem.code]).toEqual([400, 'BAD_REQUEST']);
    expect(fieldsOf(problem)).toEqual([field]);
  });

  it.each([
    [`${HK}/start`, { reason: 'a\u0000' }, '/reason'],
    [`${HK}/start`, { reason: HALF }, '/reason'],
    [`${HK}/steps/sy%00nc/run`, {}, '/step'],
    [`${HK}/revoke`, { assetRollback: 'UNDO', supplements: 'NO_OP', reason: 'a\u0000' }, '/reason'],
    ['/tickets', { key: 'a', target: {}, payload: {}, reason: 'a\u0007' }, '/reason'],
    ['/tickets/a/approve', { reason: HALF }, '/reason'],
    [`/ledger-dates/${MON_2025_12_22}/day-cut`, { confirmToken: HALF }, '/confirmToken'],
    [`/orders/a%00/channel`, { ledgerDate: MON_2025_12_22, manualOpEntrustWay: 1 }, '/orderId'],
    [`/orders/a/channel`, { ledgerDate: '0000-01-01', manualOpEntrustWay: 1 }, '/ledgerDate'],
  ])('POST %s %j is a bad request that names %s', async (path, body, field) => {
    const answer = await api.post(path, body);
    const problem = answer.json<Problem>();
    expect([answer.statusCode, problem.code]).toEqual([400, 'BAD_REQUEST']);
    expect(fieldsOf(problem)).toEqual([field]);
    expect(api.submitted).toEqual([]);
  });

  it('a reason may be in any language, of several lines', async () => {
    const reason = '文件有误 𠮷\n\tsee the mail';
    expect((await api.post(`${HK}/start`, { reason })).statusCode).toBe(200);
    expect(api.submitted.splice(0)).toMatchObject([{ payload: { reason } }]);
  });

  it('a cursor that holds a day of year 0 is none of ours', async () => {
    const cursor = Buffer.from('["ledger-dates","0000-01-01"]').toString('base64url');
    const answer = await api.get(`/ledger-dates?cursor=${cursor}`);
    expect([answer.statusCode, fieldsOf(answer.json())]).toEqual([400, ['/cursor']]);
  });

  const row = {
    accountNo: '40000001',
    version: 1,
    kind: 'CASH',
    status: 'ACTIVE',
    openedOn: MON_2025_12_22,
  };
  const instrument = {
    instrumentId: 'ST/HK/99901',
    version: 1,
    type: 'EQUITY',
    name: 'N',
    currency: 'HKD',
    lotSize: 100,
  };
  it.each([
    ['accounts', { ...row, accountNo: 'a\u0000' }, 'accountNo'],
    ['accounts', { ...row, openedOn: '0000-01-01' }, 'openedOn'],
    ['accounts', { ...row, recordedAt: '0001-01-01T00:00:00+01:00' }, 'recordedAt'],
    ['accounts', { ...row, recordedAt: '9999-12-31T23:59:59-01:00' }, 'recordedAt'],
    ['instruments', { ...instrument, name: HALF }, 'name'],
    ['instruments', { ...instrument, name: 'a\u0000' }, 'name'],
  ])('of %s the row %j is refused by its field %s', async (kind, sent, field) => {
    const answer = await api.post(`/front-office/${kind}`, sent);
    expect(answer.statusCode).toBe(400);
    expect(fieldsOf(answer.json())).toEqual([field]);
  });

  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const deep = async (path: string, payload: string) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'deeply-nested' };
    return api.post(path, undefined, { payload, headers });
  };
  it.each([
    ['/front-office/orders', `{"items":[{"orderId":${nested}}]}`],
    ['/front-office/orders', `{"what":${nested}}`],
    ['/front-office/orders', `{"items":${nested}}`],
    ['/front-office/accounts', nested],
    ['/supplements', `{"executions":${nested}}`],
    ['/supplements', `{"executions":[{"price":${nested}}]}`],
    ['/supplements', nested],
    [`${HK}/start`, `{"reason":${nested}}`],
    [`${HK}/start`, nested],
    ['/orders/a/channel', `{"ledgerDate":${nested}}`],
  ])('a body nested deeper than any stack is 400 at %s', async (path, payload) => {
    expect((await deep(path, payload)).statusCode).toBe(400);
  });

  it.each(['22021', '22P05', '22P02', '22007', '22008'])(
    'what a schema lets through and PostgreSQL refuses as %s is 400',
    async (code) => {
      api.answer = new Error('Failed query', { cause: Object.assign(new Error('x'), { code }) });
      const answer = await api.post(`${HK}/start`);
      expect([answer.statusCode, answer.json<Problem>().code]).toEqual([400, 'BAD_REQUEST']);
    },
  );
});

describe('requests that reach no route', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
    await api.app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => api.close());

  /** What the server answers to bytes, whatever they are. */
  const sendRaw = async (bytes: string) => {
    const socket = connect((api.app.server.address() as AddressInfo).port, '127.0.0.1');
    // The server resets a connection on which more arrives than it wants to read.
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (piece) => (text += piece.toString()));
    socket.write(bytes);
    await once(socket, 'close');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    return { head: head.toLowerCase(), problem: JSON.parse(body) as Problem };
  };

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a length that is none', 'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n', 400, 'BAD_REQUEST'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
  ])('%s is a problem as well', async (_name, bytes, status, code) => {
    const { head, problem } = await sendRaw(bytes);
    expect(head).toMatch(new RegExp(`^http/1\\.1 ${status} `));
    expect(head).toContain('content-type: application/problem+json');
    expect(head).toContain(`x-request-id: ${problem.requestId}`);
    expect(problem).toMatchObject({ status, code });
  });

  it.each([
    ['an escape that is none', '/api/v1/commands/%zz'],
    ['a parameter of more than 256 characters', `/api/v1/commands/${'x'.repeat(257)}`],
  ])('%s is a problem as well', async (_name, url) => {
    const answer = await api.app.inject({ url });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'BAD_REQUEST',
      instance: url,
      requestId: answer.headers['x-request-id'],
    });
  });

  it.each([
    ['DELETE', '/api/v1/commands/none', 'GET'],
    ['GET', `/api/v1${HK}/start`, 'POST'],
    ['PUT', '/api/v1/supplements/', 'POST, GET'],
  ] as const)('%s %s is 405 and allows %s', async (method, url, allow) => {
    const answer = await api.app.inject({ method, url });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow]);
    expect(answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });
});
