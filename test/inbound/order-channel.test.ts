import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  clear,
  count,
  execution,
  flowOf,
  MON_2025_12_22,
  ok,
  order,
  place,
  send,
  startApi,
  type ApiUnderTest,
} from './support.ts';

const WEB = 9;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await ok(send(api, 'orders', { items: [order('O1'), order('O2')] }));
  await ok(send(api, 'executions', { items: [execution('E1', 'O1'), execution('E2', 'O2')] }));
  await clear(api.db, 'sync');
});
beforeEach(async () => {
  await api.db.$client.query('TRUNCATE order_channel_edits');
  await place(api.db, {
    mode: 'PAUSED',
    steps: { sync: 'SUCCEEDED', preCheck: 'NOT_STARTED', billing: 'NOT_STARTED' },
  });
});
afterAll(() => api.close());

const edit = (manualOpEntrustWay: unknown, orderId = 'O1', ledgerDate: string = MON_2025_12_22) =>
  api.post(`/orders/${orderId}/channel`, { ledgerDate, manualOpEntrustWay });

const edits = (orderId = 'O1') =>
  ok<{ items: { manualOpEntrustWay: number; current: boolean }[] }>(
    api.get(`/orders/${orderId}/channel-edits?ledgerDate=${MON_2025_12_22}`),
  );

describe('the order channel', () => {
  it('is edited beside the original, with editor and time (L21)', async () => {
    expect(await ok(edit(WEB))).toEqual({
      ledgerDate: MON_2025_12_22,
      flow: 'HK',
      orderId: 'O1',
      orderChannel: 6,
      manualOpEntrustWay: WEB,
      editor: 'operator',
      editedAt: '2025-12-22T10:00:00.000Z',
    });
    expect(await count(api.db, 'orders', `order_id = 'O1' AND order_channel = 6`)).toBe(1);
  });

  it('keeps every edit as history; the newest counts', async () => {
    await ok(edit(WEB));
    await ok(edit(0));
    expect((await edits()).items).toMatchObject([
      { manualOpEntrustWay: WEB, current: false },
      { manualOpEntrustWay: 0, current: true },
    ]);
    expect((await edits('O2')).items).toEqual([]);
  });

  it('has one current edit, however many come at once', async () => {
    await Promise.all([0, 1, 2, 3, 4].map((channel) => ok(edit(channel))));
    expect((await edits()).items.filter(({ current }) => current)).toHaveLength(1);
  });

  it('survives a re-sync and leaves the steps as they are (L24)', async () => {
    const before = await flowOf(api.db);
    await ok(edit(WEB));
    expect(await flowOf(api.db)).toEqual(before);
    await clear(api.db, 'sync');
    expect((await edits()).items).toMatchObject([{ manualOpEntrustWay: WEB, current: true }]);
    await ok(edit(8));
  });

  it.each([10, -1, 1.5, '9', null, undefined])('%j is no channel (L28)', async (value) => {
    const answer = await edit(value);
    expect(answer.statusCode).toBe(400);
    expect(await count(api.db, 'order_channel_edits')).toBe(0);
  });

  it.each(['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING'])(
    'waits for a pause while the flow is %s (L25)',
    async (mode) => {
      await place(api.db, { mode });
      const answer = await edit(WEB);
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({
        code: 'STEP_IN_PROGRESS',
        details: { hint: 'pause first' },
      });
    },
  );

  it.each(['IDLE', 'PAUSED', 'PAUSED_ON_ERROR'])(
    'is editable while the flow is %s',
    async (mode) => {
      await place(api.db, { mode });
      await ok(edit(WEB));
    },
  );

  it('is fixed once billing succeeded (L22)', async () => {
    await ok(edit(WEB));
    await place(api.db, { mode: 'PAUSED', steps: { billing: 'SUCCEEDED' } });
    const answer = await edit(0);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'ORDER_ALREADY_BILLED' });
    expect((await edits()).items).toMatchObject([{ manualOpEntrustWay: WEB, current: true }]);
  });

  it('is fixed while a contract of the order counts, and free once a revoke discarded it', async () => {
    expect((await clear(api.db, 'billing')).status).toBe('SUCCEEDED');
    await place(api.db, { mode: 'IDLE', steps: { billing: 'INVALIDATED' } });
    expect((await edit(WEB)).json()).toMatchObject({ code: 'ORDER_ALREADY_BILLED' });
    await api.db.$client.query(`UPDATE step_runs SET discarded_at = now() WHERE step = 'billing'`);
    await ok(edit(WEB));
  });

  it('of an order that is not in the snapshot is 404', async () => {
    expect((await edit(WEB, 'O9')).statusCode).toBe(404);
    await ok(send(api, 'orders', order('O3')));
    expect((await edit(WEB, 'O3')).statusCode).toBe(404);
  });

  it('of a ledger date that is not open is refused', async () => {
    const answer = await edit(WEB, 'O1', '2025-12-19');
    expect(answer.json()).toMatchObject({ code: 'LEDGER_DATE_NOT_CURRENT' });
  });

  it('needs the permission', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v1/orders/O1/channel',
      headers: await api.as('approver'),
      payload: { ledgerDate: MON_2025_12_22, manualOpEntrustWay: WEB },
    });
    expect(answer.statusCode).toBe(403);
  });
});
