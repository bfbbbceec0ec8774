import type { FastifyReply } from 'fastify';
import type { Given } from '../db/request-answers.repository.ts';

/** Tells the caller that this answer is not of this request but of the first one under its key. */
export function sayRepeated(reply: FastifyReply): void {
  void reply.header('idempotency-replayed', 'true');
}

/** The answer of a request that was done once, now or before. */
export function replyOnce<Answer>(reply: FastifyReply, given: Given<Answer>): Answer {
  if (given.isRepeated) sayRepeated(reply);
  return given.answer;
}
