import { parseBusinessDate, type BusinessDate } from '../../domain/calendar/business-date.ts';

/** One session of one market, with the ledger date that books it. Times are UTC. */
export interface Session {
  readonly market: 'HK' | 'US';
  readonly tradeDate: BusinessDate;
  readonly ledgerDate: BusinessDate;
  /** Continuous trading; Hong Kong has a break for lunch. */
  readonly hours: readonly (readonly [from: string, to: string])[];
  /** How much of an ordinary session's business it does. */
  readonly share: number;
}

const HK_HOURS = [
  ['01:30', '04:00'],
  ['05:00', '08:00'],
] as const;
const HK_HALF_DAY_HOURS = [['01:30', '04:00']] as const;
const US_HOURS = [['14:30', '21:00']] as const;
const US_EARLY_CLOSE_HOURS = [['14:30', '18:00']] as const;

const session = (
  market: Session['market'],
  tradeDate: string,
  ledgerDate: string,
  hours: Session['hours'],
  share: number,
): Session => ({
  market,
  tradeDate: parseBusinessDate(tradeDate),
  ledgerDate: parseBusinessDate(ledgerDate),
  hours,
  share,
});

/** Opened with: cash and positions were carried in on this date. */
export const CARRIED_IN_ON = parseBusinessDate('2025-12-17');

/** Cleared elsewhere before the first ledger date; their contracts stand in the opening books. */
export const OPENING_SESSIONS: readonly Session[] = [
  session('US', '2025-12-17', '2025-12-18', US_HOURS, 0.2),
  session('HK', '2025-12-18', '2025-12-18', HK_HOURS, 0.2),
  session('US', '2025-12-18', '2025-12-19', US_HOURS, 0.2),
  session('HK', '2025-12-19', '2025-12-19', HK_HOURS, 0.2),
];

/**
 * The week of Christmas 2025: a half day in Hong Kong and an early close in New York on the 24th,
 * no market and no ledger date on the 25th, Hong Kong closed on the 26th. A New York session is
 * booked on the next ledger date, so that of the 24th waits for the 26th.
 */
export const SESSIONS: readonly Session[] = [
  session('US', '2025-12-19', '2025-12-22', US_HOURS, 1),
  session('HK', '2025-12-22', '2025-12-22', HK_HOURS, 1),
  session('US', '2025-12-22', '2025-12-23', US_HOURS, 1),
  session('HK', '2025-12-23', '2025-12-23', HK_HOURS, 1),
  session('US', '2025-12-23', '2025-12-24', US_HOURS, 1),
  session('HK', '2025-12-24', '2025-12-24', HK_HALF_DAY_HOURS, 0.6),
  session('US', '2025-12-24', '2025-12-26', US_EARLY_CLOSE_HOURS, 0.7),
  session('US', '2025-12-26', '2025-12-29', US_HOURS, 1),
  session('HK', '2025-12-29', '2025-12-29', HK_HOURS, 1),
];

export const LEDGER_DATES: readonly BusinessDate[] = [
  ...new Set(SESSIONS.map(({ ledgerDate }) => ledgerDate)),
];

export const FIRST_LEDGER_DATE: BusinessDate = parseBusinessDate('2025-12-22');
