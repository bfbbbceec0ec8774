import { describe, expect, it } from 'vitest';
import { readHypotheticalOrder } from '../../../domain/fees/hypothetical-order.ts';

const HEAD = {
  ...{ accountNo: '20000001', instrumentId: 'ST/HK/700', side: 'SELL', orderChannel: '6' },
  ...{ settlementChannel: '', tradeDate: '2025-12-22' },
};
const ROW = { ...HEAD, quantity: '100', price: '12.5' };

/** Field, code and hint of each error; the catalogue's text comes before the hint. */
function errorsOf(raw: Readonly<Record<string, unknown>>): unknown[] {
  const read = readHypotheticalOrder(raw, 3);
  if (read.ok) return [];
  return read.errors.map(({ row, field, code, message }) => [row, field, code, message]);
}
const hint = (text: string) => expect.stringContaining(text) as string;

describe('a hypothetical order', () => {
  it('of one execution', () => {
    expect(readHypotheticalOrder(ROW, 1)).toMatchObject({
      ok: true,
      row: {
        ...{ accountNo: '20000001', instrumentId: 'ST/HK/700', side: 'SELL', orderChannel: 6 },
        ...{ settlementChannel: null, stage: 'NORMAL', tradeDate: '2025-12-22' },
        executions: [{ quantity: '100', price: '12.5' }],
      },
    });
  });

  it('of several executions, as texts with blanks or as a list', () => {
    const executions = [
      { quantity: '100', price: '12.5' },
      { quantity: '50', price: '12.6' },
    ];
    const expected = { ok: true, row: { executions } };
    const texts = { ...HEAD, quantity: '100 50', price: '12.5 12.6' };
    expect(readHypotheticalOrder(texts, 1)).toMatchObject(expected);
    expect(readHypotheticalOrder({ ...HEAD, executions }, 1)).toMatchObject(expected);
  });

  it('may name a settlement channel', () => {
    const named = { ...ROW, settlementChannel: 'CCASS' };
    expect(readHypotheticalOrder(named, 1)).toMatchObject({ row: { settlementChannel: 'CCASS' } });
  });

  it('takes every order channel from 0 to 9', () => {
    for (const orderChannel of ['0', '9']) {
      expect(errorsOf({ ...ROW, orderChannel })).toEqual([]);
    }
    for (const orderChannel of ['-1', '10']) {
      expect(errorsOf({ ...ROW, orderChannel })).toEqual([
        [3, 'orderChannel', 'OUT_OF_RANGE', hint('from 0 to 9')],
      ]);
    }
  });

  it.each<[string, object, unknown[]]>([
    [
      'every field that is missing, at once',
      { accountNo: '', instrumentId: '', side: '', orderChannel: '', tradeDate: '', quantity: '' },
      [
        ...['accountNo', 'instrumentId', 'side', 'orderChannel', 'tradeDate', 'quantity'].map(
          (field) => [3, field, 'VALUE_MISSING', hint('')],
        ),
      ],
    ],
    ['a field that is none', { tip: '1' }, [[3, 'tip', 'BAD_REQUEST', hint('Unknown field.')]]],
    ['a side that is none', { side: 'SHORT' }, [[3, 'side', 'NOT_IN_ENUM', hint('BUY, SELL')]]],
    [
      'more prices than quantities',
      { price: '1 2' },
      [[3, 'price', 'OUT_OF_RANGE', hint('As many prices as quantities.')]],
    ],
    [
      'a price of nothing in the second execution',
      { quantity: '1 2', price: '1 0' },
      [[3, 'price', 'NOT_POSITIVE', hint('')]],
    ],
    [
      'both a list and texts',
      { executions: [{ quantity: '1', price: '1' }] },
      [[3, 'executions', 'BAD_REQUEST', hint('Either executions, or quantity and price.')]],
    ],
    [
      'a list and one of the texts',
      { executions: [{ quantity: '1', price: '1' }], quantity: undefined },
      [[3, 'executions', 'BAD_REQUEST', hint('Either executions, or quantity and price.')]],
    ],
    ['a quantity that is a list', { quantity: ['1'] }, [[3, 'quantity', 'BAD_REQUEST', hint('')]]],
  ])('is refused with field and reason: %s', (_what, changes, errors) => {
    const found = errorsOf({ ...ROW, ...changes });
    expect(found).toHaveLength(errors.length);
    for (const error of errors) expect(found).toContainEqual(error);
  });

  it.each<[string, unknown]>([
    ['none', []],
    ['no list', { quantity: '1', price: '1' }],
    ['a list of lists', [['1', '1']]],
    ['a list with null', [{ quantity: '1', price: '1' }, null]],
    ['a list of texts', ['1']],
  ])('is refused where executions are %s', (_what, executions) => {
    expect(errorsOf({ ...HEAD, executions })).toEqual([
      [3, 'executions', 'BAD_REQUEST', hint('A list of 1 to 1000 objects.')],
    ]);
  });

  it('says what of an execution is wrong, also a field that it does not have', () => {
    const executions = [{ quantity: '1', price: 'x', venue: 'A' }, { quantity: '-1' }];
    expect(errorsOf({ ...HEAD, executions })).toEqual([
      [3, 'price', 'NOT_A_DECIMAL', hint('')],
      [3, 'venue', 'BAD_REQUEST', hint('Unknown field.')],
      [3, 'quantity', 'NOT_POSITIVE', hint('')],
      [3, 'price', 'VALUE_MISSING', hint('')],
    ]);
  });

  it('has at most 1,000 executions', () => {
    const many = (count: number) => Array.from({ length: count }, () => '1').join(' ');
    const order = (count: number) => ({ ...HEAD, quantity: many(count), price: many(count) });
    const list = (count: number) => ({
      ...HEAD,
      executions: Array.from({ length: count }, () => ({ quantity: '1', price: '1' })),
    });
    for (const of of [order, list]) expect(errorsOf(of(1_000))).toEqual([]);
    const reason = hint('At most 1000 executions.');
    expect(errorsOf(order(1_001))).toEqual([[3, 'quantity', 'OUT_OF_RANGE', reason]]);
    expect(errorsOf(list(1_001))).toEqual([[3, 'executions', 'OUT_OF_RANGE', reason]]);
  });
});
