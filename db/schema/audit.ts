import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { AuditOutcome } from '../../domain/audit/audit-event.ts';
import { bytes, day, id64, instant, word } from './columns.ts';

/** What the transaction says of itself (db/transaction.ts, noteOrigin), for rows that triggers write. */
const setting = (name: string) => sql.raw(`nullif(current_setting('${name}', true), '')`);

/*
 * The audit log and the proofs over it. Append-only by trigger. Events are written in the
 * transaction of what they record; the chain row of an event is added when that transaction
 * commits, so that only commits stand in line for the head of the chain.
 */
export const auditEvents = pgTable(
  'audit_events',
  {
    eventId: bigserial('event_id', { mode: 'number' }).primaryKey(),
    at: instant('at').notNull().defaultNow(),
    ledgerDate: day('ledger_date'),
    /** The table whose row `after` is a copy of: a row that differs from it was tampered with. */
    covers: text('covers'),
    /** Who did it; `system` for what no person asked for. */
    person: text('person').notNull(),
    /** By which sign-in account; null for the system. */
    account: text('account').default(setting('daycut.account')),
    /** area.verb, as in domain/audit/audit-event.ts. */
    action: text('action').notNull(),
    outcome: word<AuditOutcome>('outcome').notNull(),
    /** The code of the refusal or failure. */
    code: text('code'),
    permission: text('permission').default(setting('daycut.permission')),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    before: jsonb('before'),
    after: jsonb('after'),
    ticketId: text('ticket_id'),
    commandId: text('command_id'),
    workflowId: text('workflow_id'),
    /** The run of a workflow in whose activity it was written (db/transaction.ts). */
    runId: text('run_id').default(setting('daycut.run_id')),
    requestId: text('request_id').default(setting('daycut.request_id')),
  },
  (t) => [
    index('audit_events_by_target').on(t.targetType, t.targetId, t.eventId),
    index('audit_events_by_date').on(t.ledgerDate, t.eventId),
    index('audit_events_by_person').on(t.person, t.eventId),
    index('audit_events_by_ticket')
      .on(t.ticketId, t.eventId)
      .where(sql`ticket_id IS NOT NULL`),
    // Every server of an installation sees a token; its first use is one sign-in.
    uniqueIndex('audit_events_one_sign_in_per_token')
      .on(t.targetId)
      .where(sql`action = 'sign_in.token'`),
  ],
);

/** hash = sha256(prevHash || contentHash), in the order of commits. */
export const auditChain = pgTable('audit_chain', {
  seq: id64('seq').primaryKey(),
  eventId: id64('event_id').notNull().unique('audit_chain_one_link_per_event'),
  contentHash: bytes('content_hash').notNull(),
  prevHash: bytes('prev_hash').notNull(),
  hash: bytes('hash').notNull(),
});

/** One row: where the chain ends. */
export const auditHead = pgTable(
  'audit_head',
  {
    one: boolean('one').primaryKey(),
    seq: id64('seq').notNull(),
    hash: bytes('hash').notNull(),
  },
  (t) => [check('audit_head_is_one_row', sql`${t.one}`)],
);

/**
 * The Merkle root over the journals of one committed chunk, in the order (account, journal), which
 * is the order of writing. `leaves` has 20 bytes for each journal: its id, the first 8 bytes of its
 * leaf hash and a checksum of its own row, so that a difference names its row.
 */
export const journalSeals = pgTable(
  'journal_seals',
  {
    ledgerDate: day('ledger_date').notNull(),
    stepRunId: id64('step_run_id').notNull(),
    shard: integer('shard').notNull(),
    chunk: integer('chunk').notNull(),
    journals: integer('journals').notNull(),
    root: bytes('root').notNull(),
    leaves: bytes('leaves').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'journal_seals_pk',
      columns: [t.ledgerDate, t.stepRunId, t.shard, t.chunk],
    }),
  ],
);

/**
 * Made by each day cut: one root over the journals of the date, the chain so far and the root
 * before. A date that is cut again gets a second one: it seals the runs up to `lastStepRunId`.
 */
export const dailyRoots = pgTable(
  'daily_roots',
  {
    rootNo: integer('root_no').primaryKey(),
    ledgerDate: day('ledger_date').notNull(),
    previousRoot: bytes('previous_root').notNull(),
    lastStepRunId: id64('last_step_run_id').notNull(),
    seals: integer('seals').notNull(),
    journals: id64('journals').notNull(),
    journalsRoot: bytes('journals_root').notNull(),
    auditSeq: id64('audit_seq').notNull(),
    auditHash: bytes('audit_hash').notNull(),
    root: bytes('root').notNull(),
    madeAt: instant('made_at').notNull().defaultNow(),
  },
  (t) => [index('daily_roots_by_date').on(t.ledgerDate)],
);
