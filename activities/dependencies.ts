import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { Clock } from '../domain/clock.ts';
import type { Db } from '../db/client.ts';

/** Opens workflows and gives them hints; the only thing that an activity wants of Temporal. */
export interface WorkflowDoor {
  openLedgerDay(ledgerDate: BusinessDate): Promise<void>;
  openFlow(ref: FlowRef): Promise<void>;
  tellFlow(ref: FlowRef): Promise<void>;
  openTicket(ticketId: string): Promise<void>;
}

export interface Dependencies {
  readonly db: Db;
  readonly clock: Clock;
}
