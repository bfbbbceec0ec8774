import { ApplicationFailure } from '@temporalio/common';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { isErrorCode, isTransient, type ErrorCode } from '../domain/errors/error-catalogue.ts';
import type { Refusal } from '../domain/clearing/guards.ts';

/** The failure type is the error code: it survives the wire, and retry policy can read it. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof ClearingError)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    details: [error.details],
    nonRetryable: !isTransient(error.code),
  });
}

export const refusalToFailure = (refusal: Refusal): ApplicationFailure =>
  ApplicationFailure.create({
    type: refusal.code,
    message: refusal.code,
    details: [refusal.details],
    nonRetryable: true,
  });

/** The code and values inside a failure that came over the wire; INTERNAL for anything else. */
export function refusalFromFailure(failure: unknown): {
  code: ErrorCode;
  details: Refusal['details'];
} {
  for (let cause = failure; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && cause.type && isErrorCode(cause.type)) {
      const [details] = cause.details ?? [];
      return { code: cause.type, details: (details ?? {}) as Refusal['details'] };
    }
  }
  const message = failure instanceof Error ? failure.message : String(failure);
  return { code: 'INTERNAL', details: { message } };
}
