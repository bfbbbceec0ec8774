import { marketOfInstrumentId } from '../front-office/instrument-id.ts';
import { RowReader, type RawRow } from '../front-office/row-reader.ts';
import type { ReadRow } from '../front-office/rows.ts';
import type { DecimalString } from '../money/decimal.ts';
import { SIDES, type Side } from '../trades/trade.ts';

/**
 * One trade as a counterparty reports it. Absent ids are '' (a file need not carry all of them).
 */
export interface TradeFileRow {
  readonly serial: string;
  readonly orderId: string;
  readonly settlementAccount: string;
  readonly instrumentId: string;
  readonly currency: string;
  readonly side: Side;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
  /** As the file says; it need not be quantity times price. */
  readonly amount: DecimalString;
}

/** The exact header of a counterparty trade file. */
export const TRADE_FILE_COLUMNS = [
  'serial',
  'order_id',
  'settlement_account',
  'instrument_id',
  'currency',
  'side',
  'quantity',
  'price',
  'amount',
] as const;

/**
 * Reads one row of a file of `market`. The id that its channel is matched by must be there; the
 * others may be absent. An instrument that we do not know is kept: the check shows it.
 */
export function readTradeFileRow(
  raw: RawRow,
  row: number,
  file: { readonly market: string; readonly matchMode: string },
): ReadRow<TradeFileRow> {
  const reader = new RowReader(raw, row);
  const instrumentId = reader.id('instrumentId');
  if (instrumentId !== '' && marketOfInstrumentId(instrumentId) !== file.market) {
    reader.refuse('instrumentId', 'UNKNOWN_INSTRUMENT', `Its form is TYPE/${file.market}/CODE.`);
  }
  const id = (field: string, isNeeded: boolean): string =>
    isNeeded ? reader.id(field) : (reader.optionalId(field) ?? '');
  const read: TradeFileRow = {
    serial: id('serial', file.matchMode === 'execution'),
    orderId: id('orderId', file.matchMode === 'order'),
    settlementAccount: id('settlementAccount', false),
    instrumentId,
    currency: reader.id('currency'),
    side: reader.oneOf('side', SIDES),
    quantity: reader.positive('quantity'),
    price: reader.positive('price'),
    amount: reader.positive('amount'),
  };
  return reader.errors.length === 0
    ? { ok: true, row: read }
    : { ok: false, errors: reader.errors };
}
