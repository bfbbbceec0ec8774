import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { DecisionKind, TicketStatus } from '../../domain/tickets/ticket.ts';
import type { TicketFlow } from '../../domain/tickets/ticket-flow.ts';
import { day, decimal, instant, word } from './columns.ts';

/** How a ticket key is approved; `default` serves the keys that have no flow of their own. */
export const ticketFlows = pgTable(
  'ticket_flows',
  {
    ticketKey: text('ticket_key').notNull(),
    /** The highest version counts; a ticket keeps the one that it was opened with. */
    version: integer('version').notNull(),
    definition: jsonb('definition').$type<TicketFlow>().notNull(),
    changedBy: text('changed_by').notNull(),
    changedAt: instant('changed_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'ticket_flows_pk', columns: [t.ticketKey, t.version] })],
);

/** 工单: what somebody asks a second person to consent to, frozen when it was asked. */
export const tickets = pgTable(
  'tickets',
  {
    ticketId: text('ticket_id').primaryKey(),
    /** In the order of opening. */
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    ticketKey: text('ticket_key').notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    /** The target as its key names it, such as { ledgerDate, flow }. */
    target: jsonb('target').$type<Record<string, unknown>>().notNull(),
    /** What the target was like; it is asked again before the effect. */
    targetVersion: text('target_version').notNull(),
    ledgerDate: day('ledger_date'),
    flow: text('flow'),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    payloadHash: text('payload_hash').notNull(),
    /** What the effect would change, to be shown to the approver. */
    before: jsonb('before').$type<Record<string, unknown>>().notNull(),
    after: jsonb('after').$type<Record<string, unknown>>().notNull(),
    amount: decimal('amount'),
    currency: text('currency'),
    level: smallint('level').notNull(),
    reason: text('reason').notNull(),
    maker: text('maker').notNull(),
    makerAccount: text('maker_account').notNull(),
    /** The flow as it was when the ticket was opened; only nodes whose condition holds. */
    flowKey: text('flow_key').notNull(),
    flowVersion: integer('flow_version').notNull(),
    nodes: jsonb('nodes').$type<TicketFlow['nodes']>().notNull(),
    autoApproved: boolean('auto_approved').notNull(),
    status: word<TicketStatus>('status').notNull(),
    /** Index of the node that waits; nodes.length = all have consented. */
    node: smallint('node').notNull(),
    /** When the present node was entered: its timeout counts from here. */
    nodeSince: instant('node_since').notNull(),
    reminders: integer('reminders').notNull(),
    escalated: boolean('escalated').notNull(),
    revision: integer('revision').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    finalAt: instant('final_at'),
    resultCode: text('result_code'),
    result: jsonb('result').$type<Record<string, unknown>>(),
  },
  (t) => [
    uniqueIndex('tickets_one_open_per_target')
      .on(t.ticketKey, t.targetType, t.targetId)
      .where(sql`status IN ('PENDING', 'APPROVED', 'EXECUTING')`),
    unique('tickets_seq').on(t.seq),
    index('tickets_by_status').on(t.status, t.seq),
    index('tickets_by_target').on(t.targetType, t.targetId),
  ],
);

/** What a person decided. The row is the truth; a signal only says that there is one. */
export const ticketDecisions = pgTable(
  'ticket_decisions',
  {
    decisionId: bigserial('decision_id', { mode: 'number' }).primaryKey(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.ticketId),
    /** The Idempotency-Key of the request. */
    requestId: text('request_id').notNull(),
    node: smallint('node').notNull(),
    kind: word<DecisionKind>('kind').notNull(),
    person: text('person').notNull(),
    account: text('account').notNull(),
    reason: text('reason').notNull(),
    /** Decided by a role that only an escalation let decide. */
    byEscalation: boolean('by_escalation').notNull(),
    decidedAt: instant('decided_at').notNull(),
    /** When the ticket took it into account; until then the relay repeats its signal. */
    takenAt: instant('taken_at'),
    counted: boolean('counted'),
    /** The code of why it did not count. */
    ignoredBecause: text('ignored_because'),
  },
  (t) => [
    unique('ticket_decisions_one_per_request').on(t.requestId),
    index('ticket_decisions_by_ticket').on(t.ticketId, t.decisionId),
    index('ticket_decisions_untaken')
      .on(t.decisionId)
      .where(sql`taken_at IS NULL`),
  ],
);
