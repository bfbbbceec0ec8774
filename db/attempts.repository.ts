import { eq } from 'drizzle-orm';
import type { Tx } from './client.ts';
import { activityAttempts } from './schema/clearing.ts';

export type ActivityAttempt = typeof activityAttempts.$inferSelect;

/** Writes down one attempt. Safe to repeat: an attempt has one number and ends once. */
export async function recordAttempt(tx: Tx, attempt: ActivityAttempt): Promise<void> {
  await tx.insert(activityAttempts).values(attempt).onConflictDoNothing();
}

/** Every attempt of every activity of a run that ended in its worker; lost ones left no row. */
export async function attemptsOf(tx: Tx, runId: string): Promise<readonly ActivityAttempt[]> {
  return tx.select().from(activityAttempts).where(eq(activityAttempts.runId, runId));
}
