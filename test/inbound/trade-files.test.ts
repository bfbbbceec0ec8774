import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  clear,
  count,
  execution,
  fileRow,
  flowOf,
  MON_2025_12_22,
  ok,
  order,
  place,
  send as sendRows,
  sendFile,
  startApi,
  type ApiUnderTest,
} from './support.ts';

interface Imported {
  readonly fileId: number;
  readonly unchanged: boolean;
  readonly replacedFileId: number | null;
  readonly preCheckInvalidated: boolean;
}

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.db.$client.query(
    'TRUNCATE trade_files, trade_file_rows, import_errors, request_answers',
  );
  await place(api.db, {
    steps: { sync: 'NOT_STARTED', preCheck: 'NOT_STARTED', billing: 'NOT_STARTED' },
  });
});
afterAll(() => api.close());

const send = (rows: readonly string[], more: Record<string, string> = {}, key?: string) =>
  ok<Imported>(sendFile(api, rows, more, key));

describe('a counterparty trade file', () => {
  it('is stored with its good rows, and lists the others', async () => {
    const rows = [
      fileRow('S1'),
      fileRow('', { order_id: 'O1' }),
      fileRow('S3', { quantity: '-100', instrument_id: 'ST/US/AAPL' }),
    ];
    const imported = await send(rows);
    expect(imported).toMatchObject({
      status: 'CURRENT',
      rowCount: 1,
      badRowCount: 2,
      importedBy: 'operator',
      errors: [
        { row: 2, field: 'serial', code: 'VALUE_MISSING' },
        { row: 3, field: 'instrument_id', code: 'UNKNOWN_INSTRUMENT' },
        { row: 3, field: 'quantity', code: 'NOT_POSITIVE' },
      ],
    });
    const read = await ok(api.get(`/trade-files/${imported.fileId}`));
    expect(read).toMatchObject({ fileId: imported.fileId, name: 'ctf.csv' });
  });

  it('keeps the amount as given', async () => {
    await send([fileRow('S1', { amount: '61349.97' })]);
    expect(await count(api.db, 'trade_file_rows', 'amount = 61349.97')).toBe(1);
  });

  it('takes the place of the former one of its channel and day', async () => {
    const first = await send([fileRow('S1')]);
    const second = await send([fileRow('S1'), fileRow('S2')]);
    expect(second).toMatchObject({ replacedFileId: first.fileId, unchanged: false });
    expect(await ok(api.get(`/trade-files/${first.fileId}`))).toMatchObject({ status: 'REPLACED' });
    const listed = await ok<{ items: { fileId: number }[] }>(
      api.get('/trade-files?status=CURRENT'),
    );
    expect(listed.items.map(({ fileId }) => fileId)).toEqual([second.fileId]);
  });

  it('leaves the files of other channels and days alone', async () => {
    await send([fileRow('S1')]);
    await send([fileRow('S2')], { settlementChannel: 'CCASS2' });
    await send([fileRow('S3')], { tradeDate: '2025-12-19' });
    expect(await count(api.db, 'trade_files', `status = 'CURRENT'`)).toBe(3);
  });

  it('with the content of the current one changes nothing', async () => {
    const first = await send([fileRow('S1')]);
    expect(await send([fileRow('S1')])).toMatchObject({ fileId: first.fileId, unchanged: true });
    expect(await count(api.db, 'trade_files')).toBe(1);
  });

  it('is answered alike under the same key, even when it was replaced since', async () => {
    const first = await send([fileRow('S1')], {}, 'file-number-one');
    await send([fileRow('S2')]);
    expect(await send([fileRow('S1')], {}, 'file-number-one')).toEqual(first);
    expect(await count(api.db, 'trade_files', `status = 'CURRENT'`)).toBe(1);
    const other = await sendFile(api, [fileRow('S3')], {}, 'file-number-one');
    expect(other.statusCode).toBe(409);
    expect(other.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const again = await sendFile(api, [fileRow('S1')], {}, 'file-number-one');
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('is current once, however many arrive at the same time', async () => {
    await Promise.all(['S1', 'S2', 'S3', 'S4'].map((serial) => send([fileRow(serial)])));
    expect(await count(api.db, 'trade_files', `status = 'CURRENT'`)).toBe(1);
    expect(await count(api.db, 'trade_files')).toBe(4);
  });

  it.each([
    [{ market: 'JP' }, 'UNKNOWN_MARKET'],
    [{ settlementChannel: 'IB' }, 'UNKNOWN_SETTLEMENT_CHANNEL'],
    [{ tradeDate: '2025-12-23' }, 'FUTURE_TRADE_DATE'],
    [{ tradeDate: '2025-13-01' }, 'BAD_REQUEST'],
    [{ name: '' }, 'BAD_REQUEST'],
  ])('of %j is refused with %s', async (more, code) => {
    const answer = await sendFile(api, [fileRow('S1')], more);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code });
    expect(await count(api.db, 'trade_files')).toBe(0);
  });

  it('with a broken row is refused whole', async () => {
    await send([fileRow('S1')]);
    const answer = await sendFile(api, [fileRow('S1'), 'S2,too,short']);
    expect(answer.json()).toMatchObject({ code: 'FILE_MALFORMED', details: { row: 2 } });
    expect(await count(api.db, 'trade_files', `status = 'CURRENT'`)).toBe(1);
    expect(await count(api.db, 'trade_file_rows')).toBe(1);
  });

  it('without a good row is refused whole, and the former one stays', async () => {
    const good = await send([fileRow('S1')]);
    const bad = [fileRow('', { order_id: 'O1' }), fileRow('S3', { quantity: '-100' })];
    const answer = await sendFile(api, bad);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: 'ROWS_REFUSED',
      details: {
        rows: 2,
        errors: [
          { row: 1, field: 'serial', code: 'VALUE_MISSING' },
          { row: 2, field: 'quantity', code: 'NOT_POSITIVE' },
        ],
      },
    });
    expect(await ok(api.get(`/trade-files/${good.fileId}`))).toMatchObject({ status: 'CURRENT' });
    expect(await count(api.db, 'trade_files')).toBe(1);
  });

  it('without any row says that nothing was traded', async () => {
    const good = await send([fileRow('S1')]);
    expect(await send([])).toMatchObject({ rowCount: 0, replacedFileId: good.fileId });
  });

  it('needs an Idempotency-Key', async () => {
    const answer = await api.post('/trade-files?market=HK', undefined, {
      payload: 'x',
      headers: { 'content-type': 'text/csv' },
    });
    expect(answer.statusCode).toBe(400);
  });
});

describe('a file that comes after the pre-check', () => {
  it.each(['SUCCEEDED', 'SUCCEEDED_EMPTY', 'BLOCKED_BY_CHECK'] as const)(
    'makes one that is %s repeat, and the screen is stale',
    async (status) => {
      await place(api.db, { mode: 'PAUSED', steps: { sync: 'SUCCEEDED', preCheck: status } });
      const before = await flowOf(api.db);
      expect(await send([fileRow('S1')])).toMatchObject({ preCheckInvalidated: true });
      const after = await flowOf(api.db);
      expect(after.steps).toMatchObject({ sync: 'SUCCEEDED', preCheck: 'INVALIDATED' });
      expect(after.revision).toBe(before.revision + 1);
    },
  );

  it('leaves a flow alone that has not checked yet', async () => {
    const before = await flowOf(api.db);
    expect(await send([fileRow('S1')])).toMatchObject({ preCheckInvalidated: false });
    expect(await flowOf(api.db)).toEqual(before);
  });

  it('leaves a flow alone that is billed', async () => {
    await place(api.db, {
      mode: 'PAUSED',
      steps: { sync: 'SUCCEEDED', preCheck: 'SUCCEEDED', billing: 'SUCCEEDED' },
    });
    expect(await send([fileRow('S1')])).toMatchObject({ preCheckInvalidated: false });
    expect((await flowOf(api.db)).steps).toMatchObject({ preCheck: 'SUCCEEDED' });
  });

  it.each(['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING'])(
    'is refused while the flow is %s, and nothing is written',
    async (mode) => {
      await place(api.db, { mode, steps: { sync: 'SUCCEEDED', preCheck: 'RUNNING' } });
      const answer = await sendFile(api, [fileRow('S1')]);
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({ code: 'STEP_IN_PROGRESS', details: { mode } });
      expect(await count(api.db, 'trade_files')).toBe(0);
    },
  );

  it('of a trade date that the open ledger date does not compare disturbs nobody', async () => {
    const longGone = { tradeDate: '2025-12-01' };
    for (const mode of ['PAUSED', 'AUTO_RUNNING']) {
      await place(api.db, { mode, steps: { sync: 'SUCCEEDED', preCheck: 'SUCCEEDED' } });
      const before = await flowOf(api.db);
      expect(await send([fileRow(`S-${mode}`)], longGone)).toMatchObject({
        preCheckInvalidated: false,
      });
      expect(await flowOf(api.db)).toEqual(before);
    }
  });

  it('of the trade date of a late trade makes its pre-check repeat', async () => {
    const friday = { tradeDate: '2025-12-19' };
    await ok(sendRows(api, 'orders', order('LATE')));
    await ok(sendRows(api, 'executions', execution('LATE-1', 'LATE', friday)));
    await place(api.db, { mode: 'PAUSED' });
    await clear(api.db, 'sync');
    await place(api.db, { mode: 'PAUSED', steps: { preCheck: 'BLOCKED_BY_CHECK' } });
    expect(await send([fileRow('LATE-1')], friday)).toMatchObject({ preCheckInvalidated: true });
    const otherChannel = { ...friday, settlementChannel: 'CCASS2' };
    await place(api.db, { mode: 'AUTO_RUNNING' });
    expect(await send([fileRow('S2')], otherChannel)).toMatchObject({
      preCheckInvalidated: false,
    });
    expect((await sendFile(api, [fileRow('S3')], friday)).json()).toMatchObject({
      code: 'STEP_IN_PROGRESS',
    });
  });

  it('concerns the open ledger date only when that date books its trades', async () => {
    await place(api.db, { mode: 'AUTO_RUNNING', steps: { sync: 'RUNNING' } });
    await api.db.$client.query(
      `UPDATE flow_days SET mode = 'AUTO_RUNNING' WHERE flow = 'US' AND ledger_date = $1`,
      [MON_2025_12_22],
    );
    // Monday's session in New York belongs to Tuesday's ledger date.
    const file = { market: 'US', settlementChannel: 'IBFX', tradeDate: MON_2025_12_22 };
    const row = fileRow('', { instrument_id: 'ST/US/AAPL', currency: 'USD' });
    expect(await send([row], file)).toMatchObject({ preCheckInvalidated: false });
    const friday = await sendFile(api, [row], { ...file, tradeDate: '2025-12-19' });
    expect(friday.json()).toMatchObject({ code: 'STEP_IN_PROGRESS' });
  });
});
