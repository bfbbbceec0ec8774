import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { recordAuditEvent, recordSignIn } from '../../db/audit.repository.ts';
import type { Db } from '../../db/client.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { httpStatusOf } from '../../domain/errors/error-catalogue.ts';
import { actorOf } from '../audit-actor.ts';
import { tokenOf, type Person } from './auth.ts';
import { asClearingError, pathOf } from './problems.ts';

/** Tokens that this process has seen; when there are more, the database is asked again. */
const SEEN_MAX = 10_000;
const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * What no transaction of a route records: the first use of a token, what somebody was refused or
 * could not do, and that somebody read what is sensitive. A read is recorded before its answer
 * leaves, so that nobody reads unrecorded.
 */
export function addAudit(app: FastifyInstance, db: Db): void {
  app.addHook('onError', async (request, _reply, error) => {
    // A stranger could fill the log; what a command's own row records needs no second event.
    if (isStranger(request) || READS.includes(request.method) || isRecorded(error)) return;
    const { code, details } = asClearingError(error);
    const isFailure = httpStatusOf(code) >= 500;
    await recordAuditEvent(db, {
      ...actorOf(request),
      action: isFailure ? 'request.failed' : 'request.refused',
      outcome: isFailure ? 'FAILED' : 'REFUSED',
      code,
      targetType: 'route',
      targetId: `${request.method} ${pathOf(request)}`,
      after: code === 'FORBIDDEN' ? details : undefined,
    }).catch((failure: unknown) => {
      // Most often the database is away, which is also why the request failed.
      request.log.error({ err: failure }, 'a refusal could not be recorded');
    });
  });
  app.addHook('onSend', async (request, reply) => {
    const { sensitive } = request.routeOptions.config;
    if (!sensitive || reply.statusCode >= 400) return;
    const query = { ...(request.query as object), access_token: undefined };
    await recordAuditEvent(db, {
      ...actorOf(request),
      action: 'read.sensitive',
      outcome: 'ACCEPTED',
      targetType: 'route',
      targetId: `${request.method} ${pathOf(request)}`,
      after: { query },
    });
  });
}

/** Before the sign-in is checked, and where none is needed, there is nobody. */
const isStranger = (request: FastifyRequest): boolean => (request.person as Person | null) === null;

/** Refusals of commands are rows, which record themselves. */
const isRecorded = (error: unknown): boolean =>
  error instanceof ClearingError && error.details['commandId'] !== undefined;

/**
 * Records the first use of a token as a sign-in: once for all servers, by a unique index. An issuer
 * hands tokens out without telling us, so this is the first that we can know of.
 */
export function signInNotes(db: Db): (person: Person, request: FastifyRequest) => Promise<void> {
  const seen = new Set<string>();
  return async (person, request) => {
    const tokenHash = createHash('sha256').update(tokenOf(request)).digest('hex');
    if (seen.has(tokenHash)) return;
    const { id: requestId } = request;
    await recordSignIn(db, { person: person.id, account: person.account, requestId, tokenHash });
    if (seen.size >= SEEN_MAX) seen.clear();
    seen.add(tokenHash);
  };
}
