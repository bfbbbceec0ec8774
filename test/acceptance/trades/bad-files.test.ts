import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXECUTION_COLUMNS, ORDER_COLUMNS } from '../../../domain/front-office/csv-columns.ts';
import type { Answer } from '../support/api.ts';
import { csvOf, rowsFor, type FileRow, type ImportedFile } from '../support/trade-files.ts';
import { MON_2025_12_22 } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import {
  AFTER_TODAY,
  listed,
  openDoor,
  order,
  sendRows,
  STORED,
  TEN_MEGABYTES,
  wasUnknown,
  type Door,
  type FieldError,
} from './door.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.stop());

/** As a program would send a file that an editor saved in another encoding. */
async function sendUtf16(path: string, csv: string): Promise<Answer<Problem>> {
  const headers = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${door.baseUrl}/dev/token`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ person: 'operator' }),
  });
  const { token } = (await signedIn.json()) as { token: string };
  const answer = await fetch(`${door.baseUrl}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'text/csv',
      'idempotency-key': randomUUID(),
    },
    body: Buffer.from(`\ufeff${csv}`, 'utf16le'),
  });
  const body = (await answer.json()) as Problem;
  return { status: answer.status, body, headers: answer.headers };
}

const lineOf = (columns: readonly string[], row: object): string => {
  const values = new Map(
    Object.entries(row).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      String(value),
    ]),
  );
  return columns.map((column) => values.get(column) ?? '').join(',');
};
const ordersCsv = (...rows: object[]): string =>
  [ORDER_COLUMNS.join(','), ...rows.map((row) => lineOf(ORDER_COLUMNS, row))].join('\n');

describe('a file of orders', () => {
  interface Import extends Problem {
    readonly importId: string;
    readonly added: number;
    readonly bad: number;
    readonly errors: readonly FieldError[];
  }
  const ORDERS = '/front-office/imports/orders';
  const importOrders = (csv: string): Promise<Answer<Import>> => door.operator.postCsv(ORDERS, csv);

  it('the good rows are kept, and the bad ones listed by row and column', async () => {
    const rows = [
      order('CSV-1'),
      order('CSV-2', { quantity: '-5', side: 'HOLD' }),
      order('CSV-3', { accountNo: 'nobody' }),
      order('CSV-4'),
    ];
    const { status, body } = await importOrders(ordersCsv(...rows));
    expect([status, body.added, body.bad]).toEqual([200, 2, 2]);
    expect(listed(body.errors)).toEqual([
      [2, 'quantity', 'NOT_POSITIVE'],
      [2, 'side', 'NOT_IN_ENUM'],
      [3, 'account_no', 'UNKNOWN_ACCOUNT'],
    ]);
    const path = `/front-office/imports/${body.importId}/errors`;
    expect(listed(await door.operator.list(path))).toEqual(listed(body.errors));
    const again = await sendRows(door.operator, 'orders', order('CSV-4'));
    expect(again.body).toMatchObject({ unchanged: 1 });
  });

  it.each([
    ['header', ordersCsv(order('BAD')).replace('order_id', 'id')],
    ['header', ''],
    ['column count', `${ordersCsv(order('BAD'))}\nBAD-2,1,20000001`],
    ['column count', `${ordersCsv(order('BAD'))}\n${lineOf(ORDER_COLUMNS, order('B'))},more`],
    ['quoting', `${ordersCsv(order('BAD'))}\n"BAD-2,1,20000001`],
  ])('a file with a bad %s is refused whole', async (reason, csv) => {
    const { status, body } = await importOrders(csv);
    expect([status, body.code, body.details['reason']]).toEqual([400, 'FILE_MALFORMED', reason]);
  });

  it('a ragged row is named, and a file in UTF-16 told apart', async () => {
    const ragged = await importOrders(`${ordersCsv(order('BAD'))}\nBAD-2,1,20000001`);
    expect(ragged.body.details).toMatchObject({ row: 2, expected: 10, found: 3 });
    const { status, body } = await sendUtf16(ORDERS, ordersCsv(order('BAD')));
    expect([status, body.code]).toEqual([400, 'FILE_MALFORMED']);
    expect(body.details).toMatchObject({ reason: 'encoding', found: 'UTF-16' });
  });

  it('nothing of a file that was refused is stored', async () => {
    const big = await importOrders(ordersCsv(order('BIG')) + '\n'.repeat(TEN_MEGABYTES));
    expect([big.status, big.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    for (const orderId of ['BAD', 'B', 'BIG', 'CSV-2', 'CSV-3']) {
      expect(await wasUnknown(door.operator, 'orders', order(orderId))).toBe(true);
    }
    const onlyHeader = EXECUTION_COLUMNS.join(',');
    const empty = await door.operator.postCsv('/front-office/imports/executions', onlyHeader);
    expect(empty).toMatchObject({ status: 200, body: { rows: 0, added: 0 } });
  });
});

describe('a counterparty file', () => {
  const target = { market: 'HK', settlementChannel: 'CCASS', tradeDate: MON_2025_12_22 };
  const pathOf = (more: Partial<typeof target> = {}): string =>
    `/trade-files?${new URLSearchParams({ ...target, name: 'a.csv', ...more }).toString()}`;
  const importFile = (
    csv: string,
    more: Partial<typeof target> = {},
    key: string = randomUUID(),
  ): Promise<Answer<ImportedFile & Problem>> => door.operator.postCsv(pathOf(more), csv, key);
  const files = () => door.operator.list<ImportedFile>('/trade-files');
  const [row] = rowsFor([STORED]) as [FileRow];
  const good = csvOf([row]);

  it('a file that cannot be used as a whole leaves nothing behind', async () => {
    for (const [reason, csv] of [
      ['header', good.replace('serial', 'id')],
      ['column count', `${good}S2,O2,B01888`],
      ['quoting', `${good}"S2`],
    ] as const) {
      const { status, body } = await importFile(csv);
      const found = [status, body.code, body.details['reason']];
      expect(found).toEqual([400, 'FILE_MALFORMED', reason]);
    }
    const utf16 = await sendUtf16(pathOf(), good);
    expect([utf16.status, utf16.body.code]).toEqual([400, 'FILE_MALFORMED']);
    for (const [more, code] of [
      [{ settlementChannel: 'IB' }, 'UNKNOWN_SETTLEMENT_CHANNEL'],
      [{ market: 'XX' }, 'UNKNOWN_MARKET'],
      [{ tradeDate: AFTER_TODAY }, 'FUTURE_TRADE_DATE'],
      [{ tradeDate: '22.12.2025' }, 'BAD_REQUEST'],
    ] as const) {
      const refused = await importFile(good, more);
      expect([refused.status, refused.body.code]).toEqual([400, code]);
    }
    const big = await importFile(good + '\n'.repeat(TEN_MEGABYTES));
    expect([big.status, big.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await files()).toEqual([]);
  });

  it('bad rows are listed by row and column, and the good ones are kept', async () => {
    const bad = { ...row, serial: '', side: 'SHORT', quantity: '-1', amount: '1e3' };
    const { status, body } = await importFile(csvOf([row, bad]));
    expect([status, body.rowCount, body.badRowCount]).toEqual([200, 1, 1]);
    expect(listed(body.errors)).toEqual([
      [2, 'amount', 'NOT_A_DECIMAL'],
      [2, 'quantity', 'NOT_POSITIVE'],
      [2, 'serial', 'VALUE_MISSING'],
      [2, 'side', 'NOT_IN_ENUM'],
    ]);
    const stored = await door.operator.get<ImportedFile>(`/trade-files/${body.fileId}`);
    expect(stored).toMatchObject({ status: 'CURRENT', rowCount: 1 });
    expect(listed(stored.errors)).toEqual(listed(body.errors));
  });

  it('the same key is one import, and with another file it is a conflict', async () => {
    const key = randomUUID();
    const first = await importFile(good, {}, key);
    expect((await importFile(good, {}, key)).body).toEqual(first.body);
    const other = await importFile(csvOf([{ ...row, serial: 'OTHER' }]), {}, key);
    expect([other.status, other.body.code]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await files()).toHaveLength(2);
  });
});
