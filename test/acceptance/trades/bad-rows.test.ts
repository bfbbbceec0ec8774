import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MON_2025_12_22, TUE_2025_12_23 } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import {
  AFTER_TODAY,
  execution,
  listed,
  openDoor,
  order,
  sendRows,
  STORED,
  TEN_MEGABYTES,
  wasUnknown,
  type Door,
} from './door.ts';
import { enterSupplement } from './reads.ts';

const UNKNOWN_CHANNEL = 'UNKNOWN_SETTLEMENT_CHANNEL';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.stop());

describe('rows of the front office', () => {
  it.each([
    ['an unknown account', { accountNo: 'nobody' }, 'UNKNOWN_ACCOUNT', 'accountNo'],
    ['a negative quantity', { quantity: '-100' }, 'NOT_POSITIVE', 'quantity'],
    ['a quantity of zero', { quantity: '0' }, 'NOT_POSITIVE', 'quantity'],
    ['a fraction in JSON', { quantity: 1.5 }, 'NOT_A_DECIMAL', 'quantity'],
    ['an unknown side', { side: 'HOLD' }, 'NOT_IN_ENUM', 'side'],
    ['order channel 10', { orderChannel: 10 }, 'OUT_OF_RANGE', 'orderChannel'],
    ['an unknown field', { qty: '100' }, 'BAD_REQUEST', 'qty'],
    ['a missing field', { side: undefined }, 'VALUE_MISSING', 'side'],
    ['a channel of New York', { settlementChannel: 'IB' }, UNKNOWN_CHANNEL, 'settlementChannel'],
    ['an unknown market', { instrumentId: 'ST/MOON/1' }, 'UNKNOWN_MARKET', 'instrumentId'],
    ['no time of the day', { recordedAt: '2025-12-22' }, 'NOT_AN_INSTANT', 'recordedAt'],
  ])('an order with %s is refused with all that came with it', async (what, wrong, code, field) => {
    const good = order(what.replaceAll(' ', '-'));
    const refused = await sendRows(door.operator, 'orders', { items: [good, order('BAD', wrong)] });
    expect([refused.status, refused.body.code]).toEqual([400, code]);
    expect(listed(refused.body.details['errors'])).toEqual([[2, field, code]]);
    expect(await wasUnknown(door.operator, 'orders', good)).toBe(true);
  });

  it('an execution of the future or of an unknown order is refused', async () => {
    const refused = await sendRows(door.operator, 'executions', {
      items: [
        execution('E-GOOD'),
        execution('E-FUTURE', { tradeDate: AFTER_TODAY }),
        execution('E-ORPHAN', { orderId: 'NO-SUCH-ORDER', price: '1' }),
        execution('E-DAY', { tradeDate: '2025-02-30', price: 'free' }),
      ],
    });
    expect([refused.status, refused.body.code]).toEqual([400, 'ROWS_REFUSED']);
    expect(listed(refused.body.details['errors'])).toEqual([
      [2, 'tradeDate', 'FUTURE_TRADE_DATE'],
      [3, 'orderId', 'UNKNOWN_ORDER'],
      [4, 'price', 'NOT_A_DECIMAL'],
      [4, 'tradeDate', 'NOT_A_CALENDAR_DAY'],
    ]);
    expect(await wasUnknown(door.operator, 'executions', execution('E-GOOD'))).toBe(true);
  });

  it('the same id with other content is a conflict for all that came with it', async () => {
    const good = execution('E-BESIDE');
    const fill = { ...STORED.executions[0], recordedAt: STORED.recordedAt };
    const other = execution('', { ...fill, price: '99' });
    const refused = await sendRows(door.operator, 'executions', { items: [good, other] });
    const code = 'DUPLICATE_ID_OTHER_CONTENT';
    expect([refused.status, refused.body.code]).toEqual([409, code]);
    expect(listed(refused.body.details['errors'])).toEqual([[2, 'version', code]]);
    expect(await wasUnknown(door.operator, 'executions', good)).toBe(true);
  });

  it('what is no list of rows is refused, and so is a body of ten megabytes', async () => {
    const ask = (body: string | object, contentType = 'application/json') =>
      door.operator.ask<Problem>('POST', '/front-office/orders', {
        body: typeof body === 'string' ? body : { ...body },
        contentType,
      });
    for (const body of ['{"items": [', '[]', '"text"', '{"items": []}', '{"items": [1]}']) {
      const { status, body: problem } = await ask(body);
      expect([body, status, problem.code]).toEqual([body, 400, 'BAD_REQUEST']);
    }
    const big = await ask({ items: [order('O-BIG')], padding: 'x'.repeat(TEN_MEGABYTES) });
    expect([big.status, big.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect((await ask('<order/>', 'application/xml')).status).toBe(415);
    expect(await wasUnknown(door.operator, 'orders', order('O-BIG'))).toBe(true);
  });
});

describe('a supplement', () => {
  const enter = (more: object, key?: string) =>
    enterSupplement(door.operator, MON_2025_12_22, { ...more }, key);

  it.each([
    ['accountNo', { accountNo: 'nobody' }, 400, 'UNKNOWN_ACCOUNT'],
    ['instrumentId', { instrumentId: 'ST/HK/0' }, 400, 'UNKNOWN_INSTRUMENT'],
    ['settlementChannel', { settlementChannel: 'IB' }, 400, 'UNKNOWN_SETTLEMENT_CHANNEL'],
    ['tradeDate', { tradeDate: AFTER_TODAY }, 400, 'FUTURE_TRADE_DATE'],
    ['ledgerDate', { ledgerDate: TUE_2025_12_23 }, 409, 'LEDGER_DATE_NOT_CURRENT'],
    ['side', { side: 'HOLD' }, 400, 'NOT_IN_ENUM'],
    ['orderChannel', { orderChannel: 10 }, 400, 'OUT_OF_RANGE'],
    ['fee', { fee: '0' }, 400, 'BAD_REQUEST'],
    ['executions', { executions: [] }, 400, 'VALUE_MISSING'],
    ['quantity', { executions: [{ quantity: '-1', price: '1' }] }, 400, 'NOT_POSITIVE'],
    ['cashSettlementDate', { cashSettlementDate: '2025-12-19' }, 400, 'OUT_OF_RANGE'],
  ])('with a wrong %s is refused and nothing is written', async (field, wrong, status, code) => {
    const refused = await enter(wrong);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    expect(JSON.stringify(refused.body.details)).toContain(field);
    expect(await door.operator.list('/supplements')).toEqual([]);
  });

  it('a double click is one supplement', async () => {
    const tooBig = await enter({ instrumentId: 'x'.repeat(TEN_MEGABYTES) });
    expect([tooBig.status, tooBig.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const key = randomUUID();
    const [first, second] = await Promise.all([enter({}, key), enter({}, key)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    const other = await enter({ side: 'SELL' }, key);
    expect([other.status, other.body.code]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await door.operator.list('/supplements')).toHaveLength(1);
  });
});
