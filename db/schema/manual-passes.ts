import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { PassKind } from '../../domain/clearing/manual-pass.ts';
import { day, instant, word } from './columns.ts';

/**
 * 手动通过: what failed and counts as passed on this ledger date, because two people accepted just
 * this evidence; other evidence of the same check or item fails again. Append-only by trigger.
 */
export const manualPasses = pgTable(
  'manual_passes',
  {
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    kind: word<PassKind>('kind').notNull(),
    /** A readiness item, or a check as checkItem names it. */
    item: text('item').notNull(),
    evidenceHash: text('evidence_hash').notNull(),
    ticketId: text('ticket_id').notNull().unique('manual_passes_one_per_ticket'),
    maker: text('maker').notNull(),
    approvers: text('approvers').array().notNull(),
    passedAt: instant('passed_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({
      name: 'manual_passes_pk',
      columns: [t.ledgerDate, t.flow, t.kind, t.item, t.evidenceHash],
    }),
  ],
);
