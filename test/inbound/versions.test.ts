import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  count,
  execution,
  MORNING,
  ok,
  order,
  send,
  startApi,
  type ApiUnderTest,
} from './support.ts';

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

describe('versions of an order', () => {
  it('stores a new one, repeats without a change, and replaces by a higher version', async () => {
    expect(await ok(send(api, 'orders', order('O1')))).toEqual({
      rows: 1,
      added: 1,
      replaced: 0,
      unchanged: 0,
    });
    expect(await ok(send(api, 'orders', order('O1', { quantity: '1000.00' })))).toMatchObject({
      added: 0,
      unchanged: 1,
    });
    const later = '2025-12-22T03:00:00.000Z';
    const cancel = order('O1', { version: 2, cancelled: true, recordedAt: later });
    expect(await ok(send(api, 'orders', cancel))).toMatchObject({ replaced: 1 });
    const { rows } = await api.db.$client.query(
      'SELECT version, cancelled, superseded_at FROM front_office.orders ORDER BY version',
    );
    expect(rows).toEqual([
      { version: 1, cancelled: false, superseded_at: new Date(later) },
      { version: 2, cancelled: true, superseded_at: null },
    ]);
  });

  it('refuses the same version with other content, and changes nothing', async () => {
    await ok(send(api, 'orders', order('O1')));
    const answer = await send(api, 'orders', order('O1', { quantity: '2000' }));
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'DUPLICATE_ID_OTHER_CONTENT' });
    expect(await count(api.db, 'front_office.orders', 'quantity = 1000')).toBe(1);
    expect(await count(api.db, 'front_office.orders')).toBe(1);
  });

  it('refuses another recording time for the same version, but not a missing one', async () => {
    await ok(send(api, 'orders', order('O1')));
    const unsaid = order('O1', { recordedAt: undefined });
    expect(await ok(send(api, 'orders', unsaid))).toMatchObject({ unchanged: 1 });
    const other = await send(api, 'orders', order('O1', { recordedAt: '2025-12-22T02:00:01Z' }));
    expect(other.json()).toMatchObject({ code: 'DUPLICATE_ID_OTHER_CONTENT' });
  });

  it('counts a row that does not say when it was recorded from its own time, not from ours', async () => {
    const unsaid = { recordedAt: undefined };
    await ok(send(api, 'orders', order('O1', unsaid)));
    await ok(send(api, 'executions', execution('E1', 'O1', unsaid)));
    const corrected = { ...unsaid, version: 2, quantity: '200' };
    await ok(send(api, 'executions', execution('E1', 'O1', corrected)));
    const { rows } = await api.db.$client.query(
      'SELECT version, recorded_at, superseded_at FROM front_office.executions ORDER BY version',
    );
    expect(rows).toEqual([
      { version: 1, recorded_at: new Date(MORNING), superseded_at: new Date(MORNING) },
      { version: 2, recorded_at: new Date(MORNING), superseded_at: null },
    ]);
    expect(await count(api.db, 'front_office.orders', "recorded_at < '2000-01-01'")).toBe(1);
  });

  it('refuses a lower version that is not stored, or not with this content', async () => {
    await ok(send(api, 'orders', { items: [order('O1'), order('O1', { version: 3 })] }));
    for (const lower of [order('O1', { version: 2 }), order('O1', { quantity: '2000' })]) {
      const answer = await send(api, 'orders', lower);
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({ code: 'STALE_VERSION' });
    }
  });

  it('takes a version that was replaced since for the repetition that it is', async () => {
    const versions = [order('O1'), order('O1', { version: 2, quantity: '500' })];
    const fills = [execution('E1', 'O1'), execution('E1', 'O1', { version: 2, price: '614' })];
    for (const [kind, items] of [
      ['orders', versions],
      ['executions', fills],
    ] as const) {
      expect(await ok(send(api, kind, { items }))).toMatchObject({ added: 1, replaced: 1 });
      expect(await ok(send(api, kind, { items }))).toMatchObject({ added: 0, unchanged: 2 });
      expect(await ok(send(api, kind, { items: items.slice(0, 1) }))).toMatchObject({
        unchanged: 1,
      });
    }
    expect(await count(api.db, 'front_office.orders')).toBe(2);
  });

  it('refuses a version that was recorded before what it replaces', async () => {
    await ok(send(api, 'orders', order('O1')));
    const earlier = order('O1', { version: 2, recordedAt: '2025-12-22T01:59:59Z' });
    const answer = await send(api, 'orders', earlier);
    expect(errorsOf(answer)).toMatchObject([{ row: 1, field: 'recordedAt', code: 'OUT_OF_RANGE' }]);
  });

  it('takes several versions of one order in one request, in their order', async () => {
    const items = [1, 2, 3].map((version) =>
      order('O1', {
        version,
        quantity: String(version * 100),
        recordedAt: `2025-12-22T0${version}:00:00Z`,
      }),
    );
    expect(await ok(send(api, 'orders', { items }))).toMatchObject({ added: 1, replaced: 2 });
    expect(await count(api.db, 'front_office.orders', 'superseded_at IS NULL')).toBe(1);
    expect(await count(api.db, 'front_office.orders', 'version = 3 AND quantity = 300')).toBe(1);
  });

  it('refuses to move an order to another market', async () => {
    await ok(send(api, 'orders', order('O1')));
    const moved = order('O1', { version: 2, instrumentId: 'ST/US/AAPL', settlementChannel: 'IB' });
    const answer = await send(api, 'orders', moved);
    expect(errorsOf(answer)).toMatchObject([{ field: 'instrumentId', code: 'UNSUPPORTED' }]);
  });

  it('ends in one row when the same order arrives twenty times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ok<{ added: number }>(send(api, 'orders', order('O1')))),
    );
    expect(answers.reduce((sum, { added }) => sum + added, 0)).toBe(1);
    expect(await count(api.db, 'front_office.orders')).toBe(1);
  });
});
