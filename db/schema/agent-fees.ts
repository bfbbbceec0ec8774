import { index, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { day, decimal, id64, origin } from './columns.ts';

/**
 * What the custodian or upstream broker behind a settlement channel charges the house (代理商收费).
 * Apart from the fee rules of clients, so that no price of a client can come from here. Versions;
 * append-only by trigger.
 */
export const agentFeeRules = pgTable(
  'agent_fee_rules',
  {
    /** Numbered on their own. */
    ruleId: integer('rule_id').primaryKey(),
    settlementChannel: text('settlement_channel').notNull(),
    feeCode: text('fee_code').notNull(),
    market: text('market').notNull(),
    version: integer('version').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    /** A FeeRule of domain/fees whose schedule is the settlement channel. */
    definition: jsonb('definition').notNull(),
    ...origin,
    /** The ledger date that was open then: no earlier one is billed by it. */
    knownFrom: day('known_from').notNull(),
  },
  (t) => [index('agent_fee_rules_by_channel').on(t.settlementChannel)],
);

/**
 * What a contract costs the house, written by the billing that makes the contract: columns as in
 * `fees`. Append-only. A day without agent fees writes nothing here.
 */
export const agentFees = pgTable(
  'agent_fees',
  {
    ledgerDate: day('ledger_date').notNull(),
    contractId: id64('contract_id').notNull(),
    line: smallint('line').notNull(),
    feeCodeId: smallint('fee_code_id').notNull(),
    executionNo: integer('execution_no').notNull(),
    choiceId: integer('choice_id').notNull(),
    metric: decimal('metric').notNull(),
    exactAmount: decimal('exact_amount').notNull(),
    clamp: text('clamp').notNull(),
    amount: decimal('amount').notNull(),
  },
  (t) => [primaryKey({ name: 'agent_fees_pk', columns: [t.ledgerDate, t.contractId, t.line] })],
);
