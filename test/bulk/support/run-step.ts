import { STEP_DEFINITIONS } from '../../../activities/steps/index.ts';
import type { StepOutcome, StepRun } from '../../../activities/steps/step-definition.ts';
import type { Db } from '../../../db/client.ts';
import { claimShard, finishShard } from '../../../db/fence.ts';
import {
  discardRuns,
  discardUnpostedSyncs,
  endRun,
  freezeRun,
  insertRun,
  loadRun,
  newestRun,
  shardsOf,
} from '../../../db/step-runs.repository.ts';
import { inTransaction } from '../../../db/transaction.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';
import type { RunnableStep } from '../../../domain/clearing/steps.ts';

/** A flow on a date in a generation: where the steps of these tests run, without Temporal. */
export interface Place {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly generation: number;
}

export async function openRun(db: Db, place: Place, step: RunnableStep): Promise<StepRun> {
  return inTransaction(db, async (t) => {
    const earlier = await newestRun(t.tx, place, step, place.generation);
    const row = await insertRun(t.tx, {
      ledgerDate: place.ledgerDate,
      flow: place.flow,
      generation: place.generation,
      step,
      pass: (earlier?.pass ?? 0) + 1,
      commandId: undefined,
    });
    await freezeRun(t.tx, row.stepRunId, await STEP_DEFINITIONS[step].plan(t, row));
    return loadRun(t.tx, row.stepRunId);
  });
}

/** Works one shard; `stopAfter` aborts the attempt after that many chunks, as a crash would. */
export async function workOne(
  db: Db,
  run: StepRun,
  shard: number,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  const claimed = await claimShard(db, run.stepRunId, shard);
  if (claimed.kind === 'done') return;
  let beats = 0;
  const result = await STEP_DEFINITIONS[run.step].workShard({
    db,
    run,
    claim: claimed.claim,
    heartbeat: () => void (beats += 1),
    isCancelled: () => beats >= stopAfter,
  });
  await finishShard(db, claimed.claim, result);
}

export async function closeRun(db: Db, run: StepRun): Promise<StepOutcome> {
  return inTransaction(db, async (t) => {
    const shards = await shardsOf(t.tx, run.stepRunId);
    const results = shards.map((shard) => shard.result ?? {});
    const outcome = await STEP_DEFINITIONS[run.step].close(t, run, results);
    await endRun(t.tx, run.stepRunId, outcome);
    if (run.step === 'sync') await discardUnpostedSyncs(t.tx, run, run.stepRunId);
    if (run.step === 'billing') {
      await discardRuns(
        t.tx,
        {
          ledgerDate: run.ledgerDate,
          flow: run.flow,
          steps: ['billing'],
          generation: run.generation,
          span: 'only',
          exceptRunId: run.stepRunId,
        },
        `run ${run.stepRunId}`,
      );
    }
    return outcome;
  });
}

export async function runStep(
  db: Db,
  place: Place,
  step: RunnableStep,
  parallel = 1,
): Promise<StepOutcome> {
  const run = await openRun(db, place, step);
  const shards = (await shardsOf(db, run.stepRunId)).map((shard) => shard.shard);
  const workers = Array.from({ length: parallel }, async () => {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      await workOne(db, run, shard);
    }
  });
  await Promise.all(workers);
  return closeRun(db, run);
}
