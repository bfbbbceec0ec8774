import { eq } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { findCommand } from './commands.repository.ts';
import { requestAnswers } from './schema/checks.ts';
import { decisionOfRequest } from './tickets.repository.ts';
import type { Transaction } from './transaction.ts';

const REQUEST_LOCKS = 7711;

export interface KeyedRequest {
  /** The Idempotency-Key, or the id that the request was given. */
  readonly requestId: string;
  readonly kind: typeof requestAnswers.$inferInsert.kind;
  /** Digest of everything that was asked. */
  readonly requestHash: string;
  readonly person: string;
}

/** An answer, and whether it was given before. */
export interface Given<Answer> {
  readonly answer: Answer;
  readonly isRepeated: boolean;
}

/**
 * Makes requests under one key wait for each other until the end of the transaction. Whoever holds
 * the lock sees what was written under the key, as a command or as an answer.
 */
export async function lockKey(t: Transaction, key: string): Promise<void> {
  await t.client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [REQUEST_LOCKS, key]);
}

const findAnswer = async ({ tx }: Transaction, requestId: string) => {
  const [row] = await tx
    .select()
    .from(requestAnswers)
    .where(eq(requestAnswers.requestId, requestId));
  return row;
};

const reused = (idempotencyKey: string, usedFor: object, at: string): ClearingError => {
  const usedAt = new Date(at).toISOString();
  return new ClearingError('IDEMPOTENCY_KEY_REUSED', { idempotencyKey, usedFor, usedAt });
};

async function assertNoAnswer(t: Transaction, key: string): Promise<void> {
  const known = await findAnswer(t, key);
  if (known) throw reused(key, { kind: known.kind }, known.answeredAt);
}

async function assertNoCommand(t: Transaction, key: string): Promise<void> {
  const known = await findCommand(t.tx, key);
  if (known) throw reused(key, { kind: known.kind }, known.recordedAt);
}

async function assertNoDecision(t: Transaction, key: string): Promise<void> {
  const known = await decisionOfRequest(t.tx, key);
  if (known) throw reused(key, { kind: known.kind, ticketId: known.ticketId }, known.decidedAt);
}

/** Throws IDEMPOTENCY_KEY_REUSED when a request that is no command had the key. Needs its lock. */
export async function assertKeyOfCommand(t: Transaction, key: string): Promise<void> {
  await assertNoAnswer(t, key);
  await assertNoDecision(t, key);
}

/** Throws IDEMPOTENCY_KEY_REUSED when a request that is no decision had the key. Needs its lock. */
export async function assertKeyOfDecision(t: Transaction, key: string): Promise<void> {
  await assertNoAnswer(t, key);
  await assertNoCommand(t, key);
}

/**
 * Does the work of a request once: a repetition under the same key gets the first answer, from
 * PostgreSQL. The answer is stored in the transaction of the work, so a refused request leaves
 * nothing and is judged anew. Throws IDEMPOTENCY_KEY_REUSED for another request under the key: one
 * of another person, with other content, a command or a decision on a ticket.
 */
export async function answerOnce<Answer extends object>(
  t: Transaction,
  request: KeyedRequest,
  work: () => Promise<Answer>,
): Promise<Given<Answer>> {
  const { requestId } = request;
  await lockKey(t, requestId);
  const known = await findAnswer(t, requestId);
  if (known) {
    const isSame =
      known.kind === request.kind &&
      known.requestHash === request.requestHash &&
      known.person === request.person;
    if (!isSame) throw reused(requestId, { kind: known.kind }, known.answeredAt);
    return { answer: known.answer as Answer, isRepeated: true };
  }
  await assertNoCommand(t, requestId);
  await assertNoDecision(t, requestId);
  const answer = await work();
  await storeAnswer(t, request, answer);
  return { answer, isRepeated: false };
}

/** Keeps an answer, in the transaction of what it tells of. */
export async function storeAnswer(
  { tx }: Transaction,
  request: KeyedRequest,
  answer: object,
): Promise<void> {
  await tx.insert(requestAnswers).values({ ...request, answer: answer as Record<string, unknown> });
}
