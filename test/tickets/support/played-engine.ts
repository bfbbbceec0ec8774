import {
  advanceTicket,
  type TicketDependencies,
} from '../../../activities/tickets/advance-ticket.ts';
import { executeTicket } from '../../../activities/tickets/execute-ticket.ts';
import type { TicketEngine } from '../../../api/tickets/ticket-service.ts';
import { ClearingError } from '../../../domain/errors/clearing-error.ts';

/**
 * Does at once, in this process, what the workflow of a ticket would do: its own activities on the
 * real database, with no Temporal between.
 */
export function playedEngine(deps: TicketDependencies): TicketEngine {
  const run = async (ticketId: string): Promise<void> => {
    const { status } = await advanceTicket(deps, ticketId);
    if (status !== 'APPROVED') return;
    await executeTicket(deps, ticketId).catch((error: unknown) => {
      // A command carries the effect out; the workflow would ask again.
      if (!(error instanceof ClearingError && error.code === 'EFFECT_UNDER_WAY')) throw error;
    });
  };
  return { openTicket: run, tellTicket: ({ ticketId }) => run(ticketId) };
}
