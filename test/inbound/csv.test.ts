import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTION_COLUMNS, ORDER_COLUMNS } from '../../domain/front-office/csv-columns.ts';
import {
  ACCOUNT,
  count,
  ok,
  order,
  send,
  sendCsv,
  startApi,
  TENCENT,
  type ApiUnderTest,
} from './support.ts';

const HEADER = ORDER_COLUMNS.join(',');
const ORDERS = '/front-office/imports/orders';
const EXECUTIONS = '/front-office/imports/executions';
const RECORDED = '2025-12-22T02:00:00Z';

const line = (id: string, more: Record<string, string> = {}): string => {
  const row: Record<string, string> = {
    order_id: id,
    version: '1',
    account_no: ACCOUNT,
    instrument_id: TENCENT,
    side: 'BUY',
    order_channel: '6',
    settlement_channel: 'CCASS',
    quantity: '1000',
    cancelled: 'false',
    recorded_at: RECORDED,
    ...more,
  };
  return ORDER_COLUMNS.map((column) => row[column]).join(',');
};

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.db.$client.query(
    'TRUNCATE front_office.orders, front_office.executions, import_errors',
  );
});
afterAll(() => api.close());

describe('a file of orders', () => {
  it('keeps the good rows and lists the bad ones by row and column', async () => {
    const text = [
      HEADER,
      line('O1'),
      line('O2', { quantity: '-5', side: 'HOLD' }),
      line('O3', { account_no: 'nobody' }),
      line('O4'),
    ].join('\n');
    const answer = await ok<{ importId: string }>(sendCsv(api, ORDERS, text));
    expect(answer).toMatchObject({
      rows: 4,
      added: 2,
      bad: 2,
      errors: [
        { row: 2, field: 'side', code: 'NOT_IN_ENUM', value: 'HOLD' },
        { row: 2, field: 'quantity', code: 'NOT_POSITIVE', value: '-5' },
        { row: 3, field: 'account_no', code: 'UNKNOWN_ACCOUNT', value: 'nobody' },
      ],
      errorsOmitted: 0,
    });
    expect(await count(api.db, 'front_office.orders')).toBe(2);
    const listed = await ok<{ items: unknown[] }>(
      api.get(`/front-office/imports/${answer.importId}/errors`),
    );
    expect(listed.items).toHaveLength(3);
  });

  it('may be imported again: nothing changes', async () => {
    const text = [HEADER, line('O1'), line('O2')].join('\n');
    await ok(sendCsv(api, ORDERS, text));
    expect(await ok(sendCsv(api, ORDERS, text))).toMatchObject({ added: 0, unchanged: 2 });
  });

  it('compares the second version of a row with the first of the same file', async () => {
    const text = [
      HEADER,
      line('O1'),
      line('O1', { quantity: '5' }),
      line('O1', { version: '2', quantity: '5', cancelled: 'true' }),
    ].join('\n');
    expect(await ok(sendCsv(api, ORDERS, text))).toMatchObject({
      added: 1,
      replaced: 1,
      errors: [{ row: 2, field: 'version', code: 'DUPLICATE_ID_OTHER_CONTENT' }],
    });
  });

  it('reads CRLF, a mark of UTF-8, quotes and a missing last line end', async () => {
    const quoted = `"O""1",1,${ACCOUNT},"${TENCENT}",BUY,6,CCASS,"1000",,`;
    const text = `\ufeff${HEADER}\r\n${quoted}\r\n${line('O2')}`;
    expect(await ok(sendCsv(api, ORDERS, text))).toMatchObject({ added: 2, bad: 0 });
    expect(await count(api.db, 'front_office.orders', `order_id = 'O"1'`)).toBe(1);
  });

  it('counts an order from the beginning where recorded_at is empty', async () => {
    await ok(sendCsv(api, ORDERS, [HEADER, line('O1', { recorded_at: '' })].join('\n')));
    const at = `recorded_at < '2000-01-01'`;
    expect(await count(api.db, 'front_office.orders', at)).toBe(1);
  });

  it('may say the stage and the EMS order behind the other columns, or one of the two', async () => {
    const file = (columns: string, ...rows: string[]) =>
      [`${HEADER},${columns}`, ...rows].join('\n');
    const both = file('stage,ems_order_no', `${line('O1')},GREY,EMS-1`, `${line('O2')},,`);
    expect(await ok(sendCsv(api, ORDERS, both))).toMatchObject({ added: 2, bad: 0 });
    const bad = file('stage', `${line('O3')},DARK`, `${line('O4')},NORMAL`);
    expect(await ok(sendCsv(api, ORDERS, bad))).toMatchObject({
      added: 1,
      errors: [{ row: 1, field: 'stage', code: 'NOT_IN_ENUM', value: 'DARK' }],
    });
    expect(await count(api.db, 'front_office.orders', `stage = 'GREY'`)).toBe(1);
    const turned = await sendCsv(api, ORDERS, file('ems_order_no,stage', `${line('O5')},,`));
    expect(turned.json()).toMatchObject({ code: 'FILE_MALFORMED', details: { reason: 'header' } });
  });

  it('with a header alone is an import of nothing', async () => {
    expect(await ok(sendCsv(api, ORDERS, `${HEADER}\n`))).toMatchObject({ rows: 0, bad: 0 });
  });
});

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const good = [HEADER, line('O1')].join('\n');

describe('a file that is refused whole', () => {
  it.each([
    ['without anything', '', { reason: 'header' }],
    ['with a column renamed', good.replace('account_no', 'account'), { reason: 'header' }],
    [
      'with columns in another order',
      good.replace('order_id,version', 'version,order_id'),
      { reason: 'header' },
    ],
    [
      'with a column too many',
      good.replace('recorded_at', 'recorded_at,note'),
      { reason: 'header' },
    ],
    ['without a header', line('O1'), { reason: 'header' }],
    ['with semicolons', good.replaceAll(',', ';'), { reason: 'header' }],
    ['with a short row', `${good}\nO2,1,${ACCOUNT}`, { reason: 'column count', row: 2, found: 3 }],
    ['with a long row', `${good}\n${line('O2')},x`, { reason: 'column count', row: 2, found: 11 }],
    ['in UTF-16', utf16(good), { reason: 'encoding', found: 'UTF-16' }],
    ['in Latin-1', Buffer.from(good.replace('O1', 'Ö1'), 'latin1'), { reason: 'encoding' }],
    ['with a zero character', good.replace('O1', 'O\u0000'), { reason: 'encoding' }],
    ['with an open quote', `${good}\n"O2,1`, { reason: 'quoting' }],
    ['with a quote inside a field', `${good}\nO"2,1`, { reason: 'quoting' }],
  ])('%s says why, and nothing is written', async (_what, text, details) => {
    const answer = await sendCsv(api, ORDERS, text);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'FILE_MALFORMED', details });
    expect(await count(api.db, 'front_office.orders')).toBe(0);
  });

  it('undoes the batches before the row that breaks it', async () => {
    const rows = Array.from({ length: 12_000 }, (_, at) =>
      line(`O${at}`, { side: at === 7 ? '?' : 'BUY' }),
    );
    const answer = await sendCsv(api, ORDERS, [HEADER, ...rows, 'too,short'].join('\n'));
    expect(answer.json()).toMatchObject({ code: 'FILE_MALFORMED', details: { row: 12_001 } });
    expect(await count(api.db, 'front_office.orders')).toBe(0);
    expect(await count(api.db, 'import_errors')).toBe(0);
  });

  it('is of another type', async () => {
    expect((await api.post(ORDERS, { items: [] })).statusCode).toBe(415);
  });

  it('is too large', async () => {
    const answer = await sendCsv(api, ORDERS, 'x'.repeat(11 * 1024 * 1024));
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});

const EXECUTION_HEADER = EXECUTION_COLUMNS.join(',');
const executions = (count: number, orderId: string): string =>
  [
    EXECUTION_HEADER,
    ...Array.from(
      { length: count },
      (_, at) => `E${at},1,${orderId},2025-12-22,100,613.5,,${RECORDED},${RECORDED}`,
    ),
  ].join('\n');

describe('large files', () => {
  beforeEach(() => ok(send(api, 'orders', order('O1', { quantity: '9000000' }))));

  it('of a hundred thousand executions are one import', async () => {
    const answer = await ok(sendCsv(api, EXECUTIONS, executions(100_000, 'O1')));
    expect(answer).toMatchObject({ rows: 100_000, added: 100_000, bad: 0 });
    expect(await count(api.db, 'front_office.executions')).toBe(100_000);
  });

  it('that arrive twice at once are stored once', async () => {
    const text = executions(12_000, 'O1');
    const [first, second] = await Promise.all([
      ok<{ added: number; unchanged: number }>(sendCsv(api, EXECUTIONS, text)),
      ok<{ added: number; unchanged: number }>(sendCsv(api, EXECUTIONS, text)),
    ]);
    expect(first.added + second.added).toBe(12_000);
    expect(first.unchanged + second.unchanged).toBe(12_000);
    expect(await count(api.db, 'front_office.executions')).toBe(12_000);
  });

  it('with very many errors show the first thousand and keep all', async () => {
    const answer = await ok<{ bad: number; errors: unknown[]; errorsOmitted: number }>(
      sendCsv(api, EXECUTIONS, executions(12_000, 'O9')),
    );
    expect(answer.bad).toBe(12_000);
    expect(answer.errors).toHaveLength(1_000);
    expect(answer.errorsOmitted).toBe(11_000);
    expect(await count(api.db, 'import_errors')).toBe(12_000);
  });
});
