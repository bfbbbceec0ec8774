import type { DayCalendar } from '../domain/calendar/day-calendar.ts';
import { ledgerCalendar } from '../domain/calendar/ledger-date.ts';
import {
  marketCalendarsOf,
  type ClosureRow,
  type CoverageRow,
  type MarketCalendars,
  type SettlementCycleRow,
} from '../domain/calendar/market-calendars.ts';
import type { Tx } from './client.ts';
import {
  bankClosures,
  calendarClosures,
  calendarCoverage,
  markets,
  settlementCycles,
} from './schema/reference.ts';

/** A market with its calendars: what dates are decided from. */
export interface ClearingMarket extends MarketCalendars {
  readonly flow: string;
  readonly timeZone: string;
  readonly overnight: boolean;
  /** `HH:MM` in its time zone. */
  readonly closesAt: string;
}

export interface ClearingCalendar {
  readonly markets: readonly ClearingMarket[];
  readonly cycles: readonly SettlementCycleRow[];
  /** Ledger dates: the days on which at least one market trades. */
  readonly union: DayCalendar;
}

/** Reads every calendar and market rule. Small tables: some hundred rows in all. */
export async function loadClearingCalendar(tx: Tx): Promise<ClearingCalendar> {
  const marketRows = await tx.select().from(markets);
  const closures = await tx.select().from(calendarClosures);
  const bank = await tx.select().from(bankClosures);
  const coverage = await tx.select().from(calendarCoverage);
  const cycles = await tx.select().from(settlementCycles);

  const bankRows = marketRows.flatMap(({ market, currency }) =>
    bank
      .filter((row) => row.currency === currency)
      .map(({ day, reason }): ClosureRow => ({ market, kind: 'bank', day, reason })),
  );
  const byMarket = marketCalendarsOf({
    markets: marketRows,
    closures: [...closures, ...bankRows],
    coverage: coverage.map((row): CoverageRow => ({
      market: row.market,
      from: row.coveredFrom,
      to: row.coveredTo,
    })),
  });
  const full = marketRows.flatMap((row) => {
    const calendars = byMarket.get(row.market);
    return calendars ? [{ ...calendars, ...row }] : [];
  });
  return {
    markets: full,
    cycles: cycles.map((row) => ({
      ...row,
      instrumentType: row.instrumentType === '' ? null : row.instrumentType,
    })),
    union: ledgerCalendar(full),
  };
}

export const marketsOfFlow = (
  calendar: ClearingCalendar,
  flow: string,
): readonly ClearingMarket[] => calendar.markets.filter((market) => market.flow === flow);
