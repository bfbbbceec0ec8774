import { ERROR_CATALOGUE, type ErrorCode } from './error-catalogue.ts';

/** The values that broke the rule, named; they reach the problem body and the log. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A refusal with a code of the catalogue. Domain code throws nothing else. */
export class ClearingError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(`${code}: ${ERROR_CATALOGUE[code].en} ${JSON.stringify(details)}`, options);
    this.name = 'ClearingError';
    this.code = code;
    this.details = details;
  }
}
