import type { Refusal } from '../clearing/guards.ts';
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

/** How long a maker may take between the time that they mean and their click. */
const HINDSIGHT_MS = 15 * 60_000;

/**
 * The cutoff that somebody asks for early (提前日切): now unless they say when. Throws OUT_OF_RANGE
 * for one that lies further back than it takes to write a request, since what was recorded after it
 * has been believed to belong to the date.
 */
export function askedCutoff(cutoffAt: string | undefined, now: Date): Date {
  const asked = cutoffAt === undefined ? now : new Date(cutoffAt);
  const earliest = new Date(now.getTime() - HINDSIGHT_MS);
  if (asked < earliest) {
    throw new ClearingError('OUT_OF_RANGE', {
      field: 'cutoffAt',
      value: asked.toISOString(),
      earliest: earliest.toISOString(),
    });
  }
  return asked;
}

/** What an early cutoff depends on. */
export interface CutoffFacts {
  readonly isOpenDate: boolean;
  readonly cutoffAt: Date;
  readonly now: Date;
  /** Flows that wait for the cutoff and whose first step has begun: it read the rows by it. */
  readonly begunFlows: readonly string[];
}

/** Why the cutoff of a ledger date cannot move to `asked`; undefined when it can. */
export function earlyCutoffRefusal(asked: Date, facts: CutoffFacts): Refusal | undefined {
  const { isOpenDate, cutoffAt, now, begunFlows } = facts;
  if (!isOpenDate) return { code: 'LEDGER_DATE_NOT_CURRENT', details: {} };
  if (cutoffAt <= now || begunFlows.length > 0) {
    return { code: 'CUTOFF_REACHED', details: { cutoffAt: cutoffAt.toISOString(), begunFlows } };
  }
  return asked < cutoffAt
    ? undefined
    : {
        code: 'OUT_OF_RANGE',
        details: { field: 'cutoffAt', value: asked.toISOString(), before: cutoffAt.toISOString() },
      };
}
