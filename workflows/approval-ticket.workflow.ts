import { condition, continueAsNew, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  DECISION_KINDS,
  type TicketProgress,
  type TicketStatus,
} from '../domain/tickets/ticket.ts';
import { tickets } from './activity-proxies.ts';
import { ticketSignals } from './messages.ts';

export interface TicketEnd {
  readonly status: TicketStatus;
  readonly resultCode: string | null;
}

/**
 * One request for a second person's consent, from its opening until its effect is carried out. It
 * waits for a hint or for time to pass, lets the ticket take what was decided, and carries out what
 * was consented to. The ticket itself lives in PostgreSQL: losing this workflow loses nothing.
 */
export async function approvalTicket(input: TicketProgress): Promise<TicketEnd> {
  const hints = new Hints();
  let ticket = input;
  do {
    if (ticket.status === 'PENDING') await hints.nextBefore(ticket.wakesAt);
    ticket = await tickets.advanceTicket(ticket.ticketId);
    if (ticket.status === 'APPROVED' || ticket.status === 'EXECUTING') {
      ticket = await tickets.executeTicket(ticket.ticketId);
    }
  } while (ticket.status === 'PENDING' && !workflowInfo().continueAsNewSuggested);
  // Years of reminders: the next run goes on where this one is.
  if (ticket.status === 'PENDING') await continueAsNew<typeof approvalTicket>(ticket);
  return { status: ticket.status, resultCode: ticket.resultCode };
}

/** Of two clocks one may be behind: a timer that fired too early must not become a loop. */
const SHORTEST_SLEEP_MS = 1_000;

/** Signals say that there is something to read, never what: one of them is as good as ten. */
class Hints {
  private arrived = false;

  constructor() {
    for (const kind of DECISION_KINDS) {
      setHandler(ticketSignals[kind], () => {
        this.arrived = true;
      });
    }
  }

  /** Resolves with the next hint, or when it is that time. */
  async nextBefore(instant: string | null): Promise<void> {
    const hasArrived = () => this.arrived;
    if (instant === null) await condition(hasArrived);
    else {
      const left = Date.parse(instant) - Date.now();
      await condition(hasArrived, Math.max(left, SHORTEST_SLEEP_MS));
    }
    this.arrived = false;
  }
}
