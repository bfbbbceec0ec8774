import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { FlowInput } from '../domain/clearing/commands.ts';
import { flowWorkflowId, ledgerDayWorkflowId, TASK_QUEUES } from './ids.ts';

/** Reads from PostgreSQL what a flow's workflow is opened with. */
export type LoadFlowInput = (ref: FlowRef) => Promise<FlowInput>;

/**
 * The only door through which workflows are opened. An open one is left alone, a closed or lost one
 * is opened again from PostgreSQL; the state is *input*, so that its handlers stand before the
 * first await. Handles pin no run id: a revoke continues as a new run.
 */
export function createWorkflowDoor(client: Client, loadFlowInput: LoadFlowInput) {
  const start = async (
    type: string,
    workflowId: string,
    input: FlowInput | { ledgerDate: BusinessDate },
  ) => {
    await client.workflow.start(type, {
      workflowId,
      taskQueue: TASK_QUEUES.control,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  };
  return {
    async openLedgerDay(ledgerDate: BusinessDate): Promise<void> {
      await start('ledgerDay', ledgerDayWorkflowId(ledgerDate), { ledgerDate });
    },
    async openFlow(ref: FlowRef): Promise<void> {
      const input = await loadFlowInput(ref);
      // A flow of a cut date has nothing to wait for.
      if (input.state.mode !== 'CLOSED') await start('clearingFlow', flowWorkflowId(ref), input);
    },
    /** A hint; it may be lost or repeated, since the facts are in PostgreSQL. */
    async tellFlow(ref: FlowRef): Promise<void> {
      try {
        await client.workflow.getHandle(flowWorkflowId(ref)).signal('flowChanged');
      } catch (error) {
        // A workflow that is gone needs no hint: it reads everything when it is opened again.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

export type TemporalDoor = ReturnType<typeof createWorkflowDoor>;
