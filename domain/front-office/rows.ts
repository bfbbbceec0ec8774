import type { BusinessDate } from '../calendar/business-date.ts';
import type { DecimalString } from '../money/decimal.ts';
import {
  ACCOUNT_KINDS,
  ACCOUNT_STATUSES,
  INSTRUMENT_TYPES,
  SIDES,
  type AccountKind,
  type AccountStatus,
  type InstrumentType,
  type Side,
  type TradeStage,
} from '../trades/trade.ts';
import { isSupplementId } from '../supplements/supplement.ts';
import { marketOfInstrumentId } from './instrument-id.ts';
import { RowReader, type RawRow, type RowError } from './row-reader.ts';
import { readStage } from './trade-stage.ts';

export interface MarketFacts {
  readonly currency: string;
  /** What a calendar on the wall of the market shows now, by the clock port. */
  readonly today: BusinessDate;
  /**
   * The first trade date that the next ledger date still takes, so that nothing waits for a ledger
   * date that will pass it over. Undefined before the first ledger date.
   */
  readonly earliestTradeDate: BusinessDate | undefined;
}

/** What rows are checked against; some dozens of entries, read once a request. */
export interface FrontOfficeFacts {
  readonly markets: ReadonlyMap<string, MarketFacts>;
  /** Settlement channel → its market. */
  readonly channels: ReadonlyMap<string, string>;
}

/** When the front office recorded a version; null = it did not say: see `timed` in intake.ts. */
interface Recorded {
  readonly version: number;
  readonly recordedAt: string | null;
}

export interface OrderRow extends Recorded {
  readonly orderId: string;
  readonly accountNo: string;
  readonly instrumentId: string;
  /** Follows from the instrument id. */
  readonly market: string;
  readonly side: Side;
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly quantity: DecimalString;
  readonly cancelled: boolean;
  readonly stage: TradeStage;
  /** The order of an execution management system that this one is a part of, if it is of one. */
  readonly emsOrderNo: string | null;
}

export interface ExecutionRow extends Recorded {
  readonly executionId: string;
  readonly orderId: string;
  readonly tradeDate: BusinessDate;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
  readonly cancelled: boolean;
  readonly executedAt: string;
}

export interface AccountRow extends Recorded {
  readonly accountNo: string;
  readonly kind: AccountKind;
  readonly status: AccountStatus;
  readonly openedOn: BusinessDate;
  readonly closedOn: BusinessDate | null;
}

export interface InstrumentRow extends Recorded {
  readonly instrumentId: string;
  readonly market: string;
  readonly type: InstrumentType;
  readonly name: string;
  readonly currency: string;
  readonly lotSize: number;
  readonly stampDutyExempt: boolean;
}

export type ReadRow<Row> =
  | { readonly ok: true; readonly row: Row }
  | { readonly ok: false; readonly errors: readonly RowError[] };

function outcome<Row>(reader: RowReader, row: Row): ReadRow<Row> {
  reader.refuseOthers();
  return reader.errors.length === 0 ? { ok: true, row } : { ok: false, errors: reader.errors };
}

/** A million is beyond any correction of one order, and still fits every column. */
const VERSIONS = { from: 1, to: 1_000_000 };

const recordedOf = (reader: RowReader): Recorded => ({
  version: reader.whole('version', VERSIONS),
  recordedAt: reader.optionalInstant('recordedAt') ?? null,
});

/** The market of an instrument id, when its form and market are known; else an error of the row. */
function knownMarket(reader: RowReader, field: string, id: string, facts: FrontOfficeFacts) {
  const market = marketOfInstrumentId(id);
  if (market === undefined) {
    if (id !== '') reader.refuse(field, 'UNKNOWN_INSTRUMENT', 'Its form is TYPE/MARKET/CODE.');
  } else if (!facts.markets.has(market)) {
    reader.refuse(field, 'UNKNOWN_MARKET');
  }
  return market ?? '';
}

/** An id that the front office hands out; two trades under one id would be taken for one. */
function ownId(reader: RowReader, field: string): string {
  const id = reader.id(field);
  if (isSupplementId(id)) reader.refuse(field, 'ID_RESERVED');
  return id;
}

/**
 * An order of the front office. An instrument that nobody knows yet is accepted when its id names a
 * known market: sync lists its trades as exceptions.
 */
export function readOrder(raw: RawRow, row: number, facts: FrontOfficeFacts): ReadRow<OrderRow> {
  const reader = new RowReader(raw, row);
  const instrumentId = reader.id('instrumentId');
  const market = knownMarket(reader, 'instrumentId', instrumentId, facts);
  const settlementChannel = reader.id('settlementChannel');
  // Without a known market there is nothing to compare the channel with.
  const isKnown = facts.markets.has(market) && settlementChannel !== '';
  if (isKnown && facts.channels.get(settlementChannel) !== market) {
    reader.refuse('settlementChannel', 'UNKNOWN_SETTLEMENT_CHANNEL');
  }
  return outcome(reader, {
    orderId: ownId(reader, 'orderId'),
    ...recordedOf(reader),
    accountNo: reader.id('accountNo'),
    instrumentId,
    market,
    side: reader.oneOf('side', SIDES),
    orderChannel: reader.whole('orderChannel', { from: 0, to: 9 }),
    settlementChannel,
    quantity: reader.positive('quantity'),
    cancelled: reader.flag('cancelled', false),
    stage: readStage(reader, instrumentId),
    emsOrderNo: reader.optionalId('emsOrderNo') ?? null,
  });
}

/** An execution. Its order, and so its market and the day there, is checked by checkExecution. */
export function readExecution(raw: RawRow, row: number): ReadRow<ExecutionRow> {
  const reader = new RowReader(raw, row);
  return outcome(reader, {
    executionId: ownId(reader, 'executionId'),
    ...recordedOf(reader),
    orderId: reader.id('orderId'),
    tradeDate: reader.day('tradeDate'),
    quantity: reader.positive('quantity'),
    price: reader.positive('price'),
    cancelled: reader.flag('cancelled', false),
    executedAt: reader.instant('executedAt'),
  });
}

/** An account of a client. A closed one needs its closing day, and only a closed one has it. */
export function readAccount(raw: RawRow, row: number): ReadRow<AccountRow> {
  const reader = new RowReader(raw, row);
  const account = {
    accountNo: reader.id('accountNo'),
    ...recordedOf(reader),
    kind: reader.oneOf('kind', ACCOUNT_KINDS),
    status: reader.oneOf('status', ACCOUNT_STATUSES),
    openedOn: reader.day('openedOn'),
    closedOn: reader.optionalDay('closedOn') ?? null,
  };
  if (account.status === 'CLOSED' && account.closedOn === null) {
    reader.refuse('closedOn', 'VALUE_MISSING', 'A closed account has a closing day.');
  } else if (account.closedOn !== null) {
    if (account.status !== 'CLOSED' || account.closedOn < account.openedOn) {
      reader.refuse('closedOn', 'OUT_OF_RANGE', 'Of closed accounts only, not before openedOn.');
    }
  }
  return outcome(reader, account);
}

/** An instrument. Its currency must be the one that its market trades in. */
export function readInstrument(
  raw: RawRow,
  row: number,
  facts: FrontOfficeFacts,
): ReadRow<InstrumentRow> {
  const reader = new RowReader(raw, row);
  const instrumentId = reader.id('instrumentId');
  const market = knownMarket(reader, 'instrumentId', instrumentId, facts);
  const currency = reader.id('currency');
  const expected = facts.markets.get(market)?.currency;
  if (expected !== undefined && currency !== '' && currency !== expected) {
    reader.refuse('currency', 'NOT_IN_ENUM', `This market trades in ${expected}.`);
  }
  return outcome(reader, {
    instrumentId,
    ...recordedOf(reader),
    market,
    type: reader.oneOf('type', INSTRUMENT_TYPES),
    name: reader.name('name'),
    currency,
    lotSize: reader.whole('lotSize', { from: 1, to: 100_000_000 }),
    stampDutyExempt: reader.flag('stampDutyExempt', false),
  });
}
