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

/** The request that a problem is the answer to. */
export interface Asked {
  readonly id: string;
  readonly url: string;
}

/** Without the query, which can hold a token. */
export const pathOf = ({ url }: Asked): string => url.split('?', 1)[0] ?? '';

/** From 500 on the caller gets the fixed text only: what broke is for the log. */
export function problemOf(error: ClearingError, asked: Asked): Problem {
  const { code } = error;
  const status = httpStatusOf(code);
  const { en, zhHans, zhHant } = ERROR_CATALOGUE[code];
  const details = status === 500 ? {} : error.details;
  return {
    type: `urn:daycut:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: en,
    status,
    code,
    detail: [en, ...valuesOf(details)].join(' '),
    instance: pathOf(asked),
    requestId: asked.id,
    details,
    texts: { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant },
  };
}

const NAMED_FIELDS = 5;

/** What of the details fits into a sentence: plain values, and the first wrong fields. */
function valuesOf({ errors, ...details }: Problem['details']): string[] {
  const plain = Object.entries(details)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name}: ${String(value)}`);
  const fields = (Array.isArray(errors) ? errors : [])
    .slice(0, NAMED_FIELDS)
    .map((error: { readonly field: string; readonly message: string }) =>
      [error.field, error.message].join(' '),
    );
  const said = [...plain, ...fields];
  return said.length === 0 ? [] : [`(${said.join('; ')})`];
}

/** Classes of SQLSTATE and socket errors that pass when the store is back. */
const STORE_IS_AWAY =
  /^(08\w{3}|57P0\d|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|CONNECTION_ENDED)$/;
const STORE_ENDED = /Connection terminated|Client has encountered a connection error/;
/** Values that no column can hold: a character, an escape, a form, a day or instant. */
const NOT_STORABLE = /^(22021|22P05|22P02|22007|22008)$/;

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
  if (isNotStorable(error)) {
    return new ClearingError('BAD_REQUEST', { why: 'a value cannot be stored' }, { cause: error });
  }
  return new ClearingError('INTERNAL', { code }, { cause: error });
}

const codeOf = (error: Error): string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
};

/** Drizzle and pools wrap the driver's error, so the causes are asked as well. */
function isStoreAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (STORE_IS_AWAY.test(codeOf(at)) || STORE_ENDED.test(at.message)) return true;
    if (at instanceof AggregateError && at.errors.some(isStoreAway)) return true;
  }
  return false;
}

/** The schemas refuse such values by field; this is for one that a schema let through. */
function isNotStorable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (NOT_STORABLE.test(codeOf(at))) return true;
  }
  return false;
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
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
    else if (isNotStorable(error)) request.log.warn(line, 'a schema let a value through');
    else request.log.info({ code: problem.code }, 'request refused');
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const { method } = request;
    const path = pathOf(request);
    const allowed = methodsOf(app, path);
    if (allowed.length === 0) {
      const refusal = new ClearingError('NOT_FOUND', { method, path });
      return sendProblem(reply, problemOf(refusal, request));
    }
    const refusal = new ClearingError('METHOD_NOT_ALLOWED', { method, allowed });
    return sendProblem(reply.header('allow', allowed.join(', ')), problemOf(refusal, request));
  });
}

/** The methods that a path is served under. */
function methodsOf({ routeTable }: FastifyInstance, path: string): string[] {
  const parts = path.replace(/\/$/, '').split('/');
  const serves = (url: string): boolean => {
    const wanted = url.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((part, at) => part.startsWith(':') || part === parts[at])
    );
  };
  return routeTable.filter(({ url }) => serves(url)).map(({ method }) => method);
}
