import { addDays, type BusinessDate } from '../calendar/business-date.ts';
import { previousOpen, type DayCalendar } from '../calendar/day-calendar.ts';

/** The trade dates of one market that a ledger date takes. All ends belong to the ranges. */
export interface TradeWindow {
  readonly market: string;
  /** Trade dates whose ledger date this is. */
  readonly from: BusinessDate;
  readonly to: BusinessDate;
  /** Trade dates from here to `from` belong to an earlier ledger date; what it missed is late. */
  readonly lateFrom: BusinessDate;
}

/** How many ledger dates back a trade may arrive and still be cleared (迟到成交). */
export const LATE_LEDGER_DATES = 10;

/** The first trade date that a ledger date books: the day after those of the ledger date before. */
function firstTradeDate(overnight: boolean, ledgerDate: BusinessDate, union: DayCalendar) {
  const before = previousOpen(union, ledgerDate);
  return overnight ? before : addDays(before, 1);
}

/**
 * The first trade date of a market that can still be cleared (迟到成交) when `oldest` is the earliest
 * ledger date whose missed trades count. Throws CALENDAR_MISSING.
 */
export const earliestTradeDate = (
  market: { readonly overnight: boolean },
  oldest: BusinessDate,
  union: DayCalendar,
): BusinessDate => firstTradeDate(market.overnight, oldest, union);

/**
 * The inverse of ledgerDateOf, as ranges of calendar days. `oldest` is the earliest ledger date
 * whose missed trades still count: the date itself where there was none before. Throws
 * CALENDAR_MISSING.
 */
export function tradeWindow(
  market: { readonly market: string; readonly overnight: boolean },
  ledgerDate: BusinessDate,
  oldest: BusinessDate,
  union: DayCalendar,
): TradeWindow {
  return {
    market: market.market,
    from: firstTradeDate(market.overnight, ledgerDate, union),
    to: market.overnight ? addDays(ledgerDate, -1) : ledgerDate,
    lateFrom: earliestTradeDate(market, oldest, union),
  };
}
