import { sql } from 'drizzle-orm';
import {
  bigserial,
  check,
  index,
  pgTable,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { FeeEditAction } from '../../domain/fees/fee-edit.ts';
import { day, decimal, id64, instant, word } from './columns.ts';

/**
 * What people changed of the fees of contracts between billing and posting. Each row holds all fees
 * that count from it on, so the newest row of a contract is its bill (view hand_prices) and nothing
 * has to be added up. A hand price outlives its contract: when billing makes the contract anew, it
 * writes a CARRY row for it. Append-only, which the database enforces.
 */
export const feeEdits = pgTable(
  'fee_edits',
  {
    /** Also the revision of the contract's bill: a person edits what they saw. */
    editNo: bigserial('edit_no', { mode: 'number' }).primaryKey(),
    /** The first edit of the hand price: all its rows, over all its contracts, share it. */
    handPriceNo: id64('hand_price_no').notNull(),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    /** Null for the fees of an amendment, which are there before its contract is. */
    contractId: id64('contract_id'),
    accountId: id64('account_id').notNull(),
    orderId: text('order_id').notNull(),
    tradeDate: day('trade_date').notNull(),
    action: word<FeeEditAction>('action').notNull(),
    /** Which fee was added, changed or deleted. */
    feeCodeId: smallint('fee_code_id'),
    /** As contracts.fee_totals; '' = no fee at all; null = no longer priced by hand. */
    feeTotals: text('fee_totals'),
    feeAmount: decimal('fee_amount'),
    netAmount: decimal('net_amount'),
    /** Digest of the executions that the price was made for. */
    trade: text('trade').notNull(),
    reason: text('reason').notNull(),
    /** The person; a CARRY row keeps whose price it is, and since when. */
    editor: text('editor').notNull(),
    editedAt: instant('edited_at').notNull(),
    recordedAt: timestamp('recorded_at', { withTimezone: true, mode: 'string' })
      .notNull()
      .defaultNow(),
  },
  (t) => [
    index('fee_edits_by_contract').on(t.contractId, t.editNo),
    index('fee_edits_by_day').on(t.ledgerDate, t.flow, t.handPriceNo),
    index('fee_edits_by_account').on(t.accountId),
    uniqueIndex('fee_edits_carried_once')
      .on(t.contractId)
      .where(sql`action = 'CARRY'`),
    check(
      'fee_edits_hold_a_whole_bill_or_none',
      sql`(${t.feeTotals} IS NULL) = (${t.action} = 'UNPIN')
        AND (${t.feeTotals} IS NULL) = (${t.feeAmount} IS NULL)
        AND (${t.feeTotals} IS NULL) = (${t.netAmount} IS NULL)`,
    ),
    check(
      'fee_edits_charge_nothing_below_zero',
      sql`${t.feeAmount} >= 0 OR ${t.action} IN ('AMEND', 'CARRY')`,
    ),
    check(
      'fee_edits_belong_to_a_contract',
      sql`${t.contractId} IS NOT NULL OR ${t.action} IN ('AMEND', 'UNPIN')`,
    ),
  ],
);
