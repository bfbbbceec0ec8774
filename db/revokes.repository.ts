import { and, eq, sql } from 'drizzle-orm';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { revokes } from './schema/clearing.ts';

export type RevokeRow = typeof revokes.$inferSelect;

export async function insertRevoke(
  tx: Tx,
  revoke: Omit<typeof revokes.$inferInsert, 'status'>,
): Promise<RevokeRow> {
  const [row] = await tx
    .insert(revokes)
    .values({ ...revoke, status: 'RUNNING' })
    .returning();
  if (!row) throw new ClearingError('INTERNAL', { revoke: revoke.commandId });
  return row;
}

/** The revoke of a flow that has begun and not finished; at most one. */
export async function unfinishedRevoke(tx: Tx, ref: FlowRef): Promise<RevokeRow | undefined> {
  const [row] = await tx
    .select()
    .from(revokes)
    .where(
      and(
        eq(revokes.ledgerDate, ref.ledgerDate),
        eq(revokes.flow, ref.flow),
        eq(revokes.status, 'RUNNING'),
      ),
    );
  return row;
}

export async function loadRevoke(tx: Tx, revokeId: number): Promise<RevokeRow> {
  const [row] = await tx.select().from(revokes).where(eq(revokes.revokeId, revokeId));
  if (!row) throw new ClearingError('NOT_FOUND', { revokeId });
  return row;
}

export async function endRevoke(
  tx: Tx,
  revokeId: number,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx
    .update(revokes)
    .set({ status: 'SUCCEEDED', finishedAt: sql`now()`, result })
    .where(eq(revokes.revokeId, revokeId));
}
