import { ClearingError } from '../errors/clearing-error.ts';
import type { BusinessDate } from './business-date.ts';
import type { DayCalendar } from './day-calendar.ts';
import { tradeDateOf, type LedgerMarket } from './ledger-date.ts';

/**
 * The instant of the cutoff (日切点) of a ledger date: the configured time (`HH:MM`) on that day in
 * Hong Kong, which is UTC+8 all year. Front-office rows recorded later belong to a later date.
 */
export function cutoffInstant(ledgerDate: BusinessDate, time: string): Date {
  const instant = new Date(`${ledgerDate}T${time}:00+08:00`);
  if (!/^\d{2}:\d{2}$/.test(time) || Number.isNaN(instant.getTime())) {
    throw new ClearingError('BAD_REQUEST', { field: 'cutoffTime', value: time });
  }
  return instant;
}

/** A market and when an ordinary session of it ends, `HH:MM` by the clock on its wall. */
export interface MarketSession extends LedgerMarket {
  readonly timeZone: string;
  readonly closesAt: string;
}

/**
 * The instant at which the last of these overnight markets has ended the session that a ledger date
 * clears; undefined when none of them held one. A short session counts as an ordinary one, so this
 * is never too early. Throws CALENDAR_MISSING.
 */
export function lastClose(
  markets: readonly MarketSession[],
  ledgerDate: BusinessDate,
  union: DayCalendar,
): Date | undefined {
  const closes = markets.flatMap((market) => {
    const tradeDate = tradeDateOf(market, ledgerDate, union);
    return tradeDate === undefined ? [] : [wallClock(tradeDate, market.closesAt, market.timeZone)];
  });
  return closes.length === 0 ? undefined : new Date(Math.max(...closes));
}

/** When a clock in `timeZone` (IANA) shows this day and time, in milliseconds. */
function wallClock(day: BusinessDate, time: string, timeZone: string): number {
  const shown = Date.parse(`${day}T${time}:00Z`);
  const guess = shown - offsetAt(shown, timeZone);
  // Asked again at the guess: the clocks may have changed between it and the first question.
  return shown - offsetAt(guess, timeZone);
}

/** How far a clock in `timeZone` is ahead of UTC, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  // Swedish writes instants in the manner of ISO 8601.
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(instant);
  return Date.parse(`${text.replace(' ', 'T')}Z`) - Math.floor(instant / 1000) * 1000;
}
