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
