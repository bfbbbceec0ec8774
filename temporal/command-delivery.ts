import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import type { FlowCommand } from '../domain/clearing/commands.ts';
import { refusalFromFailure } from './failure.ts';
import { flowWorkflowId, ledgerDayWorkflowId } from './ids.ts';
import type { TemporalDoor } from './workflow-door.ts';

/** How a delivery ended. `unknown` = no answer in time: it may still arrive, so it is repeated. */
export type Delivery =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly reason: string };

const DEADLINE_MS = 4_000;

/**
 * Delivers a command as an update whose id is the command id, so that Temporal, the workflow and
 * PostgreSQL each recognise a repetition. A workflow that Temporal does not know is opened first.
 */
export function createCommandDelivery(client: Client, door: TemporalDoor) {
  const attempt = async (ref: FlowRef, command: FlowCommand): Promise<void> => {
    const isDayCut = command.kind === 'dayCut';
    const id = isDayCut ? ledgerDayWorkflowId(ref.ledgerDate) : flowWorkflowId(ref);
    await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.getHandle(id).executeUpdate(command.kind, {
        args: [command],
        updateId: command.commandId,
      }),
    );
  };
  const open = (ref: FlowRef, command: FlowCommand): Promise<void> =>
    command.kind === 'dayCut' ? door.openLedgerDay(ref.ledgerDate) : door.openFlow(ref);

  return async function deliver(ref: FlowRef, command: FlowCommand): Promise<Delivery> {
    try {
      try {
        await attempt(ref, command);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        await open(ref, command);
        await attempt(ref, command);
      }
      return { kind: 'accepted' };
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        return { kind: 'refused', refusal: refusalFromFailure(error) };
      }
      return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
    }
  };
}

export type DeliverCommand = ReturnType<typeof createCommandDelivery>;
