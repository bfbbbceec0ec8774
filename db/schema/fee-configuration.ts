import { sql } from 'drizzle-orm';
import {
  check,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { AccountKind } from '../../domain/trades/trade.ts';
import { day, decimal, origin, word } from './columns.ts';

/** Versions of fee scenarios. Append-only by trigger. */
export const feeScenarios = pgTable(
  'fee_scenarios',
  {
    scenarioId: text('scenario_id').notNull(),
    version: integer('version').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    /** The whole FeeScenario of domain/fees. */
    definition: jsonb('definition').notNull(),
    ...origin,
  },
  (t) => [primaryKey({ name: 'fee_scenarios_pk', columns: [t.scenarioId, t.version] })],
);

/** Which general package an account of a kind gets when it is opened. Append-only by trigger. */
export const defaultPackages = pgTable(
  'default_packages',
  {
    market: text('market').notNull(),
    accountKind: word<AccountKind>('account_kind').notNull(),
    /** The highest counts, for accounts that come from now on. */
    version: integer('version').notNull(),
    /** Null: none; such an account is billed once a ticket has given it a package. */
    scheduleId: text('schedule_id'),
    ...origin,
  },
  (t) => [
    primaryKey({ name: 'default_packages_pk', columns: [t.market, t.accountKind, t.version] }),
  ],
);

/** Versions of merge rules. Append-only by trigger. */
export const mergeRules = pgTable(
  'merge_rules',
  {
    /** Over all rules, in the order in which they were added. */
    ruleNo: integer('rule_no').primaryKey(),
    mergeRuleId: text('merge_rule_id').notNull(),
    version: integer('version').notNull(),
    market: text('market').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    /** The ledger date that was open: dates before it are billed again without this version. */
    knownFrom: day('known_from').notNull(),
    /** The whole MergeRule of domain/merging. */
    definition: jsonb('definition').notNull(),
    ...origin,
  },
  (t) => [unique('merge_rules_one_per_version').on(t.mergeRuleId, t.version)],
);

/**
 * Exchange rates of fees: so many units of `to` for one of `from`, by trade date, until the next
 * one of the pair begins. Append-only by trigger: a correction is another version.
 */
export const fxRates = pgTable(
  'fx_rates',
  {
    rateId: integer('rate_id').primaryKey(),
    fromCurrency: text('from_currency').notNull(),
    toCurrency: text('to_currency').notNull(),
    validFrom: day('valid_from').notNull(),
    version: integer('version').notNull(),
    rate: decimal('rate').notNull(),
    /** Whose rate it is. */
    source: text('source').notNull(),
    /** The ledger date that was open then: no earlier one is billed by it. */
    knownFrom: day('known_from').notNull(),
    ...origin,
  },
  (t) => [
    uniqueIndex('fx_rates_have_versions').on(t.fromCurrency, t.toCurrency, t.validFrom, t.version),
    check('fx_rates_are_above_zero', sql`${t.rate} > 0`),
    check('fx_rates_lead_elsewhere', sql`${t.fromCurrency} <> ${t.toCurrency}`),
  ],
);
