import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const HK = `/ledger-dates/${MON_2025_12_22}/flows/HK`;

describe('commands of a flow', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  beforeEach(() => {
    api.submitted.length = 0;
    api.answer = { kind: 'applied', repeated: false };
  });
  afterAll(() => api.close());

  it.each([
    { path: `${HK}/readiness`, kind: 'readiness', payload: {} },
    { path: `${HK}/start`, kind: 'start', payload: {} },
    { path: `${HK}/pause`, kind: 'pause', payload: { reason: 'lunch' } },
    { path: `${HK}/steps/billing/run`, kind: 'runStep', payload: { step: 'billing' } },
  ])('$kind reaches the port with who asked and what was seen', async (asked) => {
    const body: Record<string, unknown> = { ...asked.payload, revision: 1 };
    // The step stands in the path.
    delete body['step'];
    const answer = await api.post(asked.path, body, {
      headers: { 'idempotency-key': `${asked.kind}-command` },
    });
    expect(answer.json()).toMatchObject({
      commandId: `${asked.kind}-command`,
      status: 'APPLIED',
      flow: { ledgerDate: MON_2025_12_22, flow: 'HK', mode: 'IDLE', revision: 1 },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['idempotency-replayed']).toBeUndefined();
    expect(api.submitted).toEqual([
      {
        commandId: `${asked.kind}-command`,
        kind: asked.kind,
        ledgerDate: MON_2025_12_22,
        flow: 'HK',
        person: 'operator',
        origin: {
          person: 'operator',
          account: 'operator',
          permission: expect.any(String) as string,
          requestId: answer.headers['x-request-id'],
        },
        revision: 1,
        payload: asked.payload,
      },
    ]);
  });

  it('the day cut speaks to the ledger date with its confirm token', async () => {
    const path = `/ledger-dates/${MON_2025_12_22}/day-cut`;
    const { confirmToken } = (await api.get(path)).json<{ confirmToken: string }>();
    const answer = await api.post(path, { confirmToken });
    expect(answer.json()).toMatchObject({ status: 'APPLIED', flow: { flow: 'day-end' } });
    expect(api.submitted).toMatchObject([
      { kind: 'dayCut', flow: 'day-end', payload: { confirmToken } },
    ]);
  });

  it('needs no body, whatever its content type says', async () => {
    expect((await api.post(`${HK}/start`)).statusCode).toBe(200);
    const empty = await api.post(`${HK}/start`, undefined, {
      payload: '',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'no-body-1' },
    });
    expect(empty.statusCode).toBe(200);
    expect(api.submitted).toMatchObject([{ payload: {} }, { payload: {} }]);
    expect(api.submitted.every((request) => !('revision' in request))).toBe(true);
  });

  it('an outcome that is not known yet is 202 with the address of the command', async () => {
    api.answer = { kind: 'undecided' };
    const answer = await api.post(
      `${HK}/start`,
      {},
      { headers: { 'idempotency-key': 'k-202-k202' } },
    );
    expect(answer.statusCode).toBe(202);
    expect(answer.headers.location).toBe('/api/v1/commands/k-202-k202');
    expect(answer.json()).toMatchObject({ commandId: 'k-202-k202', status: 'RECORDED' });
  });

  it('a refusal is a problem with the state that refused it', async () => {
    api.answer = {
      kind: 'refused',
      repeated: false,
      code: 'ALREADY_RUNNING',
      details: { startedBy: 'operator2' },
    };
    const answer = await api.post(
      `${HK}/start`,
      {},
      { headers: { 'idempotency-key': 'refused-1' } },
    );
    expect(answer.statusCode).toBe(409);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'ALREADY_RUNNING',
      status: 409,
      instance: `/api/v1${HK}/start`,
      details: {
        startedBy: 'operator2',
        commandId: 'refused-1',
        state: { flow: 'HK', mode: 'IDLE' },
      },
    });
  });

  it.each([
    { name: 'applied', answer: { kind: 'applied', repeated: true } as const, status: 200 },
    {
      name: 'refused',
      answer: { kind: 'refused', repeated: true, code: 'CUTOFF_NOT_REACHED', details: {} } as const,
      status: 422,
    },
  ])('a repetition of an $name command says that it is one', async ({ answer, status }) => {
    api.answer = answer;
    const reply = await api.post(`${HK}/start`);
    expect(reply.statusCode).toBe(status);
    expect(reply.headers['idempotency-replayed']).toBe('true');
  });

  it('a key of another request is a conflict', async () => {
    api.answer = new ClearingError('IDEMPOTENCY_KEY_REUSED', { idempotencyKey: 'k' });
    const reply = await api.post(`${HK}/start`);
    expect(reply.statusCode).toBe(409);
    expect(reply.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it.each([
    { name: 'is missing', headers: {} },
    { name: 'is too short', headers: { 'idempotency-key': 'short' } },
    { name: 'has a space', headers: { 'idempotency-key': 'with a space' } },
  ])('an Idempotency-Key that $name is refused by name', async ({ headers }) => {
    const reply = await api.post(`${HK}/start`, {}, { headers });
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({
      code: 'BAD_REQUEST',
      details: { errors: [{ in: 'headers', field: '/idempotency-key' }] },
    });
    expect(api.submitted).toEqual([]);
  });

  it.each([
    { name: 'an unknown date', path: '/ledger-dates/2031-01-02/flows/HK/start', body: {} },
    { name: 'an unknown flow', path: `/ledger-dates/${MON_2025_12_22}/flows/SG/start`, body: {} },
  ])('$name is not found', async ({ path, body }) => {
    api.answer = new ClearingError('NOT_FOUND', {});
    expect((await api.post(path, body)).statusCode).toBe(404);
  });

  it.each([
    {
      name: 'a date that no calendar has',
      path: '/ledger-dates/2025-02-30/flows/HK/start',
      at: '/ledgerDate',
    },
    {
      name: 'a flow with a quote',
      path: `/ledger-dates/${MON_2025_12_22}/flows/H'K/start`,
      at: '/flow',
    },
  ])('$name is a bad request', async ({ path, at }) => {
    const reply = await api.post(path, {});
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ details: { errors: [{ in: 'params', field: at }] } });
  });

  it('every wrong field of a revoke is named at once', async () => {
    const reply = await api.post(`${HK}/revoke`, {
      assetRollback: 'MAYBE',
      revision: '7',
      suplements: 'NO_OP',
    });
    const { details } = reply.json<{ details: { errors: { field: string }[] } }>();
    expect(reply.statusCode).toBe(400);
    expect(details.errors.map(({ field }) => field).sort()).toEqual(
      ['/assetRollback', '/reason', '/revision', '/supplements', '/suplements'].sort(),
    );
    expect(api.submitted).toEqual([]);
  });
});
