import { ClearingError } from '../errors/clearing-error.ts';
import { addDays, isWeekend, type BusinessDate } from './business-date.ts';

/** Both ends belong to it. */
export interface DateRange {
  readonly from: BusinessDate;
  readonly to: BusinessDate;
}

/**
 * Monday to Friday without `closed`, known only inside `coverage`. Whoever asks about a day outside
 * of it gets CALENDAR_MISSING: a guessed calendar settles money on a holiday.
 */
export interface DayCalendar {
  readonly id: string;
  readonly coverage: readonly DateRange[];
  readonly closed: ReadonlySet<BusinessDate>;
}

export const covers = (calendar: DayCalendar, day: BusinessDate): boolean =>
  calendar.coverage.some((range) => range.from <= day && day <= range.to);

/** Throws CALENDAR_MISSING with the calendar and the day. */
export function isOpen(calendar: DayCalendar, day: BusinessDate): boolean {
  if (!covers(calendar, day)) {
    throw new ClearingError('CALENDAR_MISSING', { calendar: calendar.id, day });
  }
  return !isWeekend(day) && !calendar.closed.has(day);
}

function walk(calendar: DayCalendar, start: BusinessDate, step: 1 | -1): BusinessDate {
  let day = start;
  while (!isOpen(calendar, day)) day = addDays(day, step);
  return day;
}

/** The first open day after `day`; `day` itself need not be open. Throws CALENDAR_MISSING. */
export const nextOpen = (calendar: DayCalendar, day: BusinessDate): BusinessDate =>
  walk(calendar, addDays(day, 1), 1);

/** The last open day before `day`. Throws CALENDAR_MISSING. */
export const previousOpen = (calendar: DayCalendar, day: BusinessDate): BusinessDate =>
  walk(calendar, addDays(day, -1), -1);

/** `day` when it is open, else the first open day after it. Throws CALENDAR_MISSING. */
export const openOnOrAfter = (calendar: DayCalendar, day: BusinessDate): BusinessDate =>
  walk(calendar, day, 1);

/**
 * The open day that lies `count` open days after `day` (before it when negative); `day` itself is
 * not counted and need not be open. Zero returns `day` unchanged. Throws CALENDAR_MISSING.
 */
export function addOpenDays(calendar: DayCalendar, day: BusinessDate, count: number): BusinessDate {
  let reached = day;
  for (let left = Math.abs(count); left > 0; left -= 1) {
    reached = count > 0 ? nextOpen(calendar, reached) : previousOpen(calendar, reached);
  }
  return reached;
}

const overlap = (a: DateRange, b: DateRange): DateRange[] => {
  const from = a.from > b.from ? a.from : b.from;
  const to = a.to < b.to ? a.to : b.to;
  return from <= to ? [{ from, to }] : [];
};

/** Open when at least one member is; known where every member is known. */
export function unionCalendar(id: string, members: readonly DayCalendar[]): DayCalendar {
  const [first, ...others] = members;
  if (first === undefined) throw new ClearingError('CALENDAR_MISSING', { calendar: id });
  let { coverage } = first;
  let closed: ReadonlySet<BusinessDate> = first.closed;
  for (const member of others) {
    coverage = coverage.flatMap((range) =>
      member.coverage.flatMap((other) => overlap(range, other)),
    );
    closed = new Set([...closed].filter((day) => member.closed.has(day)));
  }
  return { id, coverage, closed };
}
