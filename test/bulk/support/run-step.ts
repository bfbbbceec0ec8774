import { STEP_DEFINITIONS } from '../../../activities/steps/index.ts';
import type {
  ShardPlan,
  ShardWork,
  StepOutcome,
  StepRun,
} from '../../../activities/steps/step-definition.ts';
import type { Db } from '../../../db/client.ts';
import type { ShardAttempt } from '../../../db/bulk/chunk-writer.ts';
import { recordSealedRun } from '../../../db/bulk/journal-seals.ts';
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
import { FIRST_CLIENT_ACCOUNT } from '../../../domain/ledger/house-accounts.ts';
import type { RunnableStep } from '../../../domain/clearing/steps.ts';

/** A flow on a date in a generation: where the steps of these tests run, without Temporal. */
export interface Place {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly generation: number;
}

/** How a run is cut: as planned, or with a shard for each account and few rows a chunk. */
export interface Cut {
  readonly shardPerAccount?: boolean;
  readonly chunkSize?: number;
  readonly parallel?: number;
}

export async function openRun(
  db: Db,
  place: Place,
  step: RunnableStep,
  cut: Cut = {},
): Promise<StepRun> {
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
    if (step === 'billing') {
      await discardRuns(
        t.tx,
        {
          ledgerDate: row.ledgerDate,
          flow: row.flow,
          steps: ['billing'],
          generation: row.generation,
          span: 'only',
          exceptRunId: row.stepRunId,
        },
        `run ${row.stepRunId}`,
      );
    }
    const plan = await STEP_DEFINITIONS[step].plan(t, row);
    const shards = cut.shardPerAccount ? plan.shards.flatMap(perAccount) : plan.shards;
    await freezeRun(t.tx, row.stepRunId, { ...plan, shards });
    return loadRun(t.tx, row.stepRunId);
  });
}

function perAccount(shard: ShardPlan): ShardPlan[] {
  const first = Math.max(shard.accountFrom, FIRST_CLIENT_ACCOUNT);
  const accounts = Array.from({ length: shard.accountTo - first + 1 }, (_, at) => first + at);
  return accounts.map((account, at) => ({
    accountFrom: at === 0 ? shard.accountFrom : account,
    accountTo: account,
    rowsPlanned: 1,
  }));
}

/** Works one shard; `stopAfter` aborts the attempt after that many chunks, as a crash would. */
export async function workOne(
  db: Db,
  run: StepRun,
  shard: number,
  { chunkSize, stopAfter }: { readonly chunkSize?: number; readonly stopAfter?: number } = {},
): Promise<void> {
  const claimed = await claimShard(db, run.stepRunId, shard);
  if (claimed.kind === 'done') return;
  let beats = 0;
  const result = await STEP_DEFINITIONS[run.step].workShard({
    db,
    run,
    claim: claimed.claim,
    heartbeat: () => void (beats += 1),
    isCancelled: () => beats >= (stopAfter ?? Number.POSITIVE_INFINITY),
    ...(chunkSize === undefined ? {} : { chunkSize }),
  } satisfies ShardWork & ShardAttempt);
  await finishShard(db, claimed.claim, result);
}

export async function closeRun(db: Db, run: StepRun): Promise<StepOutcome> {
  return inTransaction(db, async (t) => {
    const shards = await shardsOf(t.tx, run.stepRunId);
    const results = shards.map((shard) => shard.result ?? {});
    const outcome = await STEP_DEFINITIONS[run.step].close(t, run, results);
    await endRun(t.tx, run.stepRunId, outcome);
    await recordSealedRun(t, run, outcome.status);
    if (run.step === 'sync') await discardUnpostedSyncs(t.tx, run, run.stepRunId);
    return outcome;
  });
}

export async function runStep(
  db: Db,
  place: Place,
  step: RunnableStep,
  cut: Cut = {},
): Promise<StepOutcome> {
  const run = await openRun(db, place, step, cut);
  const shards = (await shardsOf(db, run.stepRunId)).map((shard) => shard.shard);
  const workers = Array.from({ length: cut.parallel ?? 1 }, async () => {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      await workOne(db, run, shard, cut);
    }
  });
  await Promise.all(workers);
  return closeRun(db, run);
}
