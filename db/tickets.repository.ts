import { and, asc, eq, gt, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import type { Permission } from '../domain/permissions/permissions.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Approvers } from '../domain/tickets/seats.ts';
import {
  isOpen,
  TICKET_STATUSES,
  type TicketProgress,
  type TicketStatus,
} from '../domain/tickets/ticket.ts';
import {
  wakesAt,
  type Advance,
  type TicketDecision,
  type TicketState,
} from '../domain/tickets/ticket-machine.ts';
import type { Tx } from './client.ts';
import { holders } from './people.repository.ts';
import { ticketDecisions, tickets } from './schema/tickets.ts';

export type TicketRow = typeof tickets.$inferSelect;
export type DecisionRow = typeof ticketDecisions.$inferSelect;

const OPEN = TICKET_STATUSES.filter(isOpen);
const iso = (instant: string): string => new Date(instant).toISOString();

/** Now, by the clock of the database: tickets are timed by one clock, whoever asks. ISO text. */
export async function databaseTime(tx: Tx): Promise<string> {
  const { rows } = await tx.execute<{ now: string }>(sql`SELECT clock_timestamp()::text AS now`);
  return iso(rows[0]?.now ?? '');
}

/** The open ticket about a target, if there is one: at most one for each key. */
export async function openTicketAbout(
  tx: Tx,
  about: Pick<TicketRow, 'ticketKey' | 'targetType' | 'targetId'>,
): Promise<TicketRow | undefined> {
  const [row] = await tx
    .select()
    .from(tickets)
    .where(
      and(
        eq(tickets.ticketKey, about.ticketKey),
        eq(tickets.targetType, about.targetType),
        eq(tickets.targetId, about.targetId),
        inArray(tickets.status, OPEN),
      ),
    );
  return row;
}

/** False when another open ticket about the target was written a moment before. */
export async function insertTicket(
  tx: Tx,
  ticket: Omit<typeof tickets.$inferInsert, 'seq'>,
): Promise<boolean> {
  const written = await tx
    .insert(tickets)
    .values(ticket)
    .onConflictDoNothing()
    .returning({ ticketId: tickets.ticketId });
  return written.length === 1;
}

/** Throws NOT_FOUND. */
export async function loadTicket(tx: Tx, ticketId: string): Promise<TicketRow> {
  const [row] = await tx.select().from(tickets).where(eq(tickets.ticketId, ticketId));
  if (!row) throw new ClearingError('NOT_FOUND', { ticketId });
  return row;
}

/**
 * Nobody else decides on the ticket, or takes its decisions, until this transaction ends; so the
 * ids of its decisions are in the order in which they were committed. Throws NOT_FOUND.
 */
export async function lockTicket(tx: Tx, ticketId: string): Promise<TicketRow> {
  const [row] = await tx.select().from(tickets).where(eq(tickets.ticketId, ticketId)).for('update');
  if (!row) throw new ClearingError('NOT_FOUND', { ticketId });
  return row;
}

export async function insertDecision(
  tx: Tx,
  decision: typeof ticketDecisions.$inferInsert,
): Promise<number> {
  const [row] = await tx.insert(ticketDecisions).values(decision).returning();
  if (!row) throw new ClearingError('INTERNAL', { ticket: decision.ticketId });
  return row.decisionId;
}

export async function decisionOfRequest(
  tx: Tx,
  requestId: string,
): Promise<DecisionRow | undefined> {
  const [row] = await tx
    .select()
    .from(ticketDecisions)
    .where(eq(ticketDecisions.requestId, requestId));
  return row;
}

export const decisionsOf = (tx: Tx, ticketId: string): Promise<DecisionRow[]> =>
  tx
    .select()
    .from(ticketDecisions)
    .where(eq(ticketDecisions.ticketId, ticketId))
    .orderBy(asc(ticketDecisions.decisionId));

const decisionOf = (row: DecisionRow): TicketDecision => ({
  ...row,
  decidedAt: iso(row.decidedAt),
});

/** A ticket with what was decided on it, as the machine reads it. */
export interface JudgedTicket {
  readonly row: TicketRow;
  readonly state: TicketState;
  /** Not taken into account yet. */
  readonly waiting: readonly TicketDecision[];
}

/** Reads the decisions of a ticket that the caller has locked. */
export async function judgedTicket(tx: Tx, row: TicketRow): Promise<JudgedTicket> {
  const rows = await decisionsOf(tx, row.ticketId);
  const taken = rows.filter(({ takenAt }) => takenAt !== null);
  const consents = taken
    .filter(({ kind, counted }) => kind === 'approve' && counted === true)
    .map(({ decisionId, node, person, byEscalation }) => ({
      decisionId,
      node,
      person,
      byEscalation,
    }));
  const state = {
    ...row,
    nodeSince: iso(row.nodeSince),
    expiresAt: iso(row.expiresAt),
    consents,
    lastDecisionId: taken.at(-1)?.decisionId ?? 0,
  };
  return {
    row,
    state,
    waiting: rows.filter(({ takenAt }) => takenAt === null).map(decisionOf),
  };
}

/** What an outcome leaves on the ticket. */
export interface TicketOutcome {
  readonly status: TicketStatus;
  readonly resultCode?: string | undefined;
  readonly result?: Readonly<Record<string, unknown>> | undefined;
}

/** Writes what the machine made of the ticket and of each decision. The caller has locked it. */
export async function saveAdvance(
  tx: Tx,
  before: JudgedTicket,
  { ticket, verdicts, lapsed }: Advance,
): Promise<void> {
  const { ticketId } = before.row;
  for (const { decisionId, counted, ignoredBecause } of verdicts) {
    await tx
      .update(ticketDecisions)
      .set({ takenAt: sql`clock_timestamp()`, counted, ignoredBecause: ignoredBecause ?? null })
      .where(eq(ticketDecisions.decisionId, decisionId));
  }
  if (lapsed.length > 0) {
    await tx
      .update(ticketDecisions)
      .set({ counted: false, ignoredBecause: 'NOT_AN_APPROVER' })
      .where(inArray(ticketDecisions.decisionId, [...lapsed]));
  }
  const { status, node, nodeSince, reminders, escalated } = ticket;
  const hasMoved =
    status !== before.state.status ||
    node !== before.state.node ||
    nodeSince !== before.state.nodeSince ||
    reminders !== before.state.reminders ||
    escalated !== before.state.escalated;
  if (!hasMoved) return;
  await changeTicket(tx, ticketId, {
    status,
    node,
    nodeSince,
    reminders,
    escalated,
    ...(status === 'EXPIRED' ? { resultCode: 'TICKET_EXPIRED' } : {}),
  });
}

/** Ends a ticket, or moves it on; each call raises its revision by one. */
export const endTicket = (tx: Tx, ticketId: string, outcome: TicketOutcome): Promise<void> =>
  changeTicket(tx, ticketId, {
    status: outcome.status,
    resultCode: outcome.resultCode ?? null,
    result: outcome.result ?? null,
  });

async function changeTicket(
  tx: Tx,
  ticketId: string,
  change: Partial<typeof tickets.$inferInsert> & { readonly status: TicketStatus },
): Promise<void> {
  const isFinal = !isOpen(change.status);
  await tx
    .update(tickets)
    .set({
      ...change,
      revision: sql`${tickets.revision} + 1`,
      ...(isFinal ? { finalAt: sql`clock_timestamp()` } : {}),
    })
    .where(eq(tickets.ticketId, ticketId));
}

/** A command that has become final. */
interface FinalCommand {
  readonly commandId: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly status: 'APPLIED' | 'REFUSED' | 'EXPIRED';
  readonly code?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Ends the ticket whose effect a command was, in the transaction that makes the command final; no
 * effect for any other command. A target that had changed makes it STALE, as it would have before.
 */
export async function endTicketOfCommand(tx: Tx, command: FinalCommand): Promise<void> {
  const { ticketId } = command.payload;
  if (typeof ticketId !== 'string') return;
  const { commandId, code, details = {} } = command;
  const refused = code === 'VERSION_CONFLICT' ? 'STALE' : 'FAILED';
  const status = command.status === 'APPLIED' ? 'SUCCEEDED' : refused;
  await tx
    .update(tickets)
    .set({
      status,
      resultCode: status === 'STALE' ? 'TICKET_STALE' : (code ?? null),
      result: { commandId, ...details },
      revision: sql`${tickets.revision} + 1`,
      finalAt: sql`clock_timestamp()`,
    })
    .where(and(eq(tickets.ticketId, ticketId), eq(tickets.status, 'EXECUTING')));
}

/**
 * What these persons, or all who hold a role, may do about tickets of a key now: who may not see
 * the target may not consent to what happens to it.
 */
export async function approversFor(
  tx: Tx,
  see: Permission,
  personIds?: readonly string[],
): Promise<Approvers> {
  const held = await holders(tx, personIds);
  return new Map(
    held.map(({ personId, active, roles, permissions }) => [
      personId,
      {
        roles,
        mayDecide: active && permissions.has('ticket.ticket_operation') && permissions.has(see),
        mayClose: active && permissions.has('ticket.close_operation'),
      },
    ]),
  );
}

/** Where a ticket stands, as its workflow is opened with it. Throws NOT_FOUND. */
export async function loadTicketProgress(tx: Tx, ticketId: string): Promise<TicketProgress> {
  const row = await loadTicket(tx, ticketId);
  const nothingDecided = { consents: [], lastDecisionId: 0 };
  const times = { nodeSince: iso(row.nodeSince), expiresAt: iso(row.expiresAt) };
  return {
    ticketId,
    ticketKey: row.ticketKey,
    targetId: row.targetId,
    status: row.status,
    node: row.node,
    wakesAt: wakesAt({ ...row, ...times, ...nothingDecided }) ?? null,
    resultCode: row.resultCode,
  };
}

/** Ids of open tickets behind this one, in the order of ids. */
export async function openTicketIds(tx: Tx, after: string, limit: number): Promise<string[]> {
  const rows = await tx
    .select({ ticketId: tickets.ticketId })
    .from(tickets)
    .where(and(inArray(tickets.status, OPEN), gt(tickets.ticketId, after)))
    .orderBy(asc(tickets.ticketId))
    .limit(limit);
  return rows.map(({ ticketId }) => ticketId);
}

/** Decisions that no ticket has taken into account for longer than `olderThanMs`; oldest first. */
export const undeliveredDecisions = (tx: Tx, olderThanMs: number): Promise<DecisionRow[]> =>
  tx
    .select()
    .from(ticketDecisions)
    .where(
      and(
        isNull(ticketDecisions.takenAt),
        sql`${ticketDecisions.decidedAt} <
          clock_timestamp() - make_interval(secs => ${olderThanMs / 1000})`,
      ),
    )
    .orderBy(asc(ticketDecisions.decisionId))
    .limit(200);

/** Persons whose consent counts, in the order in which they gave it. */
export async function consentersOf(tx: Tx, ticketId: string): Promise<string[]> {
  const rows = await tx
    .select({ person: ticketDecisions.person })
    .from(ticketDecisions)
    .where(
      and(
        eq(ticketDecisions.ticketId, ticketId),
        eq(ticketDecisions.kind, 'approve'),
        eq(ticketDecisions.counted, true),
        isNotNull(ticketDecisions.takenAt),
      ),
    )
    .orderBy(asc(ticketDecisions.decisionId));
  return rows.map(({ person }) => person);
}
