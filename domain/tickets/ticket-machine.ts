import { instantOf, msOf } from '../calendar/instant.ts';
import type { Refusal } from '../clearing/guards.ts';
import type { ErrorCode } from '../errors/error-catalogue.ts';
import { fillsNode, mayTakeSeat, type Approvers } from './seats.ts';
import { isOpen, type DecisionKind, type TicketStatus } from './ticket.ts';
import type { TicketNode } from './ticket-flow.ts';

/*
 * What a ticket becomes by what people decide and by what time passes: pure, so that the same
 * decisions in the same order give the same ticket, however often and late anybody hears of them.
 * Instants are ISO text; the order of decisions is that of their ids.
 */

/** A consent that counts at present. */
export interface Consent {
  readonly decisionId: number;
  readonly node: number;
  readonly person: string;
  /** Given by a role that an escalation named. */
  readonly byEscalation: boolean;
}

export interface TicketState {
  readonly status: TicketStatus;
  /** Of the person, never of an account. */
  readonly maker: string;
  readonly nodes: readonly TicketNode[];
  /** Index of the node that waits; nodes.length = all have consented. */
  readonly node: number;
  /** When the present node was entered: its timeout counts from here. */
  readonly nodeSince: string;
  readonly reminders: number;
  readonly escalated: boolean;
  readonly expiresAt: string;
  readonly consents: readonly Consent[];
  /** The newest decision that was taken into account; it and older ones change nothing again. */
  readonly lastDecisionId: number;
}

export interface TicketDecision {
  readonly decisionId: number;
  readonly node: number;
  readonly kind: DecisionKind;
  readonly person: string;
  readonly reason: string;
  /** Made by a role that only an escalation let decide, as its writing found. */
  readonly byEscalation: boolean;
  readonly decidedAt: string;
}

/** What became of one decision. */
export interface Verdict {
  readonly decisionId: number;
  readonly counted: boolean;
  readonly ignoredBecause: ErrorCode | undefined;
}

export interface Advance {
  readonly ticket: TicketState;
  readonly verdicts: readonly Verdict[];
  /** Decisions that counted and do no longer: who gave them has lost the right meanwhile. */
  readonly lapsed: readonly number[];
}

const MINUTE_MS = 60_000;

/**
 * Takes decisions into account in the order of their ids, each once, with what time did before each
 * of them. `approvers` says what people may do now: a consent whose giver has lost the role since
 * does not count, and the ticket goes back to the node that it is missing from.
 */
export function takeDecisions(
  ticket: TicketState,
  decisions: readonly TicketDecision[],
  approvers: Approvers,
): Advance {
  const inOrder = [...decisions].sort((a, b) => a.decisionId - b.decisionId);
  let advance: Advance = { ticket, verdicts: [], lapsed: [] };
  for (const decision of inOrder) {
    if (decision.decisionId > advance.ticket.lastDecisionId) {
      advance = takeOne(advance, decision, approvers);
    }
  }
  return advance;
}

function takeOne(before: Advance, decision: TicketDecision, approvers: Approvers): Advance {
  const waited = elapse(before.ticket, decision.decidedAt);
  const { ticket, lapsed } = withoutLapsed(waited, decision.decidedAt, approvers);
  const refusal = decisionRefusal(ticket, decision, approvers);
  const verdict: Verdict = {
    decisionId: decision.decisionId,
    counted: refusal === undefined,
    ignoredBecause: refusal?.code,
  };
  const next = refusal ? ticket : counted(ticket, decision, approvers);
  return {
    ticket: { ...next, lastDecisionId: decision.decisionId },
    verdicts: [...before.verdicts, verdict],
    lapsed: [...before.lapsed, ...lapsed],
  };
}

/**
 * Why a decision cannot count on the ticket as it is; undefined when it can. The same rule runs in
 * the API when the decision is written and in the ticket when it is taken.
 */
export function decisionRefusal(
  ticket: TicketState,
  decision: Omit<TicketDecision, 'decisionId' | 'decidedAt'>,
  approvers: Approvers,
): Refusal | undefined {
  const { kind, person, reason } = decision;
  const who = { person };
  if (kind === 'withdraw' && person !== ticket.maker) return no('NOT_THE_MAKER', who);
  if (kind === 'close' && approvers.get(person)?.mayClose !== true) return no('FORBIDDEN', who);
  if ((kind === 'approve' || kind === 'reject') && person === ticket.maker) {
    return no('SELF_APPROVAL', who);
  }
  if ((kind === 'reject' || kind === 'close') && reason.trim() === '') {
    return no('REASON_REQUIRED', { decision: kind });
  }
  if (!isUndecided(ticket, kind)) {
    const code = ticket.status === 'EXPIRED' ? 'TICKET_EXPIRED' : 'TICKET_CLOSED';
    return no(code, { status: ticket.status });
  }
  return kind === 'approve' || kind === 'reject'
    ? approverRefusal(ticket, decision, approvers)
    : undefined;
}

/** Closing also ends a ticket whose effect cannot be carried out; the others need one that waits. */
const isUndecided = ({ status }: TicketState, kind: DecisionKind): boolean =>
  status === 'PENDING' || (kind === 'close' && status === 'APPROVED');

function approverRefusal(
  ticket: TicketState,
  { node, person, byEscalation }: Pick<TicketDecision, 'node' | 'person' | 'byEscalation'>,
  approvers: Approvers,
): Refusal | undefined {
  const waiting = ticket.nodes[ticket.node];
  if (node !== ticket.node || !waiting) {
    return no('TICKET_NODE_NOT_OPEN', { node, waitsAt: ticket.node });
  }
  if (!mayTakeSeat(waiting, byEscalation && ticket.escalated, person, approvers)) {
    return no('NOT_AN_APPROVER', { person, node });
  }
  const earlier = ticket.consents.find((consent) => consent.person === person);
  return earlier ? no('ALREADY_DECIDED', { person, node: earlier.node }) : undefined;
}

/** True when only the escalation of the present node lets this person decide. */
export function decidesByEscalation(
  ticket: TicketState,
  person: string,
  approvers: Approvers,
): boolean {
  const waiting = ticket.nodes[ticket.node];
  return (
    waiting !== undefined && ticket.escalated && !mayTakeSeat(waiting, false, person, approvers)
  );
}

const ENDS_AS = { reject: 'REJECTED', withdraw: 'WITHDRAWN', close: 'CLOSED' } as const;

function counted(
  ticket: TicketState,
  { decisionId, node, kind, person, byEscalation, decidedAt }: TicketDecision,
  approvers: Approvers,
): TicketState {
  if (kind !== 'approve') return { ...ticket, status: ENDS_AS[kind] };
  const consent = { decisionId, node, person, byEscalation };
  return atItsNode({ ...ticket, consents: [...ticket.consents, consent] }, decidedAt, approvers);
}

/** Moves the ticket to the first node that still misses a consent; APPROVED when none does. */
function atItsNode(ticket: TicketState, at: string, approvers: Approvers): TicketState {
  const waiting = ticket.nodes.findIndex(
    (node, index) => !fillsNode(node, consentsOf(ticket, index), approvers),
  );
  if (waiting === ticket.node) return ticket;
  const node = waiting === -1 ? ticket.nodes.length : waiting;
  const status = waiting === -1 ? 'APPROVED' : ticket.status;
  return { ...ticket, status, node, nodeSince: at, reminders: 0, escalated: false };
}

const consentsOf = ({ consents }: TicketState, node: number) =>
  consents
    .filter((consent) => consent.node === node)
    .map(({ person, byEscalation: escalated }) => ({ person, escalated }));

function withoutLapsed(
  ticket: TicketState,
  at: string,
  approvers: Approvers,
): { readonly ticket: TicketState; readonly lapsed: readonly number[] } {
  if (ticket.status !== 'PENDING') return { ticket, lapsed: [] };
  const holds = ({ node, person, byEscalation: escalated }: Consent): boolean => {
    const asked = ticket.nodes[node];
    return asked !== undefined && mayTakeSeat(asked, escalated, person, approvers);
  };
  const consents = ticket.consents.filter(holds);
  if (consents.length === ticket.consents.length) return { ticket, lapsed: [] };
  const lapsed = ticket.consents.filter((consent) => !holds(consent));
  return {
    ticket: atItsNode({ ...ticket, consents }, at, approvers),
    lapsed: lapsed.map(({ decisionId }) => decisionId),
  };
}

/** The ticket once it is that time: reminded, escalated or EXPIRED, if it still waits. */
export function elapse(ticket: TicketState, at: string): TicketState {
  if (ticket.status !== 'PENDING') return ticket;
  const timeout = ticket.nodes[ticket.node]?.timeout;
  const isOver = msOf(at) >= msOf(ticket.expiresAt);
  // A ticket that ended on the way was reminded no longer, whenever somebody looks.
  const waitedMs = msOf(isOver ? ticket.expiresAt : at) - msOf(ticket.nodeSince);
  const rounds = timeout ? Math.floor(waitedMs / (timeout.afterMinutes * MINUTE_MS)) : 0;
  const nodeIsOver = timeout?.action === 'EXPIRE' && rounds >= 1;
  return {
    ...ticket,
    status: isOver || nodeIsOver ? 'EXPIRED' : ticket.status,
    escalated: ticket.escalated || (timeout?.action === 'ESCALATE' && rounds >= 1),
    reminders: timeout?.action === 'REMIND' ? Math.max(ticket.reminders, rounds) : ticket.reminders,
  };
}

/** When time will change the ticket next, if nobody decides; undefined when it does not wait. */
export function wakesAt(ticket: TicketState): string | undefined {
  if (ticket.status !== 'PENDING') return undefined;
  const timeout = ticket.nodes[ticket.node]?.timeout;
  const isDone = timeout === undefined || (timeout.action === 'ESCALATE' && ticket.escalated);
  const round = timeout?.action === 'REMIND' ? ticket.reminders + 1 : 1;
  const due = isDone ? Infinity : msOf(ticket.nodeSince) + round * timeout.afterMinutes * MINUTE_MS;
  return instantOf(Math.min(Math.ceil(due), msOf(ticket.expiresAt)));
}

/** What this person could decide now; for screens, since the API judges each decision anyway. */
export const allowedDecisions = (
  ticket: TicketState,
  person: string,
  approvers: Approvers,
): readonly DecisionKind[] =>
  !isOpen(ticket.status)
    ? []
    : (['approve', 'reject', 'withdraw', 'close'] as const).filter((kind) => {
        const byEscalation = decidesByEscalation(ticket, person, approvers);
        const asked = { node: ticket.node, kind, person, reason: 'asked', byEscalation };
        return decisionRefusal(ticket, asked, approvers) === undefined;
      });

const no = (code: ErrorCode, details: Refusal['details']): Refusal => ({ code, details });
