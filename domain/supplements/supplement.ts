import type { BusinessDate } from '../calendar/business-date.ts';
import { isOpen, type DayCalendar } from '../calendar/day-calendar.ts';
import {
  earliestSupplementTradeDate,
  ledgerDateOf,
  SUPPLEMENT_TRADING_DAYS,
  type LedgerMarket,
} from '../calendar/ledger-date.ts';
import type { MarketCalendars } from '../calendar/market-calendars.ts';
import { isBusy, statusOf, type FlowState } from '../clearing/flow-state.ts';
import type { Refusal } from '../clearing/guards.ts';
import { isDone } from '../clearing/steps.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import type { ErrorCode } from '../errors/error-catalogue.ts';
import { rowError, RowReader, type RawRow, type RowError } from '../front-office/row-reader.ts';
import type { DecimalString } from '../money/decimal.ts';
import { readStage } from '../front-office/trade-stage.ts';
import { SIDES, type Side, type TradeStage } from '../trades/trade.ts';

/** Back office, the channel of a supplement that names none. */
export const BACK_OFFICE_CHANNEL = 1;
const MOST_EXECUTIONS = 1_000;

export interface SupplementExecution {
  /** The number that the counterparty knows the execution by; null = it has none. */
  readonly serial: string | null;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
}

/** A trade that the back office enters by hand (后台补单): one order with its executions. */
export interface Supplement {
  readonly ledgerDate: BusinessDate;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  /** Overrides of the market's T+N; null = T+N. */
  readonly cashSettlementDate: BusinessDate | null;
  readonly securitiesSettlementDate: BusinessDate | null;
  readonly stage: TradeStage;
  readonly executions: readonly SupplementExecution[];
}

const ID_PREFIX = 'SUP-';

/** The order id under which a supplement is cleared. */
export const supplementOrderId = (supplementId: number): string => `${ID_PREFIX}${supplementId}`;

/** True for ids of supplements and their executions, which no front office may hand out. */
export const isSupplementId = (id: string): boolean => id.startsWith(ID_PREFIX);

export type ReadSupplement =
  | { readonly ok: true; readonly supplement: Supplement }
  | { readonly ok: false; readonly errors: readonly RowError[] };

/** Reads what was entered. Errors of row 0 are of the supplement, of row n of its nth execution. */
export function readSupplement(raw: RawRow): ReadSupplement {
  const { executions: list, ...head } = raw;
  const reader = new RowReader(head, 0);
  const tradeDate = reader.day('tradeDate');
  const settlementDay = (field: string): BusinessDate | null => {
    const day = reader.optionalDay(field) ?? null;
    if (day !== null && day < tradeDate) {
      reader.refuse(field, 'OUT_OF_RANGE', 'Not before the trade date.');
    }
    return day;
  };
  const hasChannel = head['orderChannel'] !== undefined;
  const names = {
    ledgerDate: reader.day('ledgerDate'),
    accountNo: reader.id('accountNo'),
    instrumentId: reader.id('instrumentId'),
  };
  const supplement = {
    ...names,
    side: reader.oneOf('side', SIDES),
    orderChannel: hasChannel
      ? reader.whole('orderChannel', { from: 0, to: 9 })
      : BACK_OFFICE_CHANNEL,
    settlementChannel: reader.id('settlementChannel'),
    tradeDate,
    cashSettlementDate: settlementDay('cashSettlementDate'),
    securitiesSettlementDate: settlementDay('securitiesSettlementDate'),
    stage: readStage(reader, names.instrumentId),
  };
  reader.refuseOthers();
  const read = readExecutions(list);
  const errors = [...reader.errors, ...read.errors];
  return errors.length === 0
    ? { ok: true, supplement: { ...supplement, executions: read.executions } }
    : { ok: false, errors };
}

function readExecutions(list: unknown): {
  readonly executions: readonly SupplementExecution[];
  readonly errors: readonly RowError[];
} {
  const wrong = listFault(list);
  if (wrong !== undefined || !Array.isArray(list)) {
    const hint = `A list of 1 to ${MOST_EXECUTIONS}.`;
    const at = { row: 0, field: 'executions' };
    return { executions: [], errors: [rowError(at, wrong ?? 'BAD_REQUEST', list ?? '', hint)] };
  }
  const errors: RowError[] = [];
  const seen = new Set<string>();
  const executions = list.flatMap((raw: unknown, index) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      const at = { row: index + 1, field: 'executions' };
      errors.push(rowError(at, 'BAD_REQUEST', raw, 'Each is an object.'));
      return [];
    }
    const reader = new RowReader(raw as RawRow, index + 1);
    const serial = reader.optionalId('serial') ?? null;
    if (serial !== null && seen.has(serial)) reader.refuse('serial', 'DUPLICATE_SERIAL');
    if (serial !== null) seen.add(serial);
    const quantity = reader.positive('quantity');
    const price = reader.positive('price');
    reader.refuseOthers();
    errors.push(...reader.errors);
    return [{ serial, quantity, price }];
  });
  return { executions, errors };
}

/** What is wrong with the list of executions as such. */
function listFault(list: unknown): ErrorCode | undefined {
  if (list === undefined || list === null) return 'VALUE_MISSING';
  if (!Array.isArray(list)) return 'BAD_REQUEST';
  if (list.length === 0) return 'VALUE_MISSING';
  return list.length > MOST_EXECUTIONS ? 'OUT_OF_RANGE' : undefined;
}

/**
 * Checks the trade date against the market's sessions: one that was held, at most five trading days
 * back, counted from the market's own trade date of the ledger date, and none that a later ledger
 * date books. `today` is the market's day by the clock. Throws FUTURE_TRADE_DATE,
 * TRADE_DATE_TOO_OLD, TRADE_DATE_CLOSED or CALENDAR_MISSING.
 */
export function assertSupplementTradeDate(
  tradeDate: BusinessDate,
  at: {
    readonly market: LedgerMarket;
    readonly ledgerDate: BusinessDate;
    readonly union: DayCalendar;
    readonly today: BusinessDate;
  },
): void {
  const { market, ledgerDate, union, today } = at;
  if (tradeDate > today || ledgerDateOf(market, tradeDate, union) > ledgerDate) {
    throw new ClearingError('FUTURE_TRADE_DATE', { tradeDate, today, ledgerDate });
  }
  const earliest = earliestSupplementTradeDate(market, ledgerDate, union);
  if (tradeDate < earliest) {
    const limit = { earliest, tradingDays: SUPPLEMENT_TRADING_DAYS };
    throw new ClearingError('TRADE_DATE_TOO_OLD', { tradeDate, ...limit });
  }
  if (!isOpen(market.trading, tradeDate)) {
    throw new ClearingError('TRADE_DATE_CLOSED', { tradeDate });
  }
}

const HINTS = {
  cashSettlementDate: 'A day on which the banks of the currency work.',
  securitiesSettlementDate: 'A day on which the clearing house settles.',
} as const;

/** Checks the settlement dates that a supplement names itself, and lists each that cannot be kept. */
export function settlementDateErrors(
  supplement: Pick<Supplement, 'cashSettlementDate' | 'securitiesSettlementDate'>,
  market: Pick<LedgerMarket, 'overnight'> & Pick<MarketCalendars, 'settlement' | 'bank'>,
  union: DayCalendar,
): RowError[] {
  const calendars = {
    cashSettlementDate: market.bank,
    securitiesSettlementDate: market.settlement,
  };
  return (Object.keys(HINTS) as (keyof typeof HINTS)[]).flatMap((field) => {
    const day = supplement[field];
    const fault = day === null ? undefined : dayFault(day, calendars[field], market, union);
    return fault === undefined ? [] : [rowError({ row: 0, field }, fault, day, HINTS[field])];
  });
}

/** Of a day that is closed, or one whose own or ledger date no calendar covers. */
function dayFault(
  day: BusinessDate,
  calendar: DayCalendar,
  market: Pick<LedgerMarket, 'overnight'>,
  union: DayCalendar,
): ErrorCode | undefined {
  try {
    const isBusinessDay = isOpen(calendar, day);
    ledgerDateOf(market, day, union);
    return isBusinessDay ? undefined : 'OUT_OF_RANGE';
  } catch (error) {
    if (error instanceof ClearingError) return error.code;
    throw error;
  }
}

/**
 * Why a supplement may not be entered or voided now; undefined when it may. The window is open
 * until billing has priced the trades of the flow; a revoke without ADD_TO_CLEARING keeps it
 * closed. A billing that failed priced nothing, so the supplement that made it fail can be taken
 * back.
 */
export function supplementRefusal(flow: FlowState): Refusal | undefined {
  const billing = statusOf(flow, 'billing');
  if (flow.tradesFrozen || isDone(billing)) {
    const { tradesFrozen } = flow;
    return {
      code: 'SUPPLEMENT_WINDOW_CLOSED',
      details: { flow: flow.flow, billing, tradesFrozen },
    };
  }
  return isBusy(flow.mode)
    ? {
        code: 'STEP_IN_PROGRESS',
        details: { flow: flow.flow, mode: flow.mode, hint: 'pause first' },
      }
    : undefined;
}
