import { findCommand, recordCommand } from '../../db/commands.repository.ts';
import { lockKey } from '../../db/request-answers.repository.ts';
import {
  consentersOf,
  endTicket,
  loadTicket,
  loadTicketProgress,
  type TicketOutcome,
  type TicketRow,
} from '../../db/tickets.repository.ts';
import { inSavepoint, inTransaction, type Transaction } from '../../db/transaction.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { isTransient, type ErrorCode } from '../../domain/errors/error-catalogue.ts';
import { differenceOf } from '../../domain/tickets/frozen.ts';
import { ticketCommandId, type TicketProgress } from '../../domain/tickets/ticket.ts';
import { payloadHashOf } from '../../tickets/payload-hash.ts';
import type { ApprovedTicket, CommandOrder, TicketKind } from '../../tickets/ticket-kind.ts';
import { advance, type TicketDependencies } from './advance-ticket.ts';

/**
 * How long a command of a ticket may wait for its flow. Longer than an operator's, since nobody
 * sits before it and would ask again.
 */
const EFFECT_TTL_MS = 600_000;

/**
 * Carries out what everybody consented to. Safe to repeat: only an APPROVED ticket is carried out,
 * and the same transaction makes it something else. While a command is on its way the attempt fails
 * and is tried again: the command ends the ticket, not this activity.
 */
export async function executeTicket(
  deps: TicketDependencies,
  ticketId: string,
): Promise<TicketProgress> {
  const progress = await inTransaction(deps.db, async (t) => {
    const ticket = await loadTicket(t.tx, ticketId);
    const outcome = await carryOut(t, deps, ticket);
    if (outcome) await endTicket(t.tx, ticketId, outcome);
    return loadTicketProgress(t.tx, ticketId);
  });
  if (progress.status === 'EXECUTING') throw new ClearingError('EFFECT_UNDER_WAY', { ticketId });
  return progress;
}

/** What becomes of the ticket; undefined when it is not, or no longer, to be carried out. */
async function carryOut(
  t: Transaction,
  deps: TicketDependencies,
  ticket: TicketRow,
): Promise<TicketOutcome | undefined> {
  const kind = deps.kinds.get(ticket.ticketKey);
  // The target's locks come before the ticket's, as in a command that ends a ticket.
  const now = deps.clock.now();
  const asked = { target: ticket.target, payload: ticket.payload };
  const read = kind && (await attempt(t, () => kind.subject(t, asked, { now, lock: true })));
  if ((await advance(t, deps.kinds, ticket.ticketId)) !== 'APPROVED') return undefined;
  if (!kind || !read) return failed('UNKNOWN_TICKET_KEY', { key: ticket.ticketKey });
  if (payloadHashOf(ticket) !== ticket.payloadHash) return failed('TICKET_PAYLOAD_CHANGED', {});
  if (read.failure?.code === 'NOT_FOUND') return stale(ticket, null, {});
  if (read.failure) return failed(read.failure.code, read.failure.details);
  const subject = read.value;
  if (subject.version !== ticket.targetVersion) {
    return stale(ticket, subject.version, subject.before);
  }
  if (subject.refusal) return failed(subject.refusal.code, subject.refusal.details);
  const approvers = await consentersOf(t.tx, ticket.ticketId);
  return takeEffect(t, kind, ticket, { ...ticket, approvers, subject, now });
}

async function takeEffect(
  t: Transaction,
  kind: TicketKind,
  ticket: TicketRow,
  approved: ApprovedTicket<unknown, unknown>,
): Promise<TicketOutcome> {
  const { effect } = kind;
  if (effect.kind === 'command') return sendCommand(t, ticket, effect.command(approved));
  const applied = await attempt(t, () => effect.apply(t, approved));
  return applied.failure
    ? failed(applied.failure.code, applied.failure.details)
    : { status: 'SUCCEEDED', result: applied.value };
}

/** Writes the command down; the relay delivers it, and its outcome becomes the ticket's. */
async function sendCommand(
  t: Transaction,
  ticket: TicketRow,
  { kind, ledgerDate, flow, revision, payload }: CommandOrder,
): Promise<TicketOutcome> {
  const commandId = ticketCommandId(ticket.ticketId);
  await lockKey(t, commandId);
  const known = await findCommand(t.tx, commandId);
  if (known) return failed('IDEMPOTENCY_KEY_REUSED', { commandId, usedBy: known.person });
  await recordCommand(t.tx, {
    commandId,
    kind,
    ledgerDate,
    flow,
    person: ticket.maker,
    payload: { ...payload, ticketId: ticket.ticketId },
    payloadHash: ticket.payloadHash,
    revisionSeen: revision,
    // The host's own time, as for every command: it is compared with Temporal's.
    expiresAt: new Date(Date.now() + EFFECT_TTL_MS).toISOString(),
  });
  return { status: 'EXECUTING', result: { commandId } };
}

const failed = (code: ErrorCode, details: Readonly<Record<string, unknown>>): TicketOutcome => ({
  status: 'FAILED',
  resultCode: code,
  result: details,
});

const stale = (
  ticket: TicketRow,
  version: string | null,
  before: Readonly<Record<string, unknown>>,
): TicketOutcome => ({
  status: 'STALE',
  resultCode: 'TICKET_STALE',
  result: {
    version: { asked: ticket.targetVersion, now: version },
    difference: differenceOf(ticket.before, before),
  },
});

type Attempt<T> =
  | { readonly failure?: undefined; readonly value: T }
  | { readonly failure: Pick<ClearingError, 'code' | 'details'> };

/** A business refusal is an outcome, and what it had written is undone; anything else throws. */
async function attempt<T>(t: Transaction, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await inSavepoint(t, work) };
  } catch (error) {
    if (!(error instanceof ClearingError) || isTransient(error.code)) throw error;
    return { failure: { code: error.code, details: error.details } };
  }
}
