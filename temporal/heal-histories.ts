import type { Client } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import proto from '@temporalio/proto';

export interface MisfitHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly reason: string;
  readonly history: Uint8Array;
}

/** Other programs may share the namespace; their workflows are none of our business. */
const OURS = `WorkflowType IN ('clearingFlow', 'ledgerDay')`;

/**
 * Replays every open workflow against this bundle before a worker may touch it. One that does not
 * fit is handed to `archive`, terminated, and later opened again from PostgreSQL by the reconciler:
 * the same path as after the loss of Temporal's database. Safe to repeat: what fits is left alone.
 */
export async function healHistories(
  client: Client,
  workflowBundle: WorkflowBundleOption,
  archive: (misfit: MisfitHistory) => Promise<void>,
): Promise<readonly string[]> {
  const healed: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({
    query: `${OURS} AND ExecutionStatus = 'Running'`,
  })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = await handle.fetchHistory();
    const reason = await misfitReason(workflowBundle, history, workflowId);
    if (reason === undefined) continue;
    const bytes = proto.temporal.api.history.v1.History.encode(history).finish();
    await archive({ workflowId, runId, reason, history: bytes });
    await handle.terminate(`does not fit this release: ${reason}`);
    healed.push(workflowId);
  }
  return healed;
}

async function misfitReason(
  workflowBundle: WorkflowBundleOption,
  history: proto.temporal.api.history.v1.IHistory,
  workflowId: string,
): Promise<string | undefined> {
  try {
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 500) : String(error);
  }
}
