import type { Client } from '@temporalio/client';
import { archiveWorkflowId, KEPT_RUNS, TASK_QUEUES } from './ids.ts';
import type { History } from './run-facts.ts';

interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** Temporal's list may lag behind the run that it lists. */
const LAG_MS = 600_000;

/** What Temporal knows of runs that are over: which there are, their histories, their archiving. */
export function createClosedRuns(client: Client) {
  let newestClose: Date | undefined;
  return {
    /** All that Temporal still has, and from then on those that closed lately: a short list. */
    async lately(): Promise<readonly RunRef[]> {
      const runs: RunRef[] = [];
      for await (const { workflowId, runId, closeTime } of client.workflow.list({
        query: query(),
      })) {
        runs.push({ workflowId, runId });
        if (closeTime && closeTime > (newestClose ?? 0)) newestClose = closeTime;
      }
      return runs;
    },
    /** The history of exactly this run, whatever run its workflow id has now. */
    history: ({ workflowId, runId }: RunRef): Promise<History> =>
      client.workflow.getHandle(workflowId, runId).fetchHistory(),
    /** Safe to repeat: the id holds one archiver at a time, and a row is stored once. */
    async archive(run: RunRef): Promise<void> {
      await client.workflow.start('archiveHistory', {
        workflowId: archiveWorkflowId(run.workflowId, run.runId),
        taskQueue: TASK_QUEUES.control,
        args: [run],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
    },
  };

  function query(): string {
    const closed = `${KEPT_RUNS} AND ExecutionStatus != 'Running'`;
    if (!newestClose) return closed;
    return `${closed} AND CloseTime > '${new Date(newestClose.getTime() - LAG_MS).toISOString()}'`;
  }
}

export type ClosedRuns = ReturnType<typeof createClosedRuns>;
