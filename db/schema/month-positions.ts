import { pgTable, primaryKey, smallint } from 'drizzle-orm/pg-core';
import { day, decimal, id64 } from './columns.ts';

/**
 * Append-only. Where in the account's month a fee in monthly tiers began: what the fee row needs
 * beside its metric to be explained. Only such fees have one, so that all others cost nothing.
 */
export const monthPositions = pgTable(
  'month_positions',
  {
    ledgerDate: day('ledger_date').notNull(),
    contractId: id64('contract_id').notNull(),
    /** The fee's line. */
    line: smallint('line').notNull(),
    /** Shares or turnover that the tiers had counted before. */
    before: decimal('before').notNull(),
  },
  (t) => [
    primaryKey({ name: 'month_positions_pk', columns: [t.ledgerDate, t.contractId, t.line] }),
  ],
);
