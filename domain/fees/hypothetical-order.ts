import type { BusinessDate } from '../calendar/business-date.ts';
import type { ErrorCode } from '../errors/error-catalogue.ts';
import type { ReadRow } from '../front-office/rows.ts';
import { readStage } from '../front-office/trade-stage.ts';
import { rowError, RowReader, type RawRow, type RowError } from '../front-office/row-reader.ts';
import type { DecimalString } from '../money/decimal.ts';
import { SIDES, type Side, type TradeStage } from '../trades/trade.ts';

/** The columns of a file of hypothetical orders; every column is there, even when empty. */
export const HYPOTHETICAL_ORDER_COLUMNS = [
  'account_no',
  'instrument_id',
  'side',
  'order_channel',
  'settlement_channel',
  'trade_date',
  'quantity',
  'price',
] as const;

/** May follow the others; a file without it is of NORMAL trades. */
export const OPTIONAL_HYPOTHETICAL_COLUMNS = ['stage'] as const;

const MOST_EXECUTIONS = 1_000;

export interface HypotheticalExecution {
  readonly quantity: DecimalString;
  readonly price: DecimalString;
}

/** An order that nobody gave: what would it cost? */
export interface HypotheticalOrder {
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly orderChannel: number;
  /** Plays no part in the fees; null = not said. */
  readonly settlementChannel: string | null;
  readonly stage: TradeStage;
  readonly tradeDate: BusinessDate;
  readonly executions: readonly HypotheticalExecution[];
}

/**
 * Reads a row of a file, or an item of a request. `quantity` and `price` are of one execution, or
 * of several with a blank between; a request may send `executions` instead.
 */
export function readHypotheticalOrder(raw: RawRow, row: number): ReadRow<HypotheticalOrder> {
  const { executions: list, quantity, price, ...head } = raw;
  const reader = new RowReader(head, row);
  const names = { accountNo: reader.id('accountNo'), instrumentId: reader.id('instrumentId') };
  const terms = {
    ...names,
    side: reader.oneOf('side', SIDES),
    orderChannel: reader.whole('orderChannel', { from: 0, to: 9 }),
    settlementChannel: reader.optionalId('settlementChannel') ?? null,
    stage: readStage(reader, names.instrumentId),
    tradeDate: reader.day('tradeDate'),
  };
  reader.refuseOthers();
  const both = list !== undefined && (quantity ?? price) !== undefined;
  const read = both
    ? refused(row, 'executions', 'BAD_REQUEST', 'Either executions, or quantity and price.')
    : list === undefined
      ? readFills(quantity, price, row)
      : readExecutions(list, row);
  const errors = [...reader.errors, ...read.errors];
  return errors.length === 0
    ? { ok: true, row: { ...terms, executions: read.executions } }
    : { ok: false, errors };
}

interface ReadExecutions {
  readonly executions: readonly HypotheticalExecution[];
  readonly errors: readonly RowError[];
}

const refused = (row: number, field: string, code: ErrorCode, hint: string): ReadExecutions => ({
  executions: [],
  errors: [rowError({ row, field }, code, '', hint)],
});

/** A text with a blank between several values; anything else is left to the reader of a value. */
const valuesOf = (value: unknown): readonly unknown[] =>
  typeof value === 'string' ? value.split(' ') : [value];

function readFills(quantity: unknown, price: unknown, row: number): ReadExecutions {
  const prices = valuesOf(price);
  const quantities = valuesOf(quantity);
  if (prices.length !== quantities.length) {
    return refused(row, 'price', 'OUT_OF_RANGE', 'As many prices as quantities.');
  }
  return readAll(
    quantities.map((each, at) => ({ quantity: each, price: prices[at] })),
    { row, field: 'quantity' },
  );
}

function readExecutions(list: unknown, row: number): ReadExecutions {
  const hint = `A list of 1 to ${MOST_EXECUTIONS} objects.`;
  const isList = Array.isArray(list) && list.length > 0;
  const isObject = (each: unknown): each is RawRow =>
    typeof each === 'object' && each !== null && !Array.isArray(each);
  if (!isList || !list.every(isObject)) return refused(row, 'executions', 'BAD_REQUEST', hint);
  return readAll(list, { row, field: 'executions' });
}

function readAll(
  raws: readonly RawRow[],
  at: { readonly row: number; readonly field: string },
): ReadExecutions {
  if (raws.length > MOST_EXECUTIONS) {
    return refused(at.row, at.field, 'OUT_OF_RANGE', `At most ${MOST_EXECUTIONS} executions.`);
  }
  const errors: RowError[] = [];
  const executions = raws.map((raw) => {
    const reader = new RowReader(raw, at.row);
    const execution = { quantity: reader.positive('quantity'), price: reader.positive('price') };
    reader.refuseOthers();
    errors.push(...reader.errors);
    return execution;
  });
  return { executions, errors };
}
