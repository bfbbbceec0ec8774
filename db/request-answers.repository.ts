import { eq } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { requestAnswers } from './schema/checks.ts';
import type { Transaction } from './transaction.ts';

const REQUEST_LOCKS = 7711;

export interface KeyedRequest {
  /** The Idempotency-Key. */
  readonly requestId: string;
  readonly kind: typeof requestAnswers.$inferInsert.kind;
  /** Digest of everything that was asked. */
  readonly requestHash: string;
  readonly person: string;
}

/**
 * Does the work of a request once: a repetition under the same key gets the first answer, from
 * PostgreSQL. The answer is stored in the transaction of the work, so a refused request leaves
 * nothing and is judged anew. Throws IDEMPOTENCY_KEY_REUSED for another request under the key.
 */
export async function answerOnce<Answer extends object>(
  t: Transaction,
  request: KeyedRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  await t.client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
    REQUEST_LOCKS,
    request.requestId,
  ]);
  const [known] = await t.tx
    .select()
    .from(requestAnswers)
    .where(eq(requestAnswers.requestId, request.requestId));
  if (known) {
    if (known.kind !== request.kind || known.requestHash !== request.requestHash) {
      throw new ClearingError('IDEMPOTENCY_KEY_REUSED', { commandId: request.requestId });
    }
    return known.answer as Answer;
  }
  const answer = await work();
  await t.tx
    .insert(requestAnswers)
    .values({ ...request, answer: answer as unknown as Record<string, unknown> });
  return answer;
}
