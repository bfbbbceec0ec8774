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

/** What a revoke could take back. */
export interface RevocableCounts {
  readonly contracts: number;
  /** Journals of the date that nothing has reversed. */
  readonly posted: number;
  readonly settled: number;
}

/** Counts contracts and journals of a flow on its date: one pass over each, for one person. */
export async function revocableCounts(tx: Tx, ref: FlowRef): Promise<RevocableCounts> {
  const left = (kind: string) => sql`count(*) FILTER (WHERE kind = ${kind})
    - count(*) FILTER (WHERE kind = ${`${kind}Reversal`})`;
  const { rows } = await tx.execute<RevocableCounts & Record<string, unknown>>(sql`
    SELECT (SELECT count(*)::int FROM live_contracts
        WHERE ledger_date = ${ref.ledgerDate} AND flow = ${ref.flow}) AS contracts,
      (${left('tradePosting')})::int AS posted,
      (${left('cashSettlement')} + ${left('securitiesSettlement')})::int AS settled
    FROM journals WHERE ledger_date = ${ref.ledgerDate} AND flow = ${ref.flow}`);
  return rows[0] ?? { contracts: 0, posted: 0, settled: 0 };
}
