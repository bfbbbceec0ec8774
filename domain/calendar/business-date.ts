import type { Brand } from '../brand.ts';
import { ClearingError } from '../errors/clearing-error.ts';

/** A calendar day in a market's own calendar, `YYYY-MM-DD`. Not an instant; it has no time zone. */
export type BusinessDate = Brand<string, 'BusinessDate'>;

const DAY_MS = 86_400_000;

/**
 * Throws NOT_A_CALENDAR_DAY unless the text is an existing day: one that survives a round trip, in
 * a year from 0001 on, since no calendar has a year 0.
 */
export function parseBusinessDate(text: string): BusinessDate {
  const instant = new Date(`${text}T00:00:00Z`);
  const exists =
    /^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text) &&
    !Number.isNaN(instant.getTime()) &&
    instant.toISOString().startsWith(text);
  if (!exists) throw new ClearingError('NOT_A_CALENDAR_DAY', { text });
  return text as BusinessDate;
}

const epochDay = (day: BusinessDate): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

/** The calendar day `days` later (earlier when negative); weekends count. */
export const addDays = (day: BusinessDate, days: number): BusinessDate =>
  new Date((epochDay(day) + days) * DAY_MS).toISOString().slice(0, 10) as BusinessDate;

export const isWeekend = (day: BusinessDate): boolean => {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday === 0 || weekday === 6;
};

/** The day that a clock on the wall of `timeZone` (IANA) shows at this instant. */
export function dayInZone(instant: Date, timeZone: string): BusinessDate {
  const text = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(instant);
  return parseBusinessDate(text);
}
