import { parseBusinessDate, type BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';

/** Which stored fee row: the key of the table `fees`. */
export interface FeeKey {
  readonly ledgerDate: BusinessDate;
  readonly contractId: number;
  readonly line: number;
}

const FORM = /^(\d{4}-\d{2}-\d{2})\.(\d{1,15})\.(\d{1,4})$/;

/** The id by which people and other systems name a fee, like 2025-12-22.1042.3. Never reused. */
export const feeIdOf = ({ ledgerDate, contractId, line }: FeeKey): string =>
  `${ledgerDate}.${contractId}.${line}`;

/** Throws NOT_FOUND for a text that no fee can have, NOT_A_CALENDAR_DAY for a day that is none. */
export function parseFeeId(feeId: string): FeeKey {
  const [, day, contractId, line] = FORM.exec(feeId) ?? [];
  if (day === undefined) throw new ClearingError('NOT_FOUND', { feeId });
  return {
    ledgerDate: parseBusinessDate(day),
    contractId: Number(contractId),
    line: Number(line),
  };
}
