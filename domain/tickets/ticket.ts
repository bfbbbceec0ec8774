/**
 * PENDING: waits for its node. APPROVED: every node consented, the effect is to be carried out.
 * EXECUTING: the effect is under way. Final are: SUCCEEDED, FAILED (the effect was refused, with
 * the code), STALE (the target changed meanwhile, nothing was applied), REJECTED, WITHDRAWN (by its
 * maker), CLOSED (by an administrator), EXPIRED.
 */
export const TICKET_STATUSES = [
  'PENDING',
  'APPROVED',
  'EXECUTING',
  'SUCCEEDED',
  'FAILED',
  'STALE',
  'REJECTED',
  'WITHDRAWN',
  'CLOSED',
  'EXPIRED',
] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];

export const DECISION_KINDS = ['approve', 'reject', 'withdraw', 'close'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** While a ticket is open, no second one may be opened for its key and target. */
export const isOpen = (status: TicketStatus): boolean =>
  status === 'PENDING' || status === 'APPROVED' || status === 'EXECUTING';

/** What a ticket's workflow is opened with and learns: where the ticket stands, nothing of what. */
export interface TicketProgress {
  readonly ticketId: string;
  readonly ticketKey: string;
  readonly targetId: string;
  readonly status: TicketStatus;
  readonly node: number;
  /** When time will change it next, if nobody decides; null when it does not wait. */
  readonly wakesAt: string | null;
  readonly resultCode: string | null;
}

/** What a signal carries: where to look. The decision itself is a row. */
export interface TicketHint {
  readonly decisionId: number;
  readonly node: number;
}

/** The command that carries a ticket's effect out, where that is a command. */
export const ticketCommandId = (ticketId: string): string => `${TICKET_COMMANDS}${ticketId}`;
/** No request may take an id that belongs to a ticket. */
export const TICKET_COMMANDS = 'ticket-';
