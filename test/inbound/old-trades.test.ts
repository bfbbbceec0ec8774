import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  execution,
  MON_2025_12_22,
  ok,
  order,
  send,
  startApi,
  type ApiUnderTest,
} from './support.ts';

/** Ledger dates before Monday the 22nd; the tiny broker carries its books in on the 19th. */
const EARLIER = ['18', '17', '16', '15', '12', '11', '10', '09', '08'].map((d) => `2025-12-${d}`);
/** Of the ten ledger dates before Tuesday the 23rd this is the first. */
const TUE_2025_12_09 = '2025-12-09';
const MON_2025_12_08 = '2025-12-08';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await api.db.$client.query(
    `INSERT INTO ledger_dates (ledger_date, status, cutoff_at)
     SELECT day, 'CUT', day FROM unnest($1::date[]) day`,
    [EARLIER],
  );
});
beforeEach(async () => {
  await api.db.$client.query('TRUNCATE front_office.orders, front_office.executions');
  await ok(
    send(api, 'orders', {
      items: [order('O1'), order('U1', { instrumentId: 'ST/US/AAPL', settlementChannel: 'IB' })],
    }),
  );
});
afterAll(() => api.close());

const old = (more: Record<string, unknown> = {}) =>
  execution('E1', 'O1', { tradeDate: MON_2025_12_08, ...more });

/** As if it had been sent in time. */
async function store(): Promise<void> {
  await api.db.$client.query(
    `INSERT INTO front_office.executions SELECT $1, 1, 'O1', 'HK', $2, 100, 613.5, false,
       recorded_at, recorded_at FROM front_office.orders WHERE order_id = 'O1'`,
    ['E1', MON_2025_12_08],
  );
}

/** What the error of the row says. */
async function refused(row: object): Promise<string | undefined> {
  const answer = await send(api, 'executions', row);
  expect(answer.statusCode).toBe(422);
  const { code, details } = answer.json<{
    code: string;
    details: { errors: { field: string; code: string; message: string }[] };
  }>();
  expect(code).toBe('TRADE_DATE_TOO_OLD');
  expect(details.errors).toMatchObject([{ row: 1, field: 'tradeDate', code }]);
  return details.errors[0]?.message;
}

describe('a trade of so long ago that no ledger date takes it', () => {
  it('is refused, and the message says which one is still taken', async () => {
    const hint = `The first that can still be cleared is ${TUE_2025_12_09}.`;
    expect(await refused(old())).toContain(hint);
    const items = [
      old({ tradeDate: TUE_2025_12_09 }),
      // New York's Monday is of Tuesday's ledger date.
      execution('E2', 'U1', { tradeDate: MON_2025_12_08 }),
    ];
    expect(await ok(send(api, 'executions', { items }))).toMatchObject({ added: 2 });
  });

  it('is refused as a change too, and so is its move to a trade date of today', async () => {
    await store();
    await refused(old({ version: 2, cancelled: true }));
    await refused(old({ version: 2, tradeDate: MON_2025_12_22 }));
  });

  it('is a repetition when it is stored already', async () => {
    await store();
    expect(await ok(send(api, 'executions', old()))).toMatchObject({ unchanged: 1 });
  });
});
