import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { FlowInput } from '../domain/clearing/commands.ts';
import {
  isOpen,
  type DecisionKind,
  type TicketHint,
  type TicketProgress,
} from '../domain/tickets/ticket.ts';
import { flowWorkflowId, ledgerDayWorkflowId, TASK_QUEUES, ticketWorkflowId } from './ids.ts';

/** Reads from PostgreSQL what workflows are opened with. */
export interface WorkflowInputs {
  readonly flow: (ref: FlowRef) => Promise<FlowInput>;
  readonly ticket: (ticketId: string) => Promise<TicketProgress>;
}

/** A decision row that a ticket is told of. */
export interface TicketNews extends TicketHint {
  readonly ticketId: string;
  readonly kind: DecisionKind;
}

/** How long a ticket is tried to be told; who cannot wait longer leaves it to the relay. */
const TELL_DEADLINE_MS = 4_000;

/**
 * The only door through which workflows are opened. An open one is left alone, a closed or lost one
 * is opened again from PostgreSQL; the state is *input*, so that its handlers stand before the
 * first await. Handles pin no run id: a revoke continues as a new run.
 */
export function createWorkflowDoor(client: Client, load: WorkflowInputs) {
  const openOrLeave = {
    taskQueue: TASK_QUEUES.control,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  } as const;
  const start = async (
    type: string,
    workflowId: string,
    input: FlowInput | TicketProgress | { ledgerDate: BusinessDate },
  ) => {
    await client.workflow.start(type, { ...openOrLeave, workflowId, args: [input] });
  };
  return {
    async openLedgerDay(ledgerDate: BusinessDate): Promise<void> {
      await start('ledgerDay', ledgerDayWorkflowId(ledgerDate), { ledgerDate });
    },
    async openFlow(ref: FlowRef): Promise<void> {
      const input = await load.flow(ref);
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
    async openTicket(ticketId: string): Promise<void> {
      const input = await load.ticket(ticketId);
      if (isOpen(input.status)) await start('approvalTicket', ticketWorkflowId(ticketId), input);
    },
    /**
     * Tells a ticket that there is a decision, and opens it first where Temporal does not know it.
     * May be repeated and may come in any order: the ticket reads the rows.
     */
    async tellTicket({ ticketId, kind, decisionId, node }: TicketNews): Promise<void> {
      const input = await load.ticket(ticketId);
      // One that has ended has taken every decision: they are written under its lock.
      if (!isOpen(input.status)) return;
      const hint: TicketHint = { decisionId, node };
      await client.withDeadline(Date.now() + TELL_DEADLINE_MS, () =>
        client.workflow.signalWithStart('approvalTicket', {
          ...openOrLeave,
          workflowId: ticketWorkflowId(ticketId),
          args: [input],
          signal: kind,
          signalArgs: [hint],
        }),
      );
    },
  };
}

export type TemporalDoor = ReturnType<typeof createWorkflowDoor>;
