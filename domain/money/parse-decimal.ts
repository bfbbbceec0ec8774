import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal } from './decimal.ts';

const PLAIN_DECIMAL = /^-?\d+(\.\d+)?$/;

/** True for plain digits with an optional sign and fraction; no exponent, no blanks, no '+'. */
export const isDecimalText = (text: string): boolean => PLAIN_DECIMAL.test(text);

/** The exact value of a plain decimal text. Throws NOT_A_DECIMAL; `what` names the field. */
export function parseDecimal(text: string, what = 'value'): Decimal {
  if (!isDecimalText(text)) throw new ClearingError('NOT_A_DECIMAL', { what, text });
  return new Decimal(text);
}
