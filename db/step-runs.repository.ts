import { and, asc, eq, inArray, isNull, lte, ne, sql } from 'drizzle-orm';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { RunnableStep, StepRunStatus } from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { stepRuns, stepShards } from './schema/clearing.ts';

export type StepRunRow = typeof stepRuns.$inferSelect;
export type StepShardRow = typeof stepShards.$inferSelect;

const ofStep = (ref: FlowRef, step: RunnableStep, generation: number) =>
  and(
    eq(stepRuns.ledgerDate, ref.ledgerDate),
    eq(stepRuns.flow, ref.flow),
    eq(stepRuns.step, step),
    eq(stepRuns.generation, generation),
  );

/** The newest pass of a step within a generation, if any. */
export async function newestRun(
  tx: Tx,
  ref: FlowRef,
  step: RunnableStep,
  generation: number,
): Promise<StepRunRow | undefined> {
  const [row] = await tx
    .select()
    .from(stepRuns)
    .where(ofStep(ref, step, generation))
    .orderBy(sql`${stepRuns.pass} DESC`)
    .limit(1);
  return row;
}

/** The run of a flow that is RUNNING: at most one, by a unique index. */
export async function runningRun(tx: Tx, ref: FlowRef): Promise<StepRunRow | undefined> {
  const [row] = await tx
    .select()
    .from(stepRuns)
    .where(
      and(
        eq(stepRuns.ledgerDate, ref.ledgerDate),
        eq(stepRuns.flow, ref.flow),
        eq(stepRuns.status, 'RUNNING'),
      ),
    );
  return row;
}

export async function loadRun(tx: Tx, stepRunId: number): Promise<StepRunRow> {
  const [row] = await tx.select().from(stepRuns).where(eq(stepRuns.stepRunId, stepRunId));
  if (!row) throw new ClearingError('NOT_FOUND', { stepRunId });
  return row;
}

export interface NewRun extends FlowRef {
  readonly step: RunnableStep;
  readonly generation: number;
  readonly pass: number;
  readonly commandId: string | undefined;
}

/** Inserts a RUNNING run without inputs; they follow in the same transaction (freezeRun). */
export async function insertRun(tx: Tx, run: NewRun): Promise<StepRunRow> {
  const [row] = await tx
    .insert(stepRuns)
    .values({ ...run, commandId: run.commandId ?? null, status: 'RUNNING', inputs: {} })
    .returning();
  if (!row) throw new ClearingError('INTERNAL', { step: run.step });
  return row;
}

/** Sets a run that FAILED or was BLOCKED back to RUNNING, so that it goes on where it stopped. */
export async function resumeRun(tx: Tx, stepRunId: number): Promise<StepRunRow> {
  const [row] = await tx
    .update(stepRuns)
    .set({ status: 'RUNNING', failure: null, finishedAt: null })
    .where(eq(stepRuns.stepRunId, stepRunId))
    .returning();
  if (!row) throw new ClearingError('NOT_FOUND', { stepRunId });
  return row;
}

/** Stores what the run reads and its shards. Shards are numbered from 0. */
export async function freezeRun(
  tx: Tx,
  stepRunId: number,
  plan: {
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly shards: readonly {
      readonly accountFrom: number;
      readonly accountTo: number;
      readonly rowsPlanned: number;
    }[];
  },
): Promise<void> {
  await tx.update(stepRuns).set({ inputs: plan.inputs }).where(eq(stepRuns.stepRunId, stepRunId));
  if (plan.shards.length === 0) return;
  await tx.insert(stepShards).values(plan.shards.map((s, shard) => ({ stepRunId, shard, ...s })));
}

export async function shardsOf(tx: Tx, stepRunId: number): Promise<StepShardRow[]> {
  return tx
    .select()
    .from(stepShards)
    .where(eq(stepShards.stepRunId, stepRunId))
    .orderBy(asc(stepShards.shard));
}

export interface RunEnd {
  readonly status: Exclude<StepRunStatus, 'RUNNING'>;
  readonly result: Readonly<Record<string, unknown>>;
  readonly failure?:
    { readonly code: string; readonly details: Readonly<Record<string, unknown>> } | undefined;
}

/** Ends a RUNNING run. False when it had ended before: the caller then changes nothing else. */
export async function endRun(tx: Tx, stepRunId: number, end: RunEnd): Promise<boolean> {
  const rows = await tx
    .update(stepRuns)
    .set({
      status: end.status,
      result: end.result,
      failure: end.failure ? { code: end.failure.code, details: end.failure.details } : null,
      finishedAt: sql`now()`,
    })
    .where(and(eq(stepRuns.stepRunId, stepRunId), eq(stepRuns.status, 'RUNNING')))
    .returning({ stepRunId: stepRuns.stepRunId });
  return rows.length === 1;
}

/** Says of runs that they no longer count; they keep their status, which is history. */
export async function discardRuns(
  tx: Tx,
  which: FlowRef & {
    readonly steps: readonly RunnableStep[];
    /** Only this generation, or all up to it. */
    readonly generation: number;
    readonly span: 'only' | 'upTo';
    readonly exceptRunId?: number;
  },
  discardedBy: string,
): Promise<number> {
  const generations =
    which.span === 'only'
      ? eq(stepRuns.generation, which.generation)
      : lte(stepRuns.generation, which.generation);
  const rows = await tx
    .update(stepRuns)
    .set({ discardedAt: sql`now()`, discardedBy })
    .where(
      and(
        eq(stepRuns.ledgerDate, which.ledgerDate),
        eq(stepRuns.flow, which.flow),
        inArray(stepRuns.step, [...which.steps]),
        generations,
        isNull(stepRuns.discardedAt),
        which.exceptRunId === undefined ? undefined : ne(stepRuns.stepRunId, which.exceptRunId),
      ),
    )
    .returning({ stepRunId: stepRuns.stepRunId });
  return rows.length;
}

/**
 * A new snapshot replaces the former ones, except those whose trades are posted: they keep their
 * place beside it, since a sync never takes a posted trade again. Which ones they are was frozen
 * when the sync opened; the generation of a snapshot does not tell, because a revoke that keeps the
 * set of trades bills and posts it again under a later generation.
 */
export async function discardUnpostedSyncs(tx: Tx, ref: FlowRef, keepRunId: number): Promise<void> {
  await tx.execute(sql`
    UPDATE step_runs r SET discarded_at = now(), discarded_by = ${`run ${String(keepRunId)}`}
    WHERE r.ledger_date = ${ref.ledgerDate} AND r.flow = ${ref.flow} AND r.step = 'sync'
      AND r.step_run_id <> ${keepRunId} AND r.discarded_at IS NULL
      AND NOT EXISTS (
        SELECT 1 FROM step_runs k
        WHERE k.step_run_id = ${keepRunId}
          AND k.inputs -> 'postedSyncRunIds' @> to_jsonb(r.step_run_id))`);
}

/** Takes the open shards of a run away from whoever works on them: their next commit fails. */
export async function fenceRun(tx: Tx, stepRunId: number): Promise<void> {
  await tx
    .update(stepShards)
    .set({ token: sql`${stepShards.token} + 1` })
    .where(and(eq(stepShards.stepRunId, stepRunId), eq(stepShards.status, 'OPEN')));
}
