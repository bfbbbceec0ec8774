import type { Approver, Approvers } from '../../../domain/tickets/seats.ts';
import type { TicketNode } from '../../../domain/tickets/ticket-flow.ts';
import type { TicketState } from '../../../domain/tickets/ticket-machine.ts';

export const T0 = '2025-12-22T09:00:00.000Z';
export const at = (minutes: number): string =>
  new Date(Date.parse(T0) + minutes * 60_000).toISOString();

/** A node of the role approver, unless said otherwise. */
export const node = (name: string, more: Partial<TicketNode> = {}): TicketNode => ({
  name,
  mode: 'ANY_OF',
  roles: ['approver'],
  people: [],
  ...more,
});
export const opened = (
  nodes: readonly TicketNode[],
  more: Partial<TicketState> = {},
): TicketState => ({
  status: 'PENDING',
  maker: 'maker',
  nodes,
  node: 0,
  nodeSince: T0,
  reminders: 0,
  escalated: false,
  expiresAt: at(600),
  consents: [],
  lastDecisionId: 0,
  ...more,
});
const holder = (...roles: string[]): Approver => ({ roles, mayDecide: true, mayClose: false });
export const PEOPLE: Approvers = new Map([
  ['maker', holder('approver', 'head')],
  ['ann', holder('approver')],
  ['bob', holder('approver')],
  ['eve', holder('head')],
  ['dual', holder('approver', 'head')],
  ['clerk', holder('operator')],
  ['left', { roles: ['approver'], mayDecide: false, mayClose: false }],
  ['admin', { roles: ['admin'], mayDecide: true, mayClose: true }],
]);
