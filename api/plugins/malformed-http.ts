import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ErrorCode } from '../../domain/errors/error-catalogue.ts';
import { asClearingError, problemOf, sendProblem } from './problems.ts';

/*
 * Requests that never reach a route, and so none of its hooks: they are answered with the same
 * problems as any other.
 */

/** A path that cannot be decoded, or one with a parameter that is too long. */
function refuseUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(asClearingError(error), request);
  request.log.info({ code: problem.code }, 'request refused');
  void sendProblem(reply.header('x-request-id', request.id), problem);
}

const CODES: Readonly<Partial<Record<string, ErrorCode>>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** What is no HTTP, or not all of it: there is no request yet, so the answer is written by hand. */
function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const refusal = new ClearingError(CODES[error.code ?? ''] ?? 'BAD_REQUEST', {
      why: error.message,
    });
    const problem = problemOf(refusal, { id: randomUUID(), url: '' });
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${problem.requestId}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

/** Options of the server. */
export const MALFORMED_HTTP = {
  frameworkErrors: refuseUrl,
  clientErrorHandler: refuseConnection,
};
