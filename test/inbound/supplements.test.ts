import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  clear,
  CLOSED_ACCOUNT,
  count,
  flowOf,
  MON_2025_12_22,
  ok,
  place,
  send,
  startApi,
  TENCENT,
  type ApiUnderTest,
} from './support.ts';

const FRI_2025_12_19 = '2025-12-19';
/** Five trading days before Monday the 22nd. */
const MON_2025_12_15 = '2025-12-15';
const FRI_2025_12_12 = '2025-12-12';
const SAT_2025_12_20 = '2025-12-20';
const TUE_2025_12_23 = '2025-12-23';
const CHRISTMAS = '2025-12-25';
const SAT_2025_12_27 = '2025-12-27';

const FRESH = {
  mode: 'IDLE',
  steps: { sync: 'NOT_STARTED', preCheck: 'NOT_STARTED', billing: 'NOT_STARTED' },
} as const;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.db.$client.query('TRUNCATE supplements, supplement_executions, request_answers');
  await place(api.db, FRESH);
});
afterAll(() => api.close());

const supplement = (more: Record<string, unknown> = {}) => ({
  ledgerDate: MON_2025_12_22,
  accountNo: ACCOUNT,
  instrumentId: TENCENT,
  side: 'BUY',
  settlementChannel: 'CCASS',
  tradeDate: MON_2025_12_22,
  executions: [{ serial: 'X1', quantity: '100', price: '613.5' }],
  ...more,
});

const enter = (more: Record<string, unknown> = {}, key: string = randomUUID()) =>
  api.post('/supplements', supplement(more), { headers: { 'idempotency-key': key } });

const remove = async (supplementId: number) =>
  api.app.inject({
    method: 'DELETE',
    url: `/api/v1/supplements/${supplementId}`,
    headers: await api.as('operator'),
  });

interface Entered {
  readonly supplementId: number;
  readonly orderId: string;
}

describe('a supplement', () => {
  it('is stored with its executions, by the back office channel unless said', async () => {
    const executions = [
      { serial: 'X1', quantity: '100', price: '613.5' },
      { quantity: '200', price: '613.6' },
    ];
    const entered = await ok<Entered>(enter({ executions }));
    expect(entered).toMatchObject({
      orderId: `SUP-${entered.supplementId}`,
      flow: 'HK',
      market: 'HK',
      orderChannel: 1,
      executions: [executions[0], { serial: null, quantity: '200', price: '613.6' }],
      enteredBy: 'operator',
      voidedAt: null,
    });
    const listed = await ok<{ items: Entered[] }>(api.get('/supplements?flow=HK'));
    expect(listed.items).toEqual([entered]);
  });

  it('joins the clearing of its flow at sync', async () => {
    const entered = await ok<Entered>(enter({ stage: 'GREY' }));
    expect(entered).toMatchObject({ stage: 'GREY' });
    await clear(api.db, 'sync');
    const joined = `order_id = '${entered.orderId}' AND source = 'BACK_OFFICE' AND stage = 'GREY'`;
    expect(await count(api.db, 'orders', joined)).toBe(1);
    await place(api.db, FRESH);
  });

  it('is entered once under one key', async () => {
    const first = await ok(enter({}, 'supplement-one'));
    expect(await ok(enter({}, 'supplement-one'))).toEqual(first);
    expect(await count(api.db, 'supplements')).toBe(1);
    const other = await enter({ side: 'SELL' }, 'supplement-one');
    expect(other.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('says of a repetition that it is one, and gives it to nobody else', async () => {
    const key = randomUUID();
    expect((await enter({}, key)).headers['idempotency-replayed']).toBeUndefined();
    expect((await enter({}, key)).headers['idempotency-replayed']).toBe('true');
    const headers = { 'idempotency-key': key, ...(await api.as('operator2')) };
    const other = await api.post('/supplements', supplement(), { headers });
    expect(other.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('of a double click is entered once', async () => {
    await Promise.all([1, 2, 3].map(() => ok(enter({}, 'double-click'))));
    expect(await count(api.db, 'supplements')).toBe(1);
  });

  it('for a closed account is refused, and nothing is written (L48)', async () => {
    const before = await flowOf(api.db);
    const answer = await enter({ accountNo: CLOSED_ACCOUNT });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'ACCOUNT_CLOSED' });
    expect(await count(api.db, 'supplements')).toBe(0);
    expect(await flowOf(api.db)).toEqual(before);
  });

  it('knows accounts that the front office sent and no sync has brought yet', async () => {
    await ok(
      send(api, 'accounts', {
        accountNo: '40000001',
        version: 1,
        kind: 'CASH',
        status: 'ACTIVE',
        openedOn: '2025-12-22',
      }),
    );
    await ok(enter({ accountNo: '40000001' }));
  });

  it.each([
    [MON_2025_12_15, 200, undefined],
    [FRI_2025_12_19, 200, undefined],
    [FRI_2025_12_12, 422, 'TRADE_DATE_TOO_OLD'],
    [SAT_2025_12_20, 422, 'TRADE_DATE_CLOSED'],
    [TUE_2025_12_23, 400, 'FUTURE_TRADE_DATE'],
  ])('of %s is answered %i %s (L49)', async (tradeDate, status, code) => {
    const answer = await enter({ tradeDate });
    expect(answer.statusCode).toBe(status);
    if (code !== undefined) expect(answer.json()).toMatchObject({ code });
    else expect(answer.json()).toMatchObject({ tradeDate, ledgerDate: MON_2025_12_22 });
  });

  it('counts five trading days from the trade date of its own market', async () => {
    const us = { instrumentId: 'ST/US/AAPL', settlementChannel: 'IB' };
    // Ledger date Monday clears New York's Friday; five sessions before it lies Friday the 12th.
    await ok(enter({ ...us, tradeDate: FRI_2025_12_12 }));
    const older = await enter({ ...us, tradeDate: '2025-12-11' });
    expect(older.json()).toMatchObject({ code: 'TRADE_DATE_TOO_OLD' });
    // Monday's session there belongs to Tuesday's ledger date.
    const newer = await enter({ ...us, tradeDate: MON_2025_12_22 });
    expect(newer.json()).toMatchObject({ code: 'FUTURE_TRADE_DATE' });
  });

  it('may settle cash and securities on days of its own, not before the trade', async () => {
    const dates = { cashSettlementDate: '2025-12-30', securitiesSettlementDate: MON_2025_12_22 };
    expect(await ok(enter(dates))).toMatchObject(dates);
    const early = await enter({ cashSettlementDate: FRI_2025_12_19 });
    expect(early.json()).toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it.each([
    ['cashSettlementDate', SAT_2025_12_27, 400, 'OUT_OF_RANGE'],
    ['cashSettlementDate', CHRISTMAS, 400, 'OUT_OF_RANGE'],
    ['cashSettlementDate', '9999-12-31', 422, 'CALENDAR_MISSING'],
    ['securitiesSettlementDate', SAT_2025_12_27, 400, 'OUT_OF_RANGE'],
    ['securitiesSettlementDate', CHRISTMAS, 400, 'OUT_OF_RANGE'],
    ['securitiesSettlementDate', '9999-12-31', 422, 'CALENDAR_MISSING'],
  ])('with %s %s, on which nothing settles, is %i %s', async (field, day, status, code) => {
    const answer = await enter({ [field]: day });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, details: { errors: [{ row: 0, field, code }] } });
    expect(await count(api.db, 'supplements')).toBe(0);
  });

  it('names both settlement dates when both are wrong', async () => {
    const answer = await enter({
      cashSettlementDate: SAT_2025_12_27,
      securitiesSettlementDate: '9999-12-31',
    });
    expect(answer.json()).toMatchObject({
      code: 'ROWS_REFUSED',
      details: {
        errors: [
          { field: 'cashSettlementDate', code: 'OUT_OF_RANGE' },
          { field: 'securitiesSettlementDate', code: 'CALENDAR_MISSING' },
        ],
      },
    });
  });

  it.each([
    [{ accountNo: 'nobody' }, 'UNKNOWN_ACCOUNT'],
    [{ instrumentId: 'ST/HK/99997' }, 'UNKNOWN_INSTRUMENT'],
    [{ settlementChannel: 'IB' }, 'UNKNOWN_SETTLEMENT_CHANNEL'],
    [{ side: 'HOLD' }, 'NOT_IN_ENUM'],
    [{ orderChannel: 10 }, 'OUT_OF_RANGE'],
    [{ stage: 'DARK' }, 'NOT_IN_ENUM'],
    [{ stage: 'GREY', instrumentId: 'ST/US/AAPL', settlementChannel: 'IB' }, 'NOT_IN_ENUM'],
    [{ executions: [] }, 'VALUE_MISSING'],
    [{ executions: undefined }, 'VALUE_MISSING'],
    [{ executions: 'all' }, 'BAD_REQUEST'],
    [{ executions: {} }, 'BAD_REQUEST'],
    [{ executions: ['all'] }, 'BAD_REQUEST'],
    [{ executions: [[]] }, 'BAD_REQUEST'],
    [{ executions: [{ quantity: '-1', price: '1' }] }, 'NOT_POSITIVE'],
    [{ executions: [{ quantity: '1', price: 1.5 }] }, 'NOT_A_DECIMAL'],
    [
      {
        executions: [
          { serial: 'A', quantity: '1', price: '1' },
          { serial: 'A', quantity: '2', price: '1' },
        ],
      },
      'DUPLICATE_SERIAL',
    ],
  ])('with %j is refused with %s', async (more, code) => {
    const answer = await enter(more);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code });
    expect(await count(api.db, 'supplements')).toBe(0);
  });

  it.each(['2025-12-19', '2025-12-23', '2031-01-01'])(
    'for ledger date %s is refused: only the open one takes any',
    async (ledgerDate) => {
      const answer = await enter({ ledgerDate });
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({ code: 'LEDGER_DATE_NOT_CURRENT' });
    },
  );
});

describe('the window', () => {
  it('makes sync and pre-check repeat, and screens stale', async () => {
    const done = { sync: 'SUCCEEDED', preCheck: 'SUCCEEDED' } as const;
    await place(api.db, { mode: 'PAUSED', steps: done });
    const before = await flowOf(api.db);
    await ok(enter());
    const after = await flowOf(api.db);
    expect(after.steps).toMatchObject({ sync: 'INVALIDATED', preCheck: 'INVALIDATED' });
    expect(after.revision).toBe(before.revision + 1);
  });

  it('is closed once billing succeeded (L45)', async () => {
    await place(api.db, { mode: 'PAUSED', steps: { billing: 'SUCCEEDED' } });
    const answer = await enter();
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'SUPPLEMENT_WINDOW_CLOSED' });
    expect(await count(api.db, 'supplements')).toBe(0);
  });

  it('is open again when billing was revoked, and when it failed', async () => {
    await place(api.db, { steps: { billing: 'INVALIDATED' } });
    await ok(enter());
    await place(api.db, { mode: 'PAUSED_ON_ERROR', steps: { billing: 'FAILED' } });
    await ok(enter());
  });

  it('stays closed when the trades were frozen by a revoke', async () => {
    await place(api.db, { steps: { billing: 'INVALIDATED' }, frozen: true });
    expect((await enter()).json()).toMatchObject({ code: 'SUPPLEMENT_WINDOW_CLOSED' });
  });

  it.each(['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING'])(
    'is shut while the flow is %s',
    async (mode) => {
      await place(api.db, { mode });
      const answer = await enter();
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({
        code: 'STEP_IN_PROGRESS',
        details: { hint: 'pause first' },
      });
    },
  );
});

describe('voiding', () => {
  it('takes a supplement back; again changes nothing', async () => {
    const { supplementId } = await ok<Entered>(enter());
    const first = await remove(supplementId);
    expect(first.json()).toMatchObject({ supplementId, voidedBy: 'operator' });
    const revision = (await flowOf(api.db)).revision;
    expect((await remove(supplementId)).json()).toEqual(first.json());
    expect((await flowOf(api.db)).revision).toBe(revision);
    await clear(api.db, 'sync');
    const joined = `order_id = 'SUP-${supplementId}'`;
    expect(await count(api.db, 'orders', joined)).toBe(0);
  });

  it('has the same window', async () => {
    const { supplementId } = await ok<Entered>(enter());
    await place(api.db, { mode: 'PAUSED', steps: { billing: 'SUCCEEDED' } });
    expect((await remove(supplementId)).json()).toMatchObject({ code: 'SUPPLEMENT_WINDOW_CLOSED' });
    await place(api.db, { mode: 'AUTO_RUNNING', steps: { billing: 'NOT_STARTED' } });
    expect((await remove(supplementId)).json()).toMatchObject({ code: 'STEP_IN_PROGRESS' });
    expect(await count(api.db, 'supplements', 'voided_at IS NULL')).toBe(1);
  });

  it('of what never was is 404', async () => {
    expect((await remove(987_654)).statusCode).toBe(404);
  });

  it('needs the permission', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v1/supplements',
      headers: { ...(await api.as('viewer')), 'idempotency-key': 'not-allowed' },
      payload: supplement(),
    });
    expect(answer.statusCode).toBe(403);
    expect((await api.get('/supplements', 'viewer')).statusCode).toBe(200);
  });
});
