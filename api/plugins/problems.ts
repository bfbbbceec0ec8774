import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  ERROR_CATALOGUE,
  httpStatusOf,
  type ErrorCode,
} from '../../domain/errors/error-catalogue.ts';
import { fieldErrors } from './validation.ts';

/** An RFC 9457 problem; texts in the languages of the console. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly texts: { readonly en: string; readonly 'zh-Hans': string; readonly 'zh-Hant': string };
}

/** From 500 on the caller gets the fixed text only: what broke is for the log. */
export function problemOf(error: ClearingError, request: FastifyRequest): Problem {
  const { code } = error;
  const status = httpStatusOf(code);
  const { en, zhHans, zhHant } = ERROR_CATALOGUE[code];
  return {
    type: `urn:daycut:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: STATUS_CODES[status] ?? String(status),
    status,
    code,
    detail: en,
    // Without the query, which can hold a token.
    instance: request.url.split('?', 1)[0] ?? '',
    requestId: request.id,
    details: status === 500 ? {} : error.details,
    texts: { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant },
  };
}

/** Classes of SQLSTATE and socket errors that pass when the store is back. */
const STORE_IS_AWAY =
  /^(08\w{3}|57P0\d|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|CONNECTION_ENDED)$/;
const STORE_ENDED = /Connection terminated|Client has encountered a connection error/;

/** What any error means in the one catalogue. */
export function asClearingError(error: unknown): ClearingError {
  if (error instanceof ClearingError) return error;
  const { validation, validationContext, statusCode, code, message } = error as FastifyError;
  if (validation) {
    const errors = fieldErrors({ validation, validationContext });
    return new ClearingError('BAD_REQUEST', { errors });
  }
  if (statusCode === 413) return new ClearingError('BODY_TOO_LARGE', {}, { cause: error });
  if (statusCode === 415) return new ClearingError('UNSUPPORTED_MEDIA_TYPE', {}, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ClearingError('BAD_REQUEST', { why: message }, { cause: error });
  }
  if (isStoreAway(error)) return new ClearingError('STORE_UNAVAILABLE', {}, { cause: error });
  return new ClearingError('INTERNAL', { code }, { cause: error });
}

/** Drizzle and pools wrap the driver's error, so the causes are asked as well. */
function isStoreAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'string' && STORE_IS_AWAY.test(code)) return true;
    if (STORE_ENDED.test(at.message)) return true;
    if (at instanceof AggregateError && at.errors.some(isStoreAway)) return true;
  }
  return false;
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem);
}

/** How much of a body that is too large is still read, so that its sender hears why. */
const DRAIN_MAX_BYTES = 64 * 1_048_576;
const DRAIN_MAX_MS = 30_000;

/**
 * Reads and forgets what is left of a body. Most clients listen only once they have sent all of it:
 * answered before, they would see a broken connection instead of the reason. Bounded in bytes and
 * time, so that nobody can keep us reading.
 */
async function drain({ raw }: FastifyRequest): Promise<void> {
  if (raw.readableEnded || raw.destroyed) return;
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MAX_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    raw.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DRAIN_MAX_BYTES) done();
    });
    raw.once('end', done).once('close', done).once('error', done).resume();
  });
}

export function addProblems(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = asClearingError(error);
    if (refusal.code === 'BODY_TOO_LARGE') await drain(request);
    const problem = problemOf(refusal, request);
    const line = { err: error, code: problem.code, details: refusal.details };
    if (problem.status === 500) request.log.error(line, 'request failed');
    else request.log.info({ code: problem.code }, 'request refused');
    return send(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0];
    const refusal = new ClearingError('NOT_FOUND', { method: request.method, path });
    return send(reply, problemOf(refusal, request));
  });
}
