import { and, asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { lastClose } from '../domain/calendar/cutoff.ts';
import { hasBegun, isBusy, type FlowRef, type FlowState } from '../domain/clearing/flow-state.ts';
import type { DayFacts } from '../domain/clearing/guards.ts';
import {
  DAY_END_FLOW,
  stepsOf,
  type FlowMode,
  type ReadinessState,
  type StepId,
  type StepStatus,
} from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { loadClearingCalendar, marketsOfFlow } from './calendars.repository.ts';
import type { Tx } from './client.ts';
import {
  flowDays,
  flowSteps,
  ledgerDates,
  readinessResults,
  revokes,
  stepRuns,
  stepShards,
} from './schema/clearing.ts';
import { manualPasses } from './schema/manual-passes.ts';
import { flows, markets } from './schema/reference.ts';

const isFlow = (ref: FlowRef) =>
  and(eq(flowDays.ledgerDate, ref.ledgerDate), eq(flowDays.flow, ref.flow));

/** The flow as PostgreSQL has it. Throws NOT_FOUND for a date or flow that was never opened. */
export async function loadFlow(tx: Tx, ref: FlowRef): Promise<FlowState> {
  const [row] = await tx.select().from(flowDays).where(isFlow(ref));
  if (!row) throw new ClearingError('NOT_FOUND', { ledgerDate: ref.ledgerDate, flow: ref.flow });
  return stateOf(tx, row);
}

/**
 * As loadFlow, but nobody else changes the flow until this transaction ends. Lock order everywhere:
 * ledger_dates, then flow_days, then the rest; so two commands wait for each other, never deadlock.
 */
export async function lockFlow(tx: Tx, ref: FlowRef): Promise<FlowState> {
  const [row] = await tx.select().from(flowDays).where(isFlow(ref)).for('update');
  if (!row) throw new ClearingError('NOT_FOUND', { ledgerDate: ref.ledgerDate, flow: ref.flow });
  return stateOf(tx, row);
}

async function stateOf(tx: Tx, row: typeof flowDays.$inferSelect): Promise<FlowState> {
  const steps = await tx
    .select({ step: flowSteps.step, status: flowSteps.status })
    .from(flowSteps)
    .where(and(eq(flowSteps.ledgerDate, row.ledgerDate), eq(flowSteps.flow, row.flow)));
  const [unfinished] = await tx
    .select({ revokeId: revokes.revokeId })
    .from(revokes)
    .where(
      and(
        eq(revokes.ledgerDate, row.ledgerDate),
        eq(revokes.flow, row.flow),
        eq(revokes.status, 'RUNNING'),
      ),
    );
  return {
    ledgerDate: row.ledgerDate,
    flow: row.flow,
    mode: row.mode,
    readiness: row.readiness,
    generation: row.generation,
    revision: row.revision,
    tradesFrozen: row.tradesFrozenAt !== null,
    revokeUnfinished: unfinished !== undefined,
    startedBy: row.startedBy,
    // PostgreSQL's own spelling of an instant is no ISO text.
    startedAt: row.startedAt === null ? null : new Date(row.startedAt).toISOString(),
    steps: Object.fromEntries(steps.map(({ step, status }) => [step, status])),
  };
}

/** Every flow of a ledger date, in the order in which they are cleared. */
export async function loadFlowsOf(tx: Tx, ledgerDate: BusinessDate): Promise<FlowState[]> {
  const rows = await tx
    .select({ row: flowDays })
    .from(flowDays)
    .innerJoin(flows, eq(flows.flow, flowDays.flow))
    .where(eq(flowDays.ledgerDate, ledgerDate))
    .orderBy(asc(flows.position));
  const states: FlowState[] = [];
  // One after another: a transaction is one connection, which runs one query at a time.
  for (const { row } of rows) states.push(await stateOf(tx, row));
  return states;
}

/** What a guard needs to know beyond the flow. `now` comes from the clock port. */
export async function loadDayFacts(tx: Tx, ref: FlowRef, now: Date): Promise<DayFacts> {
  const [date] = await tx
    .select()
    .from(ledgerDates)
    .where(eq(ledgerDates.ledgerDate, ref.ledgerDate));
  if (!date) throw new ClearingError('NOT_FOUND', { ledgerDate: ref.ledgerDate });
  const all = await loadFlowsOf(tx, ref.ledgerDate);
  const position = all.findIndex((flow) => flow.flow === ref.flow);
  const dayEnd = all.find((flow) => flow.flow === DAY_END_FLOW);
  const beginsAt = await beginningOf(tx, ref, { cutoffAt: new Date(date.cutoffAt), now });
  return {
    isOpenDate: date.status === 'OPEN',
    unfinishedEarlierFlows: all
      .slice(0, Math.max(position, 0))
      .filter((flow) => flow.mode !== 'COMPLETED')
      .map((flow) => flow.flow),
    dayEndBegun:
      dayEnd !== undefined &&
      Object.values(dayEnd.steps).some((s) => s !== 'NOT_STARTED' && s !== 'INVALIDATED'),
    busyFlows: all
      .filter((flow) => flow.flow !== ref.flow && isBusy(flow.mode))
      .map(({ flow, mode }) => ({ flow, mode })),
    hasUnreversedJournals: await hasUnreversedJournals(tx, ref),
    cutoffReached: beginsAt === undefined || beginsAt <= now,
    cutoffAt: (beginsAt ?? new Date(date.cutoffAt)).toISOString(),
    failedReadinessItems: await failedReadinessItems(tx, ref),
  };
}

/**
 * By the runs, not by the journals, which would all have to be read when all are reversed: an undo
 * discards the runs whose journals it reversed, and only an undo does.
 */
async function hasUnreversedJournals(tx: Tx, ref: FlowRef): Promise<boolean> {
  const [found] = await tx
    .select({ stepRunId: stepRuns.stepRunId })
    .from(stepRuns)
    .innerJoin(stepShards, eq(stepShards.stepRunId, stepRuns.stepRunId))
    .where(
      and(
        eq(stepRuns.ledgerDate, ref.ledgerDate),
        eq(stepRuns.flow, ref.flow),
        inArray(stepRuns.step, ['posting', 'settlement']),
        isNull(stepRuns.discardedAt),
        gt(stepShards.rowsDone, 0),
      ),
    )
    .limit(1);
  return found !== undefined;
}

/**
 * When a flow may begin: at the cutoff of the date. A flow of overnight markets need not wait for
 * it once their session is over; undefined = they held none. Where a calendar is missing it waits,
 * since readiness has to say so first.
 */
async function beginningOf(
  tx: Tx,
  ref: FlowRef,
  { cutoffAt, now }: { readonly cutoffAt: Date; readonly now: Date },
): Promise<Date | undefined> {
  if (cutoffAt <= now || ref.flow === DAY_END_FLOW) return cutoffAt;
  const calendar = await loadClearingCalendar(tx);
  const markets = marketsOfFlow(calendar, ref.flow);
  if (!markets.every(({ overnight }) => overnight)) return cutoffAt;
  try {
    return lastClose(markets, ref.ledgerDate, calendar.union);
  } catch (error) {
    if (error instanceof ClearingError && error.code === 'CALENDAR_MISSING') return cutoffAt;
    throw error;
  }
}

/** Flows whose markets are all overnight: their sessions end before the cutoff of any date. */
async function overnightFlows(tx: Tx): Promise<ReadonlySet<string>> {
  const rows = await tx
    .select({ flow: markets.flow })
    .from(markets)
    .groupBy(markets.flow)
    .having(sql`bool_and(${markets.overnight})`);
  return new Set(rows.map(({ flow }) => flow));
}

/** Flows of a date that wait for its cutoff and whose first step has begun. */
export async function flowsPastCutoff(tx: Tx, ledgerDate: BusinessDate): Promise<string[]> {
  const overnight = await overnightFlows(tx);
  return (await loadFlowsOf(tx, ledgerDate))
    .filter(({ flow }) => !overnight.has(flow))
    .filter((state) =>
      stepsOf(state.flow)
        .slice(0, 1)
        .some((step) => hasBegun(state, step)),
    )
    .map(({ flow }) => flow);
}

/** Items of the newest run that block: those of severity 1 only while nobody passed them by hand. */
async function failedReadinessItems(tx: Tx, ref: FlowRef): Promise<string[]> {
  const results = readinessResults;
  const isPassedByHand = and(
    eq(manualPasses.ledgerDate, results.ledgerDate),
    eq(manualPasses.flow, results.flow),
    eq(manualPasses.kind, 'readiness'),
    eq(manualPasses.item, results.item),
    eq(manualPasses.evidenceHash, results.evidenceHash),
    eq(results.severity, 1),
  );
  const rows = await tx
    .select({ item: results.item })
    .from(results)
    .leftJoin(manualPasses, isPassedByHand)
    .where(
      and(
        eq(results.ledgerDate, ref.ledgerDate),
        eq(results.flow, ref.flow),
        eq(results.passed, false),
        sql`${results.severity} > 0`,
        isNull(manualPasses.ticketId),
        sql`${results.run} = (SELECT max(r.run) FROM readiness_results r
             WHERE r.ledger_date = ${ref.ledgerDate} AND r.flow = ${ref.flow})`,
      ),
    );
  return rows.map((row) => row.item);
}

export interface FlowChange {
  readonly mode?: FlowMode;
  readonly readiness?: ReadinessState;
  readonly generation?: number;
  readonly startedBy?: string | null;
  readonly startedAt?: string | null;
  readonly tradesFrozenAt?: string | null;
}

/** Writes a change of the flow and counts it: each call raises the revision by one. */
export async function changeFlow(tx: Tx, ref: FlowRef, change: FlowChange): Promise<void> {
  await tx
    .update(flowDays)
    .set({ ...change, revision: sql`${flowDays.revision} + 1`, updatedAt: sql`now()` })
    .where(isFlow(ref));
}

/**
 * Moves the pointer of a step; makes it for a step that a later release added to an open date.
 * Progress, so the revision stays.
 */
export async function pointStep(
  tx: Tx,
  ref: FlowRef,
  pointer: { readonly step: StepId; readonly status: StepStatus; readonly stepRunId?: number },
): Promise<void> {
  const { ledgerDate, flow } = ref;
  await tx
    .insert(flowSteps)
    .values({ ledgerDate, flow, ...pointer })
    .onConflictDoUpdate({
      target: [flowSteps.ledgerDate, flowSteps.flow, flowSteps.step],
      set: {
        status: pointer.status,
        ...(pointer.stepRunId === undefined ? {} : { stepRunId: pointer.stepRunId }),
      },
    });
}

/** Says of steps that ran that they no longer count; steps that never ran stay as they are. */
export async function invalidateSteps(
  tx: Tx,
  ref: FlowRef,
  steps: readonly StepId[],
): Promise<void> {
  if (steps.length === 0) return;
  await tx
    .update(flowSteps)
    .set({ status: 'INVALIDATED' })
    .where(
      and(
        eq(flowSteps.ledgerDate, ref.ledgerDate),
        eq(flowSteps.flow, ref.flow),
        inArray(flowSteps.step, [...steps]),
        sql`${flowSteps.status} <> 'NOT_STARTED'`,
      ),
    );
}
