import { sql } from 'drizzle-orm';
import { bigserial, boolean, check, index, pgTable, text } from 'drizzle-orm/pg-core';
import { day, instant } from './columns.ts';

/**
 * What persons said about the stamp duty of instruments, over the flag of the master data: no sync
 * touches it. The newest edit that covers a trade date counts until its last day is over.
 * Append-only by trigger.
 */
export const stampDutyEdits = pgTable(
  'stamp_duty_edits',
  {
    editNo: bigserial('edit_no', { mode: 'number' }).primaryKey(),
    instrumentId: text('instrument_id').notNull(),
    flow: text('flow').notNull(),
    /** Null: the flag of the master data counts again. */
    exempt: boolean('exempt'),
    /** By trade date; both ends belong to it. */
    effectiveFrom: day('effective_from').notNull(),
    expiresOn: day('expires_on').notNull(),
    reason: text('reason').notNull(),
    /** The open ledger date when it was entered. */
    ledgerDate: day('ledger_date').notNull(),
    editor: text('editor').notNull(),
    editedAt: instant('edited_at').notNull(),
  },
  (t) => [
    index('stamp_duty_edits_by_instrument').on(t.instrumentId, t.editNo),
    check('stamp_duty_edits_end_after_they_begin', sql`${t.expiresOn} >= ${t.effectiveFrom}`),
  ],
);
