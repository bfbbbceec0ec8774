import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { lockLedgerDate, openLedgerDateRow } from './ledger-dates.repository.ts';

/**
 * Locks a ledger date FOR SHARE for an edit of its facts, so that it cannot be cut meanwhile.
 * Throws LEDGER_DATE_NOT_CURRENT for any date but the open one, also for one that never was.
 */
export async function lockOpenLedgerDate(tx: Tx, ledgerDate: BusinessDate): Promise<BusinessDate> {
  const current = (await openLedgerDateRow(tx))?.ledgerDate;
  const isOpen =
    current === ledgerDate && (await lockLedgerDate(tx, ledgerDate, 'share')).status === 'OPEN';
  if (!isOpen) {
    throw new ClearingError('LEDGER_DATE_NOT_CURRENT', { ledgerDate, current: current ?? null });
  }
  return ledgerDate;
}
