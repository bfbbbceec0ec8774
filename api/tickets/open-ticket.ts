import { randomUUID } from 'node:crypto';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { approvalFlowOf, type ApprovalFlowRow } from '../../db/ticket-flows.repository.ts';
import {
  approversFor,
  databaseTime,
  insertDecision,
  insertTicket,
  openTicketAbout,
} from '../../db/tickets.repository.ts';
import type { Transaction } from '../../db/transaction.ts';
import { SYSTEM_PERSON } from '../../domain/audit/audit-event.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { canBeGranted } from '../../domain/tickets/seats.ts';
import { chosenNodes, type TicketNode } from '../../domain/tickets/ticket-flow.ts';
import { payloadHashOf } from '../../tickets/payload-hash.ts';
import type { TicketKind, TicketKinds, TicketSubject } from '../../tickets/ticket-kind.ts';
import { fieldErrors } from '../plugins/validation.ts';
import type { TicketRequest } from '../ports.ts';

const MINUTE_MS = 60_000;

export type AskedTicket = Omit<TicketRequest, 'requestId' | 'origin'>;

/** The key, if this release has it and this person may ask for it. */
export function kindFor(
  kinds: TicketKinds,
  { key, by }: Pick<AskedTicket, 'key' | 'by'>,
): TicketKind {
  const kind = kinds.get(key);
  if (!kind) throw new ClearingError('UNKNOWN_TICKET_KEY', { key, known: [...kinds.keys()] });
  if (!by.permissions.has(kind.ask)) {
    throw new ClearingError('FORBIDDEN', { permission: kind.ask, person: by.id });
  }
  return kind;
}

/**
 * Writes a ticket down, frozen as it is asked: target and version, payload, before and after, and
 * the nodes of the flow that it has to pass. Order of checks: known key, permission, form, target,
 * an open ticket about it, state, revision, approval flow. Returns the ticket's id.
 */
export async function openTicket(
  t: Transaction,
  kinds: TicketKinds,
  request: AskedTicket,
  now: Date,
): Promise<string> {
  const kind = kindFor(kinds, request);
  const { target, version, by } = request;
  assertForm(kind, request);
  const payload = kind.complete ? kind.complete(request.payload, now) : request.payload;
  const subject = await kind.subject(t, { target, payload }, { now, lock: false });
  await assertNoneOpen(t, kind, subject);
  if (subject.refusal) throw new ClearingError(subject.refusal.code, subject.refusal.details);
  if (version !== undefined && version !== subject.version) {
    throw new ClearingError('VERSION_CONFLICT', { versionSeen: version, version: subject.version });
  }
  const approval = await approvalFor(t, kind, { maker: by.id, subject });
  const asked = { ...request, payload };
  const ticket = await ticketOf(t, { kind, request: asked, subject, approval });
  if (!(await insertTicket(t.tx, ticket))) {
    // Another request about the same target was faster by a moment.
    await assertNoneOpen(t, kind, subject);
    throw new ClearingError('TICKET_PENDING', { targetId: subject.targetId });
  }
  if (ticket.autoApproved) await approveBySystem(t, ticket.ticketId, ticket.createdAt);
  return ticket.ticketId;
}

interface Asked {
  readonly kind: TicketKind;
  readonly request: AskedTicket;
  readonly subject: TicketSubject;
  readonly approval: Approval;
}

/** The row: everything that is frozen, and where the ticket begins. */
async function ticketOf(t: Transaction, { kind, request, subject, approval }: Asked) {
  const { flow, nodes } = approval;
  const frozen = {
    ticketKey: kind.key,
    targetType: kind.targetType,
    targetId: subject.targetId,
    target: request.target as Record<string, unknown>,
    targetVersion: subject.version,
    payload: request.payload as Record<string, unknown>,
  };
  const isGranted = nodes.length === 0;
  const createdAt = await databaseTime(t.tx);
  const expiresAfterMs = flow.definition.expiresAfterMinutes * MINUTE_MS;
  return {
    ...frozen,
    ticketId: randomUUID(),
    ledgerDate: subject.ledgerDate ?? null,
    flow: subject.flow ?? null,
    payloadHash: payloadHashOf(frozen),
    before: subject.before,
    after: subject.after,
    amount: subject.worth?.amount ?? null,
    currency: subject.worth?.currency ?? null,
    level: nodes.length,
    reason: request.reason,
    maker: request.by.id,
    makerAccount: request.by.account,
    flowKey: flow.ticketKey,
    flowVersion: flow.version,
    nodes,
    autoApproved: isGranted,
    status: isGranted ? ('APPROVED' as const) : ('PENDING' as const),
    node: 0,
    nodeSince: createdAt,
    reminders: 0,
    escalated: false,
    revision: 1,
    createdAt,
    expiresAt: new Date(Date.parse(createdAt) + expiresAfterMs).toISOString(),
  };
}

function assertForm(kind: TicketKind, { target, payload }: AskedTicket): void {
  const errors = [
    ...errorsOf(kind.target, target, '/target'),
    ...errorsOf(kind.payload, payload, '/payload'),
  ];
  if (errors.length > 0) throw new ClearingError('BAD_REQUEST', { errors });
}

const errorsOf = (schema: TSchema, value: unknown, at: string) =>
  fieldErrors({ validation: Value.Errors(schema, value), validationContext: 'body' }).map(
    (error) => ({ ...error, field: `${at}${error.field}` }),
  );

async function assertNoneOpen(
  t: Transaction,
  kind: TicketKind,
  { targetId }: TicketSubject,
): Promise<void> {
  const about = { ticketKey: kind.key, targetType: kind.targetType, targetId };
  const open = await openTicketAbout(t.tx, about);
  if (!open) return;
  const { ticketId, maker, status } = open;
  throw new ClearingError('TICKET_PENDING', { ticketId, maker, status });
}

interface Approval {
  readonly flow: ApprovalFlowRow;
  readonly nodes: readonly TicketNode[];
}

/**
 * The flow of the key and the nodes whose consent is needed. None only where the flow approves by
 * itself: a key that nobody could approve is refused, never approved for want of an approver.
 */
async function approvalFor(
  t: Transaction,
  kind: TicketKind,
  { maker, subject }: { readonly maker: string; readonly subject: TicketSubject },
): Promise<Approval> {
  const flow = await approvalFlowOf(t.tx, kind.key);
  if (!flow) throw new ClearingError('TICKET_FLOW_MISSING', { key: kind.key });
  const nodes = chosenNodes(flow.definition, subject.worth);
  if (nodes.length === 0 && !flow.definition.autoApprove) {
    throw new ClearingError('TICKET_FLOW_MISSING', { key: kind.key, version: flow.version });
  }
  if (!canBeGranted(nodes, maker, await approversFor(t.tx, kind.see))) {
    const asked = nodes.map(({ name, mode, roles, people }) => ({ name, mode, roles, people }));
    throw new ClearingError('TICKET_NO_APPROVER', { key: kind.key, maker, nodes: asked });
  }
  return { flow, nodes };
}

/** So that an approval that nobody gave shows as one, wherever decisions are read. */
async function approveBySystem(t: Transaction, ticketId: string, at: string): Promise<void> {
  await insertDecision(t.tx, {
    ticketId,
    requestId: `auto-approval of ${ticketId}`,
    node: 0,
    kind: 'approve',
    person: SYSTEM_PERSON,
    account: SYSTEM_PERSON,
    reason: '',
    byEscalation: false,
    decidedAt: at,
    takenAt: at,
    counted: true,
  });
}
