import { ClearingError } from '../errors/clearing-error.ts';
import type { RowError } from './row-reader.ts';

/** How many errors an answer carries. */
export const SHOWN_ERRORS = 1_000;

/** Every error of the rows of a request; when all are of one kind it gives its own code. */
export function rowsRefused(errors: readonly RowError[]): ClearingError {
  const codes = new Set(errors.map((error) => error.code));
  const [only] = codes;
  const code = codes.size === 1 && only !== undefined ? only : 'ROWS_REFUSED';
  return new ClearingError(code, {
    errors: errors.slice(0, SHOWN_ERRORS),
    ...(errors.length > SHOWN_ERRORS ? { errorsOmitted: errors.length - SHOWN_ERRORS } : {}),
  });
}
