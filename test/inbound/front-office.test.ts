import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  count,
  execution,
  MORNING,
  ok,
  order,
  send,
  startApi,
  type ApiUnderTest,
} from './support.ts';

const TUE_2025_12_23 = '2025-12-23';
/** The API's clock shows 18:00 in Hong Kong and 05:00 in New York on Monday. */

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.db.$client.query('TRUNCATE front_office.orders, front_office.executions');
});
afterAll(() => api.close());

const errorsOf = (answer: { json(): unknown }) =>
  (answer.json() as { details: { errors: { row: number; field: string; code: string }[] } }).details
    .errors;

describe('the fields of an order', () => {
  it.each([
    ['accountNo', 'nobody', 'UNKNOWN_ACCOUNT'],
    ['accountNo', '', 'VALUE_MISSING'],
    ['instrumentId', 'TENCENT', 'UNKNOWN_INSTRUMENT'],
    ['instrumentId', 'ST/XX/700', 'UNKNOWN_MARKET'],
    ['side', 'HOLD', 'NOT_IN_ENUM'],
    ['orderChannel', 10, 'OUT_OF_RANGE'],
    ['orderChannel', -1, 'OUT_OF_RANGE'],
    ['orderChannel', 'APP', 'OUT_OF_RANGE'],
    ['settlementChannel', 'IB', 'UNKNOWN_SETTLEMENT_CHANNEL'],
    ['quantity', '-1', 'NOT_POSITIVE'],
    ['quantity', '0', 'NOT_POSITIVE'],
    ['quantity', '0.00', 'NOT_POSITIVE'],
    ['quantity', '1e3', 'NOT_A_DECIMAL'],
    ['quantity', '1,000', 'NOT_A_DECIMAL'],
    ['quantity', ' 1', 'NOT_A_DECIMAL'],
    ['quantity', '+1', 'NOT_A_DECIMAL'],
    ['quantity', '.5', 'NOT_A_DECIMAL'],
    ['quantity', 'NaN', 'NOT_A_DECIMAL'],
    ['quantity', 1.5, 'NOT_A_DECIMAL'],
    ['quantity', '1.12345678901', 'OUT_OF_RANGE'],
    ['quantity', '1234567890123456789', 'OUT_OF_RANGE'],
    ['quantity', ['1'], 'BAD_REQUEST'],
    ['version', 0, 'OUT_OF_RANGE'],
    ['version', 1.5, 'NOT_A_DECIMAL'],
    ['cancelled', 'yes', 'NOT_IN_ENUM'],
    ['recordedAt', '2025-12-22 10:00:00', 'NOT_AN_INSTANT'],
    ['recordedAt', '2025-02-30T10:00:00Z', 'NOT_AN_INSTANT'],
    ['recordedAt', '2025-12-22T10:00:00', 'NOT_AN_INSTANT'],
    ['orderId', 'SUP-1', 'ID_RESERVED'],
    ['orderId', 'two words', 'OUT_OF_RANGE'],
    ['orderId', 'x'.repeat(65), 'OUT_OF_RANGE'],
    ['quantitty', '5', 'BAD_REQUEST'],
    ['stage', 'DARK', 'NOT_IN_ENUM'],
    ['emsOrderNo', 'two words', 'OUT_OF_RANGE'],
  ])('%s = %j is refused with %s', async (field, value, code) => {
    const answer = await send(api, 'orders', order('O1', { [field]: value }));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code });
    expect(errorsOf(answer)).toMatchObject([{ row: 1, field, code }]);
    expect(await count(api.db, 'front_office.orders')).toBe(0);
  });

  it('of another market than Hong Kong cannot be one of the grey market', async () => {
    const us = { instrumentId: 'ST/US/AAPL', settlementChannel: 'IB', stage: 'GREY' };
    const answer = await send(api, 'orders', order('O1', us));
    expect(errorsOf(answer)).toMatchObject([{ row: 1, field: 'stage', code: 'NOT_IN_ENUM' }]);
    expect(await count(api.db, 'front_office.orders')).toBe(0);
  });

  it('keep the stage and the EMS order; another stage is other content', async () => {
    const grey = { stage: 'GREY', emsOrderNo: 'EMS-7' };
    expect(await ok(send(api, 'orders', order('O1', grey)))).toMatchObject({ added: 1 });
    expect(await ok(send(api, 'orders', order('O1', grey)))).toMatchObject({ unchanged: 1 });
    const other = await send(api, 'orders', order('O1', { emsOrderNo: 'EMS-7' }));
    expect(errorsOf(other)).toMatchObject([{ code: 'DUPLICATE_ID_OTHER_CONTENT' }]);
    const stored = `stage = 'GREY' AND ems_order_no = 'EMS-7'`;
    expect(await count(api.db, 'front_office.orders', stored)).toBe(1);
  });

  it('may name an instrument that nobody knows yet', async () => {
    const unknown = order('O1', { instrumentId: 'ST/HK/99999' });
    expect(await ok(send(api, 'orders', unknown))).toMatchObject({ added: 1 });
  });

  it('names every wrong field of every row, and nothing is written', async () => {
    const items = [
      order('O1'),
      order('O2', { side: 'X', quantity: '-5' }),
      order('O3'),
      order('O4', { accountNo: 'nobody' }),
    ];
    const answer = await send(api, 'orders', { items });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'ROWS_REFUSED' });
    expect(errorsOf(answer).map(({ row, field, code }) => [row, field, code])).toEqual([
      [2, 'side', 'NOT_IN_ENUM'],
      [2, 'quantity', 'NOT_POSITIVE'],
      [4, 'accountNo', 'UNKNOWN_ACCOUNT'],
    ]);
    expect(await count(api.db, 'front_office.orders')).toBe(0);
  });

  it.each([[[]], ['text'], [{ items: [] }], [{ items: ['x'] }], [{ items: {} }]])(
    'a body like %j is no request',
    async (body) => {
      const answer = await api.post('/front-office/orders', undefined, {
        payload: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.statusCode).toBe(400);
    },
  );
});

describe('executions', () => {
  beforeEach(async () => {
    await ok(
      send(api, 'orders', {
        items: [order('O1'), order('U1', { instrumentId: 'ST/US/AAPL', settlementChannel: 'IB' })],
      }),
    );
  });

  it('belong to an order that is known, and take its market', async () => {
    const items = [execution('E1', 'O1'), execution('E2', 'U1', { tradeDate: '2025-12-19' })];
    expect(await ok(send(api, 'executions', { items }))).toMatchObject({ added: 2 });
    const { rows } = await api.db.$client.query(
      'SELECT execution_id, market FROM front_office.executions ORDER BY 1',
    );
    expect(rows).toEqual([
      { execution_id: 'E1', market: 'HK' },
      { execution_id: 'E2', market: 'US' },
    ]);
    const orphan = await send(api, 'executions', execution('E3', 'O9'));
    expect(orphan.json()).toMatchObject({ code: 'UNKNOWN_ORDER' });
  });

  it.each([
    ['executionId', 'SUP-1-1', 'ID_RESERVED'],
    ['price', '-613.5', 'NOT_POSITIVE'],
    ['tradeDate', '2025-02-30', 'NOT_A_CALENDAR_DAY'],
    ['tradeDate', '20251222', 'NOT_A_CALENDAR_DAY'],
    ['tradeDate', TUE_2025_12_23, 'FUTURE_TRADE_DATE'],
    ['executedAt', '', 'VALUE_MISSING'],
  ])('%s = %j is refused with %s', async (field, value, code) => {
    const answer = await send(api, 'executions', execution('E1', 'O1', { [field]: value }));
    expect(answer.statusCode).toBe(400);
    expect(errorsOf(answer)).toMatchObject([{ row: 1, field, code }]);
  });

  it('of a day that New York has not reached are refused, though Hong Kong has', async () => {
    const night = { now: new Date('2025-12-22T22:00:00Z') };
    // 06:00 on Tuesday in Hong Kong, 17:00 on Monday in New York.
    const { loadFrontOfficeFacts } = await import('../../db/front-office.repository.ts');
    const facts = await loadFrontOfficeFacts(api.db, night.now);
    expect(facts.markets.get('HK')?.today).toBe(TUE_2025_12_23);
    expect(facts.markets.get('US')?.today).toBe('2025-12-22');
  });

  it('of a later ledger date than the open one just wait', async () => {
    const tonight = execution('E1', 'U1', { tradeDate: '2025-12-22' });
    expect(await ok(send(api, 'executions', tonight))).toMatchObject({ added: 1 });
  });

  it('change their content only with a higher version', async () => {
    await ok(send(api, 'executions', execution('E1', 'O1')));
    const other = await send(api, 'executions', execution('E1', 'O1', { price: '613.6' }));
    expect(other.statusCode).toBe(409);
    const corrected = execution('E1', 'O1', { version: 2, price: '613.6' });
    expect(await ok(send(api, 'executions', corrected))).toMatchObject({ replaced: 1 });
  });
});

describe('master data', () => {
  const account = {
    accountNo: '30000001',
    version: 1,
    kind: 'CASH',
    status: 'ACTIVE',
    openedOn: '2025-12-01',
  };

  it('keeps every version of an account, and the newest is in force', async () => {
    expect(await ok(send(api, 'accounts', account))).toMatchObject({ added: 1 });
    expect(await ok(send(api, 'accounts', account))).toMatchObject({ unchanged: 1 });
    const closed = { ...account, version: 2, status: 'CLOSED', closedOn: '2025-12-22' };
    expect(await ok(send(api, 'accounts', closed))).toMatchObject({ replaced: 1 });
    expect(
      await count(
        api.db,
        'front_office.accounts',
        `account_no = '30000001' AND (status = 'CLOSED') = (superseded_at IS NULL)`,
      ),
    ).toBe(2);
    expect(await ok(send(api, 'accounts', account))).toMatchObject({ unchanged: 1 });
  });

  it('lets only closed accounts have a closing day', async () => {
    const odd = { ...account, accountNo: '30000002', closedOn: '2025-12-22' };
    expect(errorsOf(await send(api, 'accounts', odd))).toMatchObject([{ field: 'closedOn' }]);
    const without = { ...account, accountNo: '30000002', status: 'CLOSED' };
    expect(errorsOf(await send(api, 'accounts', without))).toMatchObject([{ field: 'closedOn' }]);
  });

  it('holds instruments to the currency of their market', async () => {
    const instrument = {
      instrumentId: 'ST/HK/99998',
      version: 1,
      type: 'EQUITY',
      name: '新上市',
      currency: 'USD',
      lotSize: 100,
      recordedAt: MORNING,
    };
    expect(errorsOf(await send(api, 'instruments', instrument))).toMatchObject([
      { field: 'currency' },
    ]);
    const right = { ...instrument, currency: 'HKD' };
    expect(await ok(send(api, 'instruments', right))).toMatchObject({ added: 1 });
  });
});

describe('who may send', () => {
  it('is the holder of clearing.front_office_write only', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v1/front-office/orders',
      headers: await api.as('viewer'),
      payload: order('O1', { accountNo: ACCOUNT }),
    });
    expect(answer.statusCode).toBe(403);
  });

  it('sends at most ten megabytes', async () => {
    const answer = await api.post('/front-office/orders', {
      items: [order('O1', { note: 'x'.repeat(11 * 1024 * 1024) })],
    });
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});
