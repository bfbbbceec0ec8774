import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { OUR_RUNS } from './ids.ts';
import type { History } from './run-facts.ts';

/** A run that a release took out of the engine, with everything that happened in it. */
export interface MisfitHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly history: History;
}

/**
 * Replays every open workflow against this bundle before a worker may touch it. One that does not
 * fit is terminated with the reason, handed to `archive`, and later opened again from PostgreSQL by
 * the reconciler: the same path as after the loss of Temporal's database. Safe to repeat: what fits
 * is left alone, and what was terminated but not archived is a closed run, which the sweep finds.
 */
export async function healHistories(
  client: Client,
  workflowBundle: WorkflowBundleOption,
  archive: (misfit: MisfitHistory) => Promise<void>,
): Promise<readonly string[]> {
  const healed: string[] = [];
  const query = `${OUR_RUNS} AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const reason = await misfitReason(workflowBundle, handle);
    if (reason === undefined) continue;
    await handle.terminate(`does not fit this release: ${reason}`);
    await archive({ workflowId, runId, history: await handle.fetchHistory() });
    healed.push(workflowId);
  }
  return healed;
}

async function misfitReason(
  workflowBundle: WorkflowBundleOption,
  handle: WorkflowHandle,
): Promise<string | undefined> {
  const history = await handle.fetchHistory();
  try {
    await Worker.runReplayHistory({ workflowBundle }, history, handle.workflowId);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 500) : String(error);
  }
}
