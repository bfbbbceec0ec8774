import { sql } from 'drizzle-orm';
import {
  bigserial,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Side } from '../../domain/trades/trade.ts';
import { day, decimal, id64, instant, word } from './columns.ts';

/** A counterparty trade file. A re-imported one for the same channel and date replaces it. */
export const tradeFiles = pgTable(
  'trade_files',
  {
    fileId: bigserial('file_id', { mode: 'number' }).primaryKey(),
    requestId: text('request_id').notNull().unique('trade_files_one_per_request'),
    market: text('market').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    tradeDate: day('trade_date').notNull(),
    name: text('name').notNull(),
    sha256: text('sha256').notNull(),
    status: word<'CURRENT' | 'REPLACED'>('status').notNull(),
    rowCount: integer('row_count').notNull(),
    badRowCount: integer('bad_row_count').notNull(),
    importedBy: text('imported_by').notNull(),
    importedAt: instant('imported_at').notNull().defaultNow(),
  },
  (t) => [
    index('trade_files_by_day').on(t.market, t.tradeDate, t.settlementChannel),
    uniqueIndex('trade_files_one_is_current')
      .on(t.market, t.settlementChannel, t.tradeDate)
      .where(sql`status = 'CURRENT'`),
  ],
);

export const tradeFileRows = pgTable(
  'trade_file_rows',
  {
    fileId: integer('file_id').notNull(),
    rowNo: integer('row_no').notNull(),
    serial: text('serial').notNull(),
    orderId: text('order_id').notNull(),
    settlementAccount: text('settlement_account').notNull(),
    instrumentId: text('instrument_id').notNull(),
    currency: text('currency').notNull(),
    side: word<Side>('side').notNull(),
    quantity: decimal('quantity').notNull(),
    price: decimal('price').notNull(),
    amount: decimal('amount').notNull(),
  },
  (t) => [primaryKey({ name: 'trade_file_rows_pk', columns: [t.fileId, t.rowNo] })],
);

/** Rows of an import that were left out, by row and field; good rows of the same file are kept. */
export const importErrors = pgTable(
  'import_errors',
  {
    importId: text('import_id').notNull(),
    rowNo: integer('row_no').notNull(),
    field: text('field').notNull(),
    code: text('code').notNull(),
    value: text('value').notNull(),
    message: text('message').notNull(),
  },
  (t) => [primaryKey({ name: 'import_errors_pk', columns: [t.importId, t.rowNo, t.field] })],
);

/**
 * What a request was answered that is one transaction; commands of a flow have their own table. The
 * id is its Idempotency-Key, so that its repetition is answered alike, or the id that an import of
 * the front office was given, so that an import without errors is known as well.
 */
export const requestAnswers = pgTable('request_answers', {
  requestId: text('request_id').primaryKey(),
  kind: word<'tradeFile' | 'supplement' | 'orderChannel' | 'ticket' | 'frontOfficeImport'>(
    'kind',
  ).notNull(),
  /** Digest of everything that was asked: the same key with another request is refused. */
  requestHash: text('request_hash').notNull(),
  person: text('person').notNull(),
  answer: jsonb('answer').$type<Record<string, unknown>>().notNull(),
  answeredAt: instant('answered_at').notNull().defaultNow(),
});

/** One row a check task, channel and run; only those of the newest pass count. */
export const checkSummaries = pgTable(
  'check_summaries',
  {
    taskId: bigserial('task_id', { mode: 'number' }).primaryKey(),
    stepRunId: id64('step_run_id').notNull(),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    phase: integer('phase').notNull(),
    taskCode: text('task_code').notNull(),
    market: text('market').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    taskStatus: word<'PASSED' | 'FAILED'>('task_status').notNull(),
    taskNum: integer('task_num').notNull(),
    /** Digest of the difference set: a pass by hand is bound to it. */
    differencesHash: text('differences_hash').notNull(),
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [index('check_summaries_by_day').on(t.ledgerDate, t.flow)],
);

/** Unmatched details. clearing_* is our side (本端), other_* the counterparty (对端), bare = diff. */
export const tradeDifferences = pgTable(
  'trade_differences',
  {
    taskId: integer('task_id').notNull(),
    lineNo: integer('line_no').notNull(),
    ledgerDate: day('ledger_date').notNull(),
    tradeDate: day('trade_date').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    settlementAccount: text('settlement_account'),
    market: text('market').notNull(),
    accountNo: text('account_no'),
    clearingInstrumentId: text('clearing_instrument_id'),
    otherInstrumentId: text('other_instrument_id'),
    clearingCurrency: text('clearing_currency'),
    otherCurrency: text('other_currency'),
    clearingId: text('clearing_id'),
    otherId: text('other_id'),
    clearingPrice: decimal('clearing_price'),
    otherPrice: decimal('other_price'),
    clearingQuantity: decimal('clearing_quantity'),
    otherQuantity: decimal('other_quantity'),
    clearingAmount: decimal('clearing_amount'),
    otherAmount: decimal('other_amount'),
    clearingIndicator: word<Side>('clearing_indicator'),
    otherIndicator: word<Side>('other_indicator'),
    price: decimal('price'),
    quantity: decimal('quantity'),
    amount: decimal('amount'),
    /** matched | mismatch | localOnly | counterpartyOnly | duplicate. */
    resultTag: text('result_tag').notNull(),
    /** What the fuzzy comparison by instrument said of this row; null = it was off. */
    downgradeStatus: word<'BALANCED' | 'OUT_OF_BALANCE'>('downgrade_status'),
    verified: word<'execution' | 'order' | 'instrument' | 'none'>('verified').notNull(),
    toleranceThreshold: decimal('tolerance_threshold').notNull(),
    toleranceStatus: word<'WITHIN' | 'EXCEEDED'>('tolerance_status'),
  },
  (t) => [primaryKey({ name: 'trade_differences_pk', columns: [t.taskId, t.lineNo] })],
);
