import type { TicketNode } from './ticket-flow.ts';

/*
 * A node is a number of seats, each to be taken by one person: one seat that any of its approvers
 * may take (ANY_OF), or one for each named person and one for each named role (ALL_OF). Nobody
 * takes two seats, so two roles of one person do not make two persons.
 */

/** What a person may do about a ticket now. */
export interface Approver {
  /** Is here, may work with tickets, and may see the ticket's target. */
  readonly mayDecide: boolean;
  readonly mayClose: boolean;
  readonly roles: readonly string[];
}

/** Person → what they may do; who is not in it may do nothing. */
export type Approvers = ReadonlyMap<string, Approver>;

interface Seat {
  readonly people: readonly string[];
  readonly roles: readonly string[];
}

/** After an escalation the roles that it names may take any seat of the node as well. */
export function seatsOf(node: TicketNode, escalated: boolean): readonly Seat[] {
  const more = escalated ? (node.timeout?.escalateToRoles ?? []) : [];
  const seats: readonly Seat[] =
    node.mode === 'ANY_OF'
      ? [{ people: node.people, roles: node.roles }]
      : [
          ...node.people.map((person) => ({ people: [person], roles: [] })),
          ...node.roles.map((role) => ({ people: [], roles: [role] })),
        ];
  return seats.map(({ people, roles }) => ({ people, roles: [...roles, ...more] }));
}

const fits = (seat: Seat, person: string, approver: Approver | undefined): boolean =>
  approver?.mayDecide === true &&
  (seat.people.includes(person) || seat.roles.some((role) => approver.roles.includes(role)));

/** Whether some seat of the node is for this person. */
export const mayTakeSeat = (
  node: TicketNode,
  escalated: boolean,
  person: string,
  approvers: Approvers,
): boolean => seatsOf(node, escalated).some((seat) => fits(seat, person, approvers.get(person)));

/** Somebody who could take, or has taken, a seat. */
export interface Candidate {
  readonly person: string;
  /** Whether the roles of an escalation count for them. */
  readonly escalated: boolean;
}

/** Whether these persons can take every seat of the node, one person a seat. */
export function fillsNode(
  node: TicketNode,
  candidates: readonly Candidate[],
  approvers: Approvers,
): boolean {
  const options = seatsOf(node, false).map((seat, at) =>
    candidates
      .filter(({ person, escalated }) => {
        const open = escalated ? (seatsOf(node, true)[at] ?? seat) : seat;
        return fits(open, person, approvers.get(person));
      })
      .map(({ person }) => person),
  );
  return canSeatAll(options);
}

/**
 * Whether the maker's request could ever be granted: every seat of every node by another living
 * person, none of whom sits twice, since one person decides one node.
 */
export function canBeGranted(
  nodes: readonly TicketNode[],
  maker: string,
  approvers: Approvers,
): boolean {
  const others = [...approvers].filter(([person]) => person !== maker);
  const options = nodes.flatMap((node) =>
    seatsOf(node, true).map((seat) =>
      others.filter(([person, who]) => fits(seat, person, who)).map(([person]) => person),
    ),
  );
  return canSeatAll(options);
}

/**
 * Seats people so that each seat has one and nobody has two: a seat whose candidates are all taken
 * asks the one who holds another seat to move on (augmenting paths).
 */
function canSeatAll(options: readonly (readonly string[])[]): boolean {
  const seatOf = new Map<string, number>();
  const place = (seat: number, asked: Set<string>): boolean =>
    (options[seat] ?? []).some((person) => {
      if (asked.has(person)) return false;
      asked.add(person);
      const held = seatOf.get(person);
      if (held !== undefined && !place(held, asked)) return false;
      seatOf.set(person, seat);
      return true;
    });
  return options.every((_, seat) => place(seat, new Set()));
}
