import { sql } from 'drizzle-orm';
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import type { Side, TradeSource, TradeStage } from '../../domain/trades/trade.ts';
import type { Bucket, JournalKind } from '../../domain/ledger/journal.ts';
import { day, decimal, id64, instant, word } from './columns.ts';

/*
 * Derived rows and the books, all partitioned by ledger date. A contract counts while the billing
 * run that made it SUCCEEDED and is not discarded (view live_contracts); its state is read from its
 * unreversed journals (view contract_states), so that no bulk row is ever updated.
 */
export const contracts = pgTable(
  'contracts',
  {
    ledgerDate: day('ledger_date').notNull(),
    contractId: id64('contract_id').notNull(),
    billingRunId: id64('billing_run_id').notNull(),
    generation: integer('generation').notNull(),
    flow: text('flow').notNull(),
    market: text('market').notNull(),
    orderNo: id64('order_no').notNull(),
    orderId: text('order_id').notNull(),
    source: word<TradeSource>('source').notNull(),
    accountId: id64('account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    side: word<Side>('side').notNull(),
    tradeDate: day('trade_date').notNull(),
    /** The channel that billing used: the edited one when there was an edit. */
    orderChannel: smallint('order_channel').notNull(),
    settlementChannel: text('settlement_channel').notNull(),
    scheduleId: text('schedule_id').notNull(),
    currency: text('currency').notNull(),
    executionCount: integer('execution_count').notNull(),
    quantity: decimal('quantity').notNull(),
    /** Sum of quantity times price, unsigned, in the trade currency. */
    grossAmount: decimal('gross_amount').notNull(),
    feeAmount: decimal('fee_amount').notNull(),
    /** What the client pays (BUY) or receives (SELL), unsigned. */
    netAmount: decimal('net_amount').notNull(),
    /**
     * Sum of each fee code, `feeCodeId:amount feeCodeId:amount`: posting need not read the fees.
     */
    feeTotals: text('fee_totals').notNull(),
    cashSettlementDate: day('cash_settlement_date').notNull(),
    securitiesSettlementDate: day('securities_settlement_date').notNull(),
    /** The ledger dates that the settlement dates map to in this market. */
    cashDueDate: day('cash_due_date').notNull(),
    securitiesDueDate: day('securities_due_date').notNull(),
    stage: word<TradeStage>('stage').notNull().default('NORMAL'),
  },
  (t) => [
    primaryKey({ name: 'contracts_pk', columns: [t.ledgerDate, t.contractId] }),
    index('contracts_by_account').on(t.accountId, t.contractId),
    index('contracts_by_cash_due').on(t.cashDueDate, t.accountId),
    // Most legs fall due together and are found by the cash date.
    index('contracts_by_securities_due')
      .on(t.securitiesDueDate, t.accountId)
      .where(sql`securities_due_date <> cash_due_date`),
    unique('contracts_one_per_order_and_run').on(t.orderNo, t.billingRunId, t.ledgerDate),
  ],
);

/**
 * The orders of a merged contract behind its leading one, which is the first by time and stands in
 * the contract itself. A contract of one order has none. View contract_orders shows all. Written by
 * billing with the contract, and as append-only.
 */
export const mergedOrders = pgTable(
  'merged_orders',
  {
    ledgerDate: day('ledger_date').notNull(),
    contractId: id64('contract_id').notNull(),
    /** 2, 3, 4 … in the order of time: the leading order is the first. */
    place: integer('place').notNull(),
    billingRunId: id64('billing_run_id').notNull(),
    orderNo: id64('order_no').notNull(),
    orderId: text('order_id').notNull(),
  },
  (t) => [
    primaryKey({ name: 'merged_orders_pk', columns: [t.ledgerDate, t.contractId, t.place] }),
    unique('merged_orders_one_per_order_and_run').on(t.orderNo, t.billingRunId, t.ledgerDate),
    index('merged_orders_by_source_id').on(t.orderId),
  ],
);

/**
 * Which rule won for a fee code, with the losers and why: shared by all fee rows that it priced.
 */
export const feeChoices = pgTable('fee_choices', {
  choiceId: integer('choice_id').primaryKey().generatedByDefaultAsIdentity(),
  /** Digest of the content, so that two shards store one choice once. */
  digest: text('digest').notNull().unique('fee_choices_digest_is_unique'),
  ruleId: integer('rule_id').notNull(),
  choice: jsonb('choice').$type<Record<string, unknown>>().notNull(),
});

/** One row for each (contract, fee code, execution | order | contract). */
export const fees = pgTable(
  'fees',
  {
    ledgerDate: day('ledger_date').notNull(),
    contractId: id64('contract_id').notNull(),
    line: smallint('line').notNull(),
    feeCodeId: smallint('fee_code_id').notNull(),
    /**
     * 3 = the third execution of the contract, through all of its orders; 0 = all of the contract;
     * −2 = the second order of a merged contract.
     */
    executionNo: integer('execution_no').notNull(),
    choiceId: integer('choice_id').notNull(),
    /** What the rate was applied to: consideration, shares, contracts or 1 for a flat fee. */
    metric: decimal('metric').notNull(),
    /** The unrounded amount after min, max and cap. */
    exactAmount: decimal('exact_amount').notNull(),
    /** '' | min | max | cap | waived: which bound decided. */
    clamp: text('clamp').notNull(),
    amount: decimal('amount').notNull(),
  },
  (t) => [primaryKey({ name: 'fees_pk', columns: [t.ledgerDate, t.contractId, t.line] })],
);

/** Append-only. A mistake is corrected by a journal that reverses it, never by an UPDATE. */
export const journals = pgTable(
  'journals',
  {
    ledgerDate: day('ledger_date').notNull(),
    journalId: id64('journal_id').notNull(),
    kind: word<JournalKind>('kind').notNull(),
    stepRunId: id64('step_run_id').notNull(),
    generation: integer('generation').notNull(),
    flow: text('flow').notNull(),
    /** contract | opening: what `source_id` names. */
    sourceKind: word<'contract' | 'opening'>('source_kind').notNull(),
    sourceId: id64('source_id').notNull(),
    accountId: id64('account_id').notNull(),
    /** For cash legs the day from which interest counts: the settlement date. */
    valueDate: day('value_date').notNull(),
    reversesJournalId: id64('reverses_journal_id'),
  },
  (t) => [
    primaryKey({ name: 'journals_pk', columns: [t.ledgerDate, t.journalId] }),
    unique('journals_one_per_source_kind_generation').on(
      t.sourceId,
      t.kind,
      t.generation,
      t.sourceKind,
      t.ledgerDate,
    ),
    // Shards write in account order, so a few block ranges hold the journals of an account.
    index('journals_by_account').using('brin', t.accountId).with({ pages_per_range: 16 }),
  ],
);

/** Append-only. Amounts of one journal add up to zero per asset; + means the holder receives. */
export const postings = pgTable(
  'postings',
  {
    ledgerDate: day('ledger_date').notNull(),
    journalId: id64('journal_id').notNull(),
    line: smallint('line').notNull(),
    ledgerAccountId: id64('ledger_account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    bucket: smallint('bucket').$type<Bucket>().notNull(),
    /** For the unsettled bucket: when it settles. */
    settlementDate: day('settlement_date'),
    amount: decimal('amount').notNull(),
  },
  (t) => [
    check('postings_amount_is_not_zero', sql`${t.amount} <> 0`),
    index('postings_of_clients')
      .on(t.ledgerAccountId, t.assetId)
      .where(sql`ledger_account_id >= 1000000`),
    index('postings_by_journal').using('brin', t.journalId).with({ pages_per_range: 32 }),
  ],
);

/** Client balances; they move only in the transaction of their postings. Bucket: see Bucket. */
export const balances = pgTable(
  'balances',
  {
    ledgerAccountId: id64('ledger_account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    bucket: smallint('bucket').$type<Bucket>().notNull(),
    amount: decimal('amount').notNull(),
  },
  (t) => [
    primaryKey({ name: 'balances_pk', columns: [t.ledgerAccountId, t.assetId, t.bucket] }),
    check('balances_belong_to_clients', sql`${t.ledgerAccountId} >= 1000000`),
  ],
);

/** House accounts, which every shard touches: one row a chunk, summed on reading; no hot row. */
export const houseBalanceDeltas = pgTable(
  'house_balance_deltas',
  {
    ledgerDate: day('ledger_date').notNull(),
    stepRunId: id64('step_run_id').notNull(),
    shard: integer('shard').notNull(),
    chunk: integer('chunk').notNull(),
    ledgerAccountId: id64('ledger_account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    bucket: smallint('bucket').$type<Bucket>().notNull(),
    amount: decimal('amount').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'house_balance_deltas_pk',
      columns: [t.ledgerAccountId, t.assetId, t.bucket, t.stepRunId, t.shard, t.chunk],
    }),
  ],
);

/** What data summary writes: every account's totals by asset as of the ledger date. */
export const accountTotals = pgTable(
  'account_totals',
  {
    ledgerDate: day('ledger_date').notNull(),
    stepRunId: id64('step_run_id').notNull(),
    accountId: id64('account_id').notNull(),
    assetId: integer('asset_id').notNull(),
    settled: decimal('settled').notNull(),
    unsettled: decimal('unsettled').notNull(),
    frozen: decimal('frozen').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'account_totals_pk', columns: [t.stepRunId, t.accountId, t.assetId] }),
  ],
);
