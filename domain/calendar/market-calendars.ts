import { parseBusinessDate, type BusinessDate } from './business-date.ts';
import type { DateRange, DayCalendar } from './day-calendar.ts';

/** When sessions are held, when the clearing house settles, when the currency's banks pay. */
export const CALENDAR_KINDS = ['trading', 'settlement', 'bank'] as const;
export type CalendarKind = (typeof CALENDAR_KINDS)[number];

/** Three calendars, never one: they differ in both directions (half days, bank holidays). */
export interface MarketCalendars {
  readonly market: string;
  readonly currency: string;
  readonly trading: DayCalendar;
  readonly settlement: DayCalendar;
  readonly bank: DayCalendar;
}

/** A weekday on which one calendar of a market is closed. */
export interface ClosureRow {
  readonly market: string;
  readonly kind: CalendarKind;
  readonly day: string;
  readonly reason: string;
}

export interface CoverageRow {
  readonly market: string;
  readonly from: string;
  readonly to: string;
}

/** For people: a short session still trades, and says nothing about settlement by itself. */
export interface SessionRow {
  readonly market: string;
  readonly day: string;
  readonly session: 'half-day' | 'early-close';
  readonly closesAt: string;
}

/** The content of db/seed/calendars.json. */
export interface CalendarFile {
  readonly markets: readonly { readonly market: string; readonly currency: string }[];
  readonly coverage: readonly CoverageRow[];
  readonly closures: readonly ClosureRow[];
  readonly sessions: readonly SessionRow[];
  readonly settlementCycles: readonly SettlementCycleRow[];
}

/** One row of dated data: T + days of a market, or of one instrument type of it. */
export interface SettlementCycleRow {
  readonly market: string;
  readonly instrumentType: string | null;
  readonly effectiveFrom: string;
  readonly securitiesDays: number;
  readonly cashDays: number;
}

function calendarOf(
  file: Pick<CalendarFile, 'coverage' | 'closures'>,
  market: string,
  kind: CalendarKind,
): DayCalendar {
  const coverage: DateRange[] = file.coverage
    .filter((row) => row.market === market)
    .map((row) => ({ from: parseBusinessDate(row.from), to: parseBusinessDate(row.to) }));
  const closed = new Set<BusinessDate>(
    file.closures
      .filter((row) => row.market === market && row.kind === kind)
      .map((row) => parseBusinessDate(row.day)),
  );
  return { id: `${market}-${kind}`, coverage, closed };
}

/** The calendars of every market of the file, by market. Throws NOT_A_CALENDAR_DAY on bad rows. */
export function marketCalendarsOf(
  file: Pick<CalendarFile, 'markets' | 'coverage' | 'closures'>,
): ReadonlyMap<string, MarketCalendars> {
  return new Map(
    file.markets.map(({ market, currency }) => [
      market,
      {
        market,
        currency,
        trading: calendarOf(file, market, 'trading'),
        settlement: calendarOf(file, market, 'settlement'),
        bank: calendarOf(file, market, 'bank'),
      },
    ]),
  );
}
