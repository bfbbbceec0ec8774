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
import { sql } from 'drizzle-orm';
import type {
  Side,
  TradeExceptionReason,
  TradeSource,
  TradeStage,
} from '../../domain/trades/trade.ts';
import { day, decimal, id64, instant, word } from './columns.ts';

/*
 * The clearing snapshot of front-office data (ODS) and of supplements. Rows belong to the sync run
 * that wrote them and count while that run is the one in the flow's pointer. Partitioned by ledger
 * date; order numbers are handed out in account order, so later steps read and write in order.
 */
export const orders = pgTable(
  'orders',
  {
    ledgerDate: day('ledger_date').notNull(),
    orderNo: id64('order_no').notNull(),
    syncRunId: id64('sync_run_id').notNull(),
    flow: text('flow').notNull(),
    market: text('market').notNull(),
    source: word<TradeSource>('source').notNull(),
    /** The source's own id: front-office order id, or `SUP-…` for a back-office supplement. */
    orderId: text('order_id').notNull(),
    orderVersion: integer('order_version').notNull(),
    accountId: id64('account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    side: word<Side>('side').notNull(),
    /** As received (op_entrust_way); an edit stands in order_channel_edits. */
    orderChannel: smallint('order_channel').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    tradeDate: day('trade_date').notNull(),
    /** Overrides of a supplement; null = T+N of the market. */
    cashSettlementDate: day('cash_settlement_date'),
    securitiesSettlementDate: day('securities_settlement_date'),
    stage: word<TradeStage>('stage').notNull().default('NORMAL'),
    /** Of an execution management system; null = the order is not a part of a larger one. */
    emsOrderNo: text('ems_order_no'),
  },
  (t) => [
    primaryKey({ name: 'orders_pk', columns: [t.ledgerDate, t.orderNo] }),
    index('orders_by_run_account').on(t.syncRunId, t.accountId, t.orderNo),
    index('orders_by_source_id').on(t.orderId),
  ],
);

export const executions = pgTable(
  'executions',
  {
    ledgerDate: day('ledger_date').notNull(),
    orderNo: id64('order_no').notNull(),
    /** 1, 2, 3 … inside the order. */
    executionNo: integer('execution_no').notNull(),
    executionId: text('execution_id').notNull(),
    executionVersion: integer('execution_version').notNull(),
    /** Serial known to the counterparty; null for a supplement that has none. */
    serial: text('serial'),
    quantity: decimal('quantity').notNull(),
    price: decimal('price').notNull(),
    executedAt: instant('executed_at').notNull(),
  },
  (t) => [
    primaryKey({ name: 'executions_pk', columns: [t.ledgerDate, t.orderNo, t.executionNo] }),
    index('executions_by_source_id').on(t.executionId),
  ],
);

/** Manual order channel (manual_op_entrust_way), kept by source id, so that a re-sync keeps it. */
export const orderChannelEdits = pgTable(
  'order_channel_edits',
  {
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    orderId: text('order_id').notNull(),
    editNo: bigserial('edit_no', { mode: 'number' }).notNull(),
    channel: smallint('channel').notNull(),
    editor: text('editor').notNull(),
    editedAt: instant('edited_at').notNull().defaultNow(),
    /** Only the newest edit of an order is current; the others are its history. */
    current: boolean('current').notNull(),
  },
  (t) => [
    primaryKey({ name: 'order_channel_edits_pk', columns: [t.ledgerDate, t.orderId, t.editNo] }),
  ],
);

/** Trades set aside at sync, listed with the reason; they are not billed. */
export const tradeExceptions = pgTable(
  'trade_exceptions',
  {
    ledgerDate: day('ledger_date').notNull(),
    syncRunId: id64('sync_run_id').notNull(),
    executionId: text('execution_id').notNull(),
    orderId: text('order_id').notNull(),
    reason: word<TradeExceptionReason>('reason').notNull(),
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
  },
  (t) => [primaryKey({ name: 'trade_exceptions_pk', columns: [t.syncRunId, t.executionId] })],
);

/** Back-office supplements (后台补单) as entered; a sync run copies them into its snapshot. */
export const supplements = pgTable(
  'supplements',
  {
    supplementId: bigserial('supplement_id', { mode: 'number' }).primaryKey(),
    requestId: text('request_id').notNull().unique('supplements_one_per_request'),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    generation: integer('generation').notNull(),
    /** What entered it: a person, or a contract amendment as one of its halves. */
    source: word<TradeSource>('source').notNull().default('BACK_OFFICE'),
    market: text('market').notNull(),
    accountId: id64('account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    side: word<Side>('side').notNull(),
    orderChannel: smallint('order_channel').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    tradeDate: day('trade_date').notNull(),
    cashSettlementDate: day('cash_settlement_date'),
    securitiesSettlementDate: day('securities_settlement_date'),
    stage: word<TradeStage>('stage').notNull().default('NORMAL'),
    enteredBy: text('entered_by').notNull(),
    enteredAt: instant('entered_at').notNull().defaultNow(),
    voidedBy: text('voided_by'),
    voidedAt: instant('voided_at'),
  },
  (t) => [index('supplements_by_day').on(t.ledgerDate, t.flow)],
);

/**
 * Contract amendments (合约修正) that two people consented to. Each is cleared as two supplements of
 * the open ledger date, so sync, checks, billing, posting and revoke treat it as they treat those.
 */
export const contractAmendments = pgTable(
  'contract_amendments',
  {
    amendmentId: bigserial('amendment_id', { mode: 'number' }).primaryKey(),
    ticketId: text('ticket_id').notNull().unique('contract_amendments_one_per_ticket'),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    originLedgerDate: day('origin_ledger_date').notNull(),
    originContractId: id64('origin_contract_id').notNull(),
    offsetSupplementId: id64('offset_supplement_id').notNull(),
    newSupplementId: id64('new_supplement_id').notNull(),
    reason: text('reason').notNull(),
    askedBy: text('asked_by').notNull(),
    approvedBy: jsonb('approved_by').$type<readonly string[]>().notNull(),
    amendedAt: instant('amended_at').notNull(),
    voidedBy: text('voided_by'),
    voidedAt: instant('voided_at'),
  },
  (t) => [
    // A contract is taken back once.
    uniqueIndex('contract_amendments_one_in_force')
      .on(t.originContractId)
      .where(sql`voided_at IS NULL`),
  ],
);

export const supplementExecutions = pgTable(
  'supplement_executions',
  {
    supplementId: integer('supplement_id').notNull(),
    executionNo: integer('execution_no').notNull(),
    serial: text('serial'),
    quantity: decimal('quantity').notNull(),
    price: decimal('price').notNull(),
  },
  (t) => [
    primaryKey({ name: 'supplement_executions_pk', columns: [t.supplementId, t.executionNo] }),
    unique('supplement_executions_serial_is_unique_inside').on(t.supplementId, t.serial),
  ],
);
