import { eq, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { stepsOf } from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { flowDays, flowSteps, ledgerDates } from './schema/clearing.ts';
import { flows } from './schema/reference.ts';

export type LedgerDateRow = typeof ledgerDates.$inferSelect;

/** The one open ledger date, or undefined before the first was opened. */
export async function openLedgerDateRow(tx: Tx): Promise<LedgerDateRow | undefined> {
  const [row] = await tx.select().from(ledgerDates).where(eq(ledgerDates.status, 'OPEN'));
  return row;
}

/** The open ledger date. Throws NOT_FOUND before the first was opened. */
export async function currentLedgerDate(tx: Tx): Promise<BusinessDate> {
  const open = await openLedgerDateRow(tx);
  if (!open) throw new ClearingError('NOT_FOUND', { what: 'an open ledger date' });
  return open.ledgerDate;
}

/** Throws NOT_FOUND for a date that was never opened. */
export async function ledgerDateRow(tx: Tx, ledgerDate: BusinessDate): Promise<LedgerDateRow> {
  const [row] = await tx.select().from(ledgerDates).where(eq(ledgerDates.ledgerDate, ledgerDate));
  if (!row) throw new ClearingError('NOT_FOUND', { ledgerDate });
  return row;
}

/**
 * Locks a ledger date. Steps and edits hold it FOR SHARE beside each other; the day cut and a
 * revoke hold it FOR UPDATE and so wait for them, and they for it. Throws NOT_FOUND.
 */
export async function lockLedgerDate(
  tx: Tx,
  ledgerDate: BusinessDate,
  strength: 'share' | 'update',
): Promise<LedgerDateRow> {
  const [row] = await tx
    .select()
    .from(ledgerDates)
    .where(eq(ledgerDates.ledgerDate, ledgerDate))
    .for(strength);
  if (!row) throw new ClearingError('NOT_FOUND', { ledgerDate });
  return row;
}

/**
 * Opens a ledger date: its row, its flows and steps, its partitions. The partial unique index lets
 * only one date be open, so the former one must be cut before, in the same transaction. Safe to
 * repeat: what exists is left as it is.
 */
export async function openLedgerDate(
  tx: Tx,
  ledgerDate: BusinessDate,
  cutoffAt: Date,
): Promise<void> {
  await tx
    .insert(ledgerDates)
    .values({ ledgerDate, status: 'OPEN', cutoffAt: cutoffAt.toISOString() })
    .onConflictDoNothing({ target: ledgerDates.ledgerDate });
  for (const { flow } of await tx.select({ flow: flows.flow }).from(flows)) {
    await tx
      .insert(flowDays)
      .values({ ledgerDate, flow, mode: 'IDLE', readiness: 'NOT_RUN', generation: 1, revision: 1 })
      .onConflictDoNothing();
    await tx
      .insert(flowSteps)
      .values(
        stepsOf(flow).map((step) => ({ ledgerDate, flow, step, status: 'NOT_STARTED' as const })),
      )
      .onConflictDoNothing();
  }
  await tx.execute(sql`SELECT open_partitions(${ledgerDate})`);
}

/** Moves the cutoff of a date. The caller has locked it FOR UPDATE and knows that it may move. */
export async function moveCutoff(tx: Tx, ledgerDate: BusinessDate, cutoffAt: Date): Promise<void> {
  await tx
    .update(ledgerDates)
    .set({ cutoffAt: cutoffAt.toISOString() })
    .where(eq(ledgerDates.ledgerDate, ledgerDate));
}

/** Marks a date CUT and its flows CLOSED. The caller has locked the date FOR UPDATE. */
export async function closeLedgerDate(tx: Tx, ledgerDate: BusinessDate): Promise<void> {
  await tx
    .update(ledgerDates)
    .set({ status: 'CUT', cutAt: sql`now()` })
    .where(eq(ledgerDates.ledgerDate, ledgerDate));
  await tx
    .update(flowDays)
    .set({ mode: 'CLOSED', revision: sql`${flowDays.revision} + 1`, updatedAt: sql`now()` })
    .where(eq(flowDays.ledgerDate, ledgerDate));
}
