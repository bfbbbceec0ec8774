import type { BusinessDate } from './business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';

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
