import { and, desc, eq, isNull } from 'drizzle-orm';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { PassKind } from '../domain/clearing/manual-pass.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { checkSummaries } from './schema/checks.ts';
import { readinessResults, stepRuns } from './schema/clearing.ts';
import { manualPasses } from './schema/manual-passes.ts';

export type ManualPass = typeof manualPasses.$inferSelect;
/** The pass of an item with this evidence, if two people gave one. */
export type FindPass = (item: string, evidenceHash: string) => ManualPass | undefined;

/** Writes what two people accepted; a ticket gives one pass. */
export async function recordManualPass(
  tx: Tx,
  pass: Omit<typeof manualPasses.$inferInsert, 'passedAt'>,
): Promise<void> {
  await tx.insert(manualPasses).values(pass);
}

/** What was passed by hand of a flow on its ledger date. */
export async function manualPassesOf(tx: Tx, ref: FlowRef, kind: PassKind): Promise<FindPass> {
  const passes = await tx
    .select()
    .from(manualPasses)
    .where(
      and(
        eq(manualPasses.ledgerDate, ref.ledgerDate),
        eq(manualPasses.flow, ref.flow),
        eq(manualPasses.kind, kind),
      ),
    );
  return (item, evidenceHash) =>
    passes.find((pass) => pass.item === item && pass.evidenceHash === evidenceHash);
}

export type CheckSummaryRow = typeof checkSummaries.$inferSelect;

/**
 * A check as one run saw it, and as the newest run that nobody discarded sees it. Throws NOT_FOUND
 * for a task that never was, and when every run of it was discarded.
 */
export async function checkToPass(
  tx: Tx,
  taskId: number,
): Promise<{ readonly seen: CheckSummaryRow; readonly newest: CheckSummaryRow }> {
  const [seen] = await tx.select().from(checkSummaries).where(eq(checkSummaries.taskId, taskId));
  if (!seen) throw new ClearingError('NOT_FOUND', { taskId });
  const [newest] = await tx
    .select({ summary: checkSummaries })
    .from(checkSummaries)
    .innerJoin(stepRuns, eq(stepRuns.stepRunId, checkSummaries.stepRunId))
    .where(
      and(
        eq(checkSummaries.ledgerDate, seen.ledgerDate),
        eq(checkSummaries.flow, seen.flow),
        eq(checkSummaries.taskCode, seen.taskCode),
        eq(checkSummaries.market, seen.market),
        eq(checkSummaries.settlementChannel, seen.settlementChannel),
        isNull(stepRuns.discardedAt),
      ),
    )
    .orderBy(desc(checkSummaries.taskId))
    .limit(1);
  if (!newest) throw new ClearingError('NOT_FOUND', { taskId, because: 'its run was discarded' });
  return { seen, newest: newest.summary };
}

export type ReadinessResultRow = typeof readinessResults.$inferSelect;

/** What the newest readiness run of a flow found of an item. Throws NOT_FOUND. */
export async function newestReadinessResult(
  tx: Tx,
  ref: FlowRef,
  item: string,
): Promise<ReadinessResultRow> {
  const [newest] = await tx
    .select()
    .from(readinessResults)
    .where(
      and(eq(readinessResults.ledgerDate, ref.ledgerDate), eq(readinessResults.flow, ref.flow)),
    )
    .orderBy(desc(readinessResults.run), desc(eq(readinessResults.item, item)))
    .limit(1);
  if (newest?.item !== item) throw new ClearingError('NOT_FOUND', { ...ref, item });
  return newest;
}
