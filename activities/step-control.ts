import {
  changeFlow,
  invalidateSteps,
  loadFlow,
  lockFlow,
  pointStep,
} from '../db/flows.repository.ts';
import { recordSealedRun } from '../db/bulk/journal-seals.ts';
import { lockLedgerDate } from '../db/ledger-dates.repository.ts';
import {
  discardRuns,
  discardUnpostedSyncs,
  endRun,
  fenceRun,
  freezeRun,
  insertRun,
  loadRun,
  newestRun,
  resumeRun,
  runningRun,
  shardsOf,
  type StepRunRow,
} from '../db/step-runs.repository.ts';
import { inSavepoint, inTransaction, type Transaction } from '../db/transaction.ts';
import {
  modeAfterStep,
  nextStep,
  type FlowRef,
  type FlowState,
} from '../domain/clearing/flow-state.ts';
import {
  isDone,
  stepsOf,
  type RunnableStep,
  type StepId,
  type UndoStep,
} from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { isTransient } from '../domain/errors/error-catalogue.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { passGate } from './command-gate.ts';
import type { OpenedStep, StepFailure } from './contract.ts';
import type { Dependencies } from './dependencies.ts';
import type { StepOutcome } from './steps/step-definition.ts';
import { STEP_DEFINITIONS } from './steps/index.ts';

const UNDO_STEPS: readonly string[] = ['undoSettlement', 'undoPosting'] satisfies UndoStep[];
const isUndo = (step: RunnableStep): step is UndoStep => UNDO_STEPS.includes(step);

/** Steps that go on within a generation where they stopped; the others start a new pass. */
const RESUMABLE: readonly RunnableStep[] = [
  'posting',
  'settlement',
  'undoSettlement',
  'undoPosting',
];

/**
 * Opens the step that the command asks for, or the next one of a running chain: applies the
 * command, marks the step RUNNING and freezes what it reads, in one transaction. Safe to repeat: a
 * run that an earlier attempt opened is found and returned; a command that it applied is not
 * applied again.
 */
export async function openStep(
  { db, clock }: Dependencies,
  ref: FlowRef,
  command: FlowCommand | null,
): Promise<OpenedStep> {
  return inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const flow = await lockFlow(t.tx, ref);
    const running = await runningRun(t.tx, ref);
    if (running) return workOf(t, flow, running);

    const passage = command ? await passGate(t, flow, command, clock.now()) : 'again';
    if (passage === 'first' && command) {
      await changeFlow(t.tx, ref, {
        mode: command.kind === 'start' ? 'AUTO_RUNNING' : 'STEP_RUNNING',
        startedBy: command.person,
        startedAt: clock.now().toISOString(),
      });
      return openRun(t, await loadFlow(t.tx, ref), command.step ?? nextStep(flow), command);
    }
    // A chain keeps its turn from step to step: while it is busy the guard lets no other flow of
    // the date start or be revoked.
    if (passage === 'again' && flow.mode === 'AUTO_RUNNING') {
      return openRun(t, flow, nextStep(flow), null);
    }
    if (flow.mode === 'PAUSE_REQUESTED') await changeFlow(t.tx, ref, { mode: 'PAUSED' });
    return { kind: 'stop', flow: await loadFlow(t.tx, ref) };
  });
}

/** Opens one undo of a revoke. Safe to repeat: it resumes, and a finished undo is not opened. */
export async function openUndo(
  { db }: Dependencies,
  revoke: FlowRef & { readonly commandId: string },
  step: UndoStep,
): Promise<OpenedStep> {
  return inTransaction(db, async (t) => {
    await lockLedgerDate(t.tx, revoke.ledgerDate, 'share');
    const flow = await lockFlow(t.tx, revoke);
    const running = await runningRun(t.tx, revoke);
    if (running) return workOf(t, flow, running);
    const earlier = await newestRun(t.tx, revoke, step, flow.generation);
    if (earlier && isDone(earlier.status)) return { kind: 'ended', flow };
    return openRun(t, flow, step, null);
  });
}

async function workOf(t: Transaction, flow: FlowState, run: StepRunRow): Promise<OpenedStep> {
  const shards = await shardsOf(t.tx, run.stepRunId);
  return {
    kind: 'work',
    flow,
    stepRunId: run.stepRunId,
    step: run.step,
    shards: shards.filter((shard) => shard.status === 'OPEN').map((shard) => shard.shard),
  };
}

async function openRun(
  t: Transaction,
  flow: FlowState,
  step: RunnableStep | undefined,
  command: FlowCommand | null,
): Promise<OpenedStep> {
  if (step === undefined) return { kind: 'stop', flow };
  const earlier = await newestRun(t.tx, flow, step, flow.generation);
  const resumed = earlier && RESUMABLE.includes(step) && !isDone(earlier.status);
  const run = resumed
    ? await resumeRun(t.tx, earlier.stepRunId)
    : await insertRun(t.tx, {
        ledgerDate: flow.ledgerDate,
        flow: flow.flow,
        step,
        generation: flow.generation,
        pass: (earlier?.pass ?? 0) + 1,
        commandId: command?.commandId,
      });
  if (!isUndo(step)) {
    await pointStep(t.tx, flow, { step, status: 'RUNNING', stepRunId: run.stepRunId });
    await invalidateSteps(t.tx, flow, stepsAfter(flow, step));
    // Bills of the pass before would count while this one runs, and for ever if it failed: then an
    // order could neither be edited, being billed, nor revoked, since no step of it is done.
    if (step === 'billing') await supersede(t, run);
  }
  if ((await shardsOf(t.tx, run.stepRunId)).length > 0) {
    return workOf(t, await loadFlow(t.tx, flow), run);
  }
  return planRun(t, flow, run);
}

const stepsAfter = (flow: FlowState, step: StepId): readonly StepId[] => {
  const steps = stepsOf(flow.flow);
  return steps.slice(steps.indexOf(step) + 1).filter((later) => isDone(flow.steps[later]));
};

/** Plans a new run; one that has nothing to do, or whose plan is refused, ends here. */
async function planRun(t: Transaction, flow: FlowState, run: StepRunRow): Promise<OpenedStep> {
  const definition = STEP_DEFINITIONS[run.step];
  const planned = await businessOutcome(t, async () => {
    const plan = await definition.plan(t, run);
    await freezeRun(t.tx, run.stepRunId, plan);
    return plan;
  });
  if (planned.failure) {
    await finish(t, flow, run, { status: 'FAILED', result: {}, failure: planned.failure });
  } else if (planned.value.shards.length === 0) {
    const frozen = { ...run, inputs: planned.value.inputs };
    const closed = await businessOutcome(t, () => definition.close(t, frozen, []));
    await finish(t, flow, run, outcomeOf(closed));
  } else {
    return workOf(t, await loadFlow(t.tx, flow), run);
  }
  return { kind: 'ended', flow: await loadFlow(t.tx, flow) };
}

/** Ends a run whose shards are all done, with the assertions of its step. Safe to repeat. */
export async function closeStep({ db }: Dependencies, stepRunId: number): Promise<FlowState> {
  return endOfRun(db, stepRunId, async (t, run) => {
    const shards = await shardsOf(t.tx, stepRunId);
    const open = shards.filter((shard) => shard.status !== 'DONE').map((shard) => shard.shard);
    if (open.length > 0)
      throw new Error(`run ${String(stepRunId)} has open shards: ${open.join()}`);
    const results = shards.map((shard) => shard.result ?? {});
    return outcomeOf(
      await businessOutcome(t, () => STEP_DEFINITIONS[run.step].close(t, run, results)),
    );
  });
}

/** Ends a run whose shard failed for a reason that retrying cannot change. Safe to repeat. */
export async function failStep(
  { db }: Dependencies,
  stepRunId: number,
  failure: StepFailure,
): Promise<FlowState> {
  return endOfRun(db, stepRunId, async (t) => {
    // Attempts that still live must not commit into a run that has ended.
    await fenceRun(t.tx, stepRunId);
    return { status: 'FAILED', result: {}, failure };
  });
}

async function endOfRun(
  db: Dependencies['db'],
  stepRunId: number,
  outcome: (t: Transaction, run: StepRunRow) => Promise<StepOutcome>,
): Promise<FlowState> {
  return inTransaction(db, async (t) => {
    const ref = await loadRun(t.tx, stepRunId);
    await lockLedgerDate(t.tx, ref.ledgerDate, 'share');
    const flow = await lockFlow(t.tx, ref);
    // Read again under the lock: an earlier attempt may have ended it meanwhile.
    const run = await loadRun(t.tx, stepRunId);
    if (run.status === 'RUNNING') await finish(t, flow, run, await outcome(t, run));
    return loadFlow(t.tx, ref);
  });
}

async function finish(
  t: Transaction,
  flow: FlowState,
  run: StepRunRow,
  outcome: StepOutcome,
): Promise<void> {
  await endRun(t.tx, run.stepRunId, outcome);
  await recordSealedRun(t, run, outcome.status);
  const succeeded = isDone(outcome.status);
  if (isUndo(run.step)) {
    // A revoke goes on by itself; one that fails is parked, and revoking again goes on with it.
    if (!succeeded) await changeFlow(t.tx, flow, { mode: 'PAUSED_ON_ERROR' });
    return;
  }
  await pointStep(t.tx, flow, { step: run.step, status: outcome.status });
  if (succeeded) await supersede(t, run);
  const now = await loadFlow(t.tx, flow);
  const mode = modeAfterStep(now.mode, {
    succeeded,
    flowIsThrough: nextStep(now) === undefined,
  });
  if (mode !== now.mode) await changeFlow(t.tx, flow, { mode });
}

/** A new pass takes the place of the earlier ones of its generation. */
async function supersede(t: Transaction, run: StepRunRow): Promise<void> {
  if (run.step === 'sync') return discardUnpostedSyncs(t.tx, run, run.stepRunId);
  await discardRuns(
    t.tx,
    { ...run, steps: [run.step], span: 'only', exceptRunId: run.stepRunId },
    `run ${String(run.stepRunId)}`,
  );
}

type Attempt<T> =
  { readonly failure?: undefined; readonly value: T } | { readonly failure: StepFailure };

/**
 * Runs a step's own code in a savepoint: a business refusal is an outcome, anything else throws.
 */
async function businessOutcome<T>(t: Transaction, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await inSavepoint(t, work) };
  } catch (error) {
    if (!(error instanceof ClearingError) || isTransient(error.code)) throw error;
    return { failure: { code: error.code, details: error.details } };
  }
}

const outcomeOf = (attempt: Attempt<StepOutcome>): StepOutcome =>
  attempt.failure ? { status: 'FAILED', result: {}, failure: attempt.failure } : attempt.value;
