import type { BusinessDate } from './business-date.ts';
import {
  addOpenDays,
  isOpen,
  nextOpen,
  openOnOrAfter,
  previousOpen,
  unionCalendar,
  type DayCalendar,
} from './day-calendar.ts';

/** What the ledger needs to know of a market. */
export interface LedgerMarket {
  /** True when the session of a day ends in our next ledger date (New York seen from Hong Kong). */
  readonly overnight: boolean;
  readonly trading: DayCalendar;
}

/** Ledger dates: the days on which at least one market trades. */
export const ledgerCalendar = (markets: readonly LedgerMarket[]): DayCalendar =>
  unionCalendar(
    'ledger',
    markets.map((market) => market.trading),
  );

/**
 * The ledger date (账务日期) that books a trade date, or a settlement date, of a market. The day
 * itself in a normal market, moved on when it is no ledger date; in an overnight market the first
 * ledger date strictly after the day, so Friday's session belongs to Monday. Throws
 * CALENDAR_MISSING.
 */
export const ledgerDateOf = (
  market: Pick<LedgerMarket, 'overnight'>,
  day: BusinessDate,
  union: DayCalendar,
): BusinessDate => (market.overnight ? nextOpen(union, day) : openOnOrAfter(union, day));

/** The day that a ledger date would clear if the market were open on it. */
const candidateOf = (market: LedgerMarket, ledgerDate: BusinessDate, union: DayCalendar) =>
  market.overnight ? previousOpen(union, ledgerDate) : ledgerDate;

/**
 * The trade date that a ledger date clears in this market, or undefined when the market was closed
 * then. `ledgerDate` must be a ledger date. Throws CALENDAR_MISSING.
 */
export function tradeDateOf(
  market: LedgerMarket,
  ledgerDate: BusinessDate,
  union: DayCalendar,
): BusinessDate | undefined {
  const candidate = candidateOf(market, ledgerDate, union);
  return isOpen(market.trading, candidate) ? candidate : undefined;
}

/** As tradeDateOf, but the last trading day before it when the market was closed. */
export function lastTradeDateOf(
  market: LedgerMarket,
  ledgerDate: BusinessDate,
  union: DayCalendar,
): BusinessDate {
  const candidate = candidateOf(market, ledgerDate, union);
  return isOpen(market.trading, candidate) ? candidate : previousOpen(market.trading, candidate);
}

/** How far back the trade date of a supplement may lie (历史补单), in trading days of its market. */
export const SUPPLEMENT_TRADING_DAYS = 5;

/** The oldest trade date that a supplement booked on this ledger date may have. */
export const earliestSupplementTradeDate = (
  market: LedgerMarket,
  ledgerDate: BusinessDate,
  union: DayCalendar,
): BusinessDate =>
  addOpenDays(market.trading, lastTradeDateOf(market, ledgerDate, union), -SUPPLEMENT_TRADING_DAYS);

export const nextLedgerDate = (union: DayCalendar, day: BusinessDate): BusinessDate =>
  nextOpen(union, day);

export const previousLedgerDate = (union: DayCalendar, day: BusinessDate): BusinessDate =>
  previousOpen(union, day);
