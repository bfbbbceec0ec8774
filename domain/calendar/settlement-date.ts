import { ClearingError } from '../errors/clearing-error.ts';
import { addDays, type BusinessDate } from './business-date.ts';
import { addOpenDays, covers, isOpen, type DayCalendar } from './day-calendar.ts';
import type { MarketCalendars, SettlementCycleRow } from './market-calendars.ts';

export interface SettlementQuestion {
  readonly tradeDate: BusinessDate;
  /** The N of T+N. */
  readonly days: number;
  readonly settlement: DayCalendar;
  readonly bank: DayCalendar;
}

/**
 * Counts N settlement days from the trade date, which is not counted and may itself be no
 * settlement day (a half day in Hong Kong, a bank holiday in New York), then moves on to the first
 * day that both the clearing house and the currency's banks work. Throws CALENDAR_MISSING.
 */
export function settlementDate(question: SettlementQuestion): BusinessDate {
  const { tradeDate, days, settlement, bank } = question;
  if (!covers(settlement, tradeDate)) {
    throw new ClearingError('CALENDAR_MISSING', { calendar: settlement.id, day: tradeDate });
  }
  let day = addOpenDays(settlement, tradeDate, days);
  while (!isOpen(settlement, day) || !isOpen(bank, day)) day = addDays(day, 1);
  return day;
}

/**
 * The cycle in force on a trade date: a row of the instrument type beats the market's general row,
 * then the latest `effectiveFrom` wins. Throws MARKET_RULE_MISSING when there is none.
 */
export function settlementCycleOf(
  cycles: readonly SettlementCycleRow[],
  wanted: {
    readonly market: string;
    readonly instrumentType: string | null;
    readonly tradeDate: BusinessDate;
  },
): SettlementCycleRow {
  let best: SettlementCycleRow | undefined;
  for (const row of cycles) {
    const fits =
      row.market === wanted.market &&
      (row.instrumentType === null || row.instrumentType === wanted.instrumentType) &&
      row.effectiveFrom <= wanted.tradeDate;
    if (fits && (best === undefined || isStronger(row, best))) best = row;
  }
  if (best === undefined) {
    throw new ClearingError('MARKET_RULE_MISSING', { rule: 'settlementCycle', ...wanted });
  }
  return best;
}

function isStronger(row: SettlementCycleRow, best: SettlementCycleRow): boolean {
  const rowIsSpecial = row.instrumentType !== null;
  const bestIsSpecial = best.instrumentType !== null;
  return rowIsSpecial === bestIsSpecial ? row.effectiveFrom > best.effectiveFrom : rowIsSpecial;
}

/**
 * Both settlement dates of a trade; they differ where a market delivers and pays on different days.
 * Throws CALENDAR_MISSING or MARKET_RULE_MISSING.
 */
export function settlementDatesOf(
  calendars: MarketCalendars,
  cycles: readonly SettlementCycleRow[],
  trade: { readonly instrumentType: string | null; readonly tradeDate: BusinessDate },
): { readonly securities: BusinessDate; readonly cash: BusinessDate } {
  const cycle = settlementCycleOf(cycles, { market: calendars.market, ...trade });
  const on = (days: number): BusinessDate =>
    settlementDate({
      tradeDate: trade.tradeDate,
      days,
      settlement: calendars.settlement,
      bank: calendars.bank,
    });
  const cash = on(cycle.cashDays);
  return {
    cash,
    securities: cycle.securitiesDays === cycle.cashDays ? cash : on(cycle.securitiesDays),
  };
}
