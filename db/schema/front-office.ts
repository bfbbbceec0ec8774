import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  text,
} from 'drizzle-orm/pg-core';
import type {
  AccountKind,
  AccountStatus,
  InstrumentType,
  Side,
  TradeStage,
} from '../../domain/trades/trade.ts';
import { day, decimal, instant, word } from './columns.ts';

/**
 * The front office is another system; this schema stands for it. Rows are versions: a higher one
 * supersedes, a cancel is a version, nothing is updated but `superseded_at`. A row is in force at
 * an instant t when recorded_at <= t < superseded_at (null = open end).
 */
export const frontOffice = pgSchema('front_office');

export const foAccounts = frontOffice.table(
  'accounts',
  {
    accountNo: text('account_no').notNull(),
    kind: word<AccountKind>('kind').notNull(),
    status: word<AccountStatus>('status').notNull(),
    openedOn: day('opened_on').notNull(),
    closedOn: day('closed_on'),
    version: integer('version').notNull().default(1),
    recordedAt: instant('recorded_at').notNull(),
    supersededAt: instant('superseded_at'),
  },
  (t) => [primaryKey({ name: 'fo_accounts_pk', columns: [t.accountNo, t.version] })],
);

export const foInstruments = frontOffice.table(
  'instruments',
  {
    instrumentId: text('instrument_id').notNull(),
    market: text('market').notNull(),
    type: word<InstrumentType>('type').notNull(),
    name: text('name').notNull(),
    currency: text('currency').notNull(),
    lotSize: integer('lot_size').notNull(),
    stampDutyExempt: boolean('stamp_duty_exempt').notNull(),
    version: integer('version').notNull().default(1),
    recordedAt: instant('recorded_at').notNull(),
    supersededAt: instant('superseded_at'),
  },
  (t) => [primaryKey({ name: 'fo_instruments_pk', columns: [t.instrumentId, t.version] })],
);

export const foOrders = frontOffice.table(
  'orders',
  {
    orderId: text('order_id').notNull(),
    version: integer('version').notNull(),
    accountNo: text('account_no').notNull(),
    instrumentId: text('instrument_id').notNull(),
    market: text('market').notNull(),
    side: word<Side>('side').notNull(),
    orderChannel: smallint('order_channel').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    quantity: decimal('quantity').notNull(),
    cancelled: boolean('cancelled').notNull(),
    stage: word<TradeStage>('stage').notNull().default('NORMAL'),
    emsOrderNo: text('ems_order_no'),
    recordedAt: instant('recorded_at').notNull(),
    supersededAt: instant('superseded_at'),
    /** In the order in which rows reached us: up to where sync has looked at changes of orders. */
    arrivalNo: bigint('arrival_no', { mode: 'number' }).notNull().generatedByDefaultAsIdentity(),
  },
  (t) => [
    primaryKey({ name: 'fo_orders_pk', columns: [t.orderId, t.version] }),
    index('fo_orders_by_account').on(t.accountNo),
    index('fo_orders_changed')
      .on(t.arrivalNo)
      .where(sql`version > 1`),
  ],
);

export const foExecutions = frontOffice.table(
  'executions',
  {
    executionId: text('execution_id').notNull(),
    version: integer('version').notNull(),
    orderId: text('order_id').notNull(),
    market: text('market').notNull(),
    tradeDate: day('trade_date').notNull(),
    quantity: decimal('quantity').notNull(),
    price: decimal('price').notNull(),
    cancelled: boolean('cancelled').notNull(),
    executedAt: instant('executed_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    supersededAt: instant('superseded_at'),
  },
  (t) => [
    primaryKey({ name: 'fo_executions_pk', columns: [t.executionId, t.version] }),
    index('fo_executions_by_market_day').on(t.market, t.tradeDate),
    index('fo_executions_by_order').on(t.orderId),
  ],
);
