import { Context } from '@temporalio/activity';
import { claimShard, finishShard } from '../db/fence.ts';
import { loadRun } from '../db/step-runs.repository.ts';
import type { Dependencies } from './dependencies.ts';
import { STEP_DEFINITIONS } from './steps/index.ts';

/**
 * Works one shard of a step run from its cursor. Safe to repeat, and safe beside an attempt that is
 * thought dead: the fence (db/fence.ts) lets only the newest token commit.
 */
export async function workShard(
  { db }: Dependencies,
  stepRunId: number,
  shard: number,
): Promise<{ readonly rowsDone: number }> {
  const context = Context.current();
  const claimed = await claimShard(db, stepRunId, shard);
  if (claimed.kind === 'done') return { rowsDone: 0 };
  const { claim } = claimed;
  const run = await loadRun(db, stepRunId);
  const result = await STEP_DEFINITIONS[run.step].workShard({
    db,
    run,
    claim,
    heartbeat: (progress) => {
      context.heartbeat(progress);
    },
    isCancelled: () => context.cancellationSignal.aborted,
  });
  await finishShard(db, claim, result);
  return { rowsDone: claim.rowsDone };
}
