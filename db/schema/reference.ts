import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
} from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import type { AccountKind, AccountStatus, InstrumentType } from '../../domain/trades/trade.ts';
import type { HouseAccountKind } from '../../domain/ledger/house-accounts.ts';
import { day, decimal, id64, instant, word } from './columns.ts';

/** One clearing flow a market group, in the order of `position`; the day end comes last. */
export const flows = pgTable('flows', {
  flow: text('flow').primaryKey(),
  name: text('name').notNull(),
  position: smallint('position').notNull().unique('flows_position_is_unique'),
});

export const markets = pgTable('markets', {
  market: text('market').primaryKey(),
  flow: text('flow')
    .notNull()
    .references(() => flows.flow),
  currency: text('currency').notNull(),
  timeZone: text('time_zone').notNull(),
  /** An overnight market books a trade date, and a settlement date, on the next ledger date. */
  overnight: boolean('overnight').notNull(),
  /** `HH:MM` in its time zone: when an ordinary session ends. */
  closesAt: text('closes_at').notNull(),
});

/** Settlement cycle by trade date: T + days, apart for cash and securities. */
export const settlementCycles = pgTable(
  'settlement_cycles',
  {
    market: text('market').notNull(),
    /** '' = every type of the market that has no row of its own. */
    instrumentType: text('instrument_type').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    cashDays: smallint('cash_days').notNull(),
    securitiesDays: smallint('securities_days').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'settlement_cycles_pk',
      columns: [t.market, t.instrumentType, t.effectiveFrom],
    }),
  ],
);

/** Weekdays on which a calendar is closed; `kind` is trading or settlement. */
export const calendarClosures = pgTable(
  'calendar_closures',
  {
    market: text('market').notNull(),
    kind: word<'trading' | 'settlement'>('kind').notNull(),
    day: day('day').notNull(),
    reason: text('reason').notNull(),
  },
  (t) => [primaryKey({ name: 'calendar_closures_pk', columns: [t.market, t.kind, t.day] })],
);

/** The bank calendar of a currency is a table of its own; it starts as the settlement calendar. */
export const bankClosures = pgTable(
  'bank_closures',
  {
    currency: text('currency').notNull(),
    day: day('day').notNull(),
    reason: text('reason').notNull(),
  },
  (t) => [primaryKey({ name: 'bank_closures_pk', columns: [t.currency, t.day] })],
);

/**
 * The spans that closures are known for; a day outside of them is CALENDAR_MISSING, never a guess.
 */
export const calendarCoverage = pgTable(
  'calendar_coverage',
  {
    market: text('market').notNull(),
    coveredFrom: day('covered_from').notNull(),
    coveredTo: day('covered_to').notNull(),
  },
  (t) => [primaryKey({ name: 'calendar_coverage_pk', columns: [t.market, t.coveredFrom] })],
);

/** An asset is a currency or an instrument: what a posting can be denominated in. */
export const assets = pgTable('assets', {
  assetId: integer('asset_id').primaryKey().generatedByDefaultAsIdentity(),
  kind: word<'CURRENCY' | 'INSTRUMENT'>('kind').notNull(),
  code: text('code').notNull().unique('assets_code_is_unique'),
});

export const instruments = pgTable('instruments', {
  assetId: integer('asset_id')
    .primaryKey()
    .references(() => assets.assetId),
  instrumentId: text('instrument_id').notNull().unique('instruments_id_is_unique'),
  market: text('market').notNull(),
  type: word<InstrumentType>('type').notNull(),
  name: text('name').notNull(),
  currency: text('currency').notNull(),
  lotSize: integer('lot_size').notNull(),
  stampDutyExempt: boolean('stamp_duty_exempt').notNull(),
});

/** Client accounts. Ids start at 1,000,000: smaller ledger accounts belong to the house. */
export const accounts = pgTable(
  'accounts',
  {
    accountId: id64('account_id')
      .primaryKey()
      .generatedByDefaultAsIdentity({ startWith: 1_000_000 }),
    accountNo: text('account_no').notNull().unique('accounts_no_is_unique'),
    kind: word<AccountKind>('kind').notNull(),
    status: word<AccountStatus>('status').notNull(),
    openedOn: day('opened_on').notNull(),
    closedOn: day('closed_on'),
  },
  (t) => [check('accounts_are_not_house_accounts', sql`${t.accountId} >= 1000000`)],
);

/** The general package of an account: of those that have begun, the latest counts. */
export const accountFeeSchedules = pgTable(
  'account_fee_schedules',
  {
    accountId: id64('account_id')
      .notNull()
      .references(() => accounts.accountId),
    market: text('market').notNull(),
    scheduleId: text('schedule_id').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    effectiveTo: day('effective_to'),
    /** Null for what came with the account: its default, or the data it was loaded with. */
    ticketId: text('ticket_id'),
  },
  (t) => [
    primaryKey({
      name: 'account_fee_schedules_pk',
      columns: [t.accountId, t.market, t.effectiveFrom],
    }),
  ],
);

/**
 * Fee rules are data with versions: of a general package (schedule), of one account, or of all
 * (neither). Append-only by trigger.
 */
export const feeRules = pgTable(
  'fee_rules',
  {
    ruleId: integer('rule_id').primaryKey(),
    feeCode: text('fee_code').notNull(),
    market: text('market').notNull(),
    scheduleId: text('schedule_id'),
    accountNo: text('account_no'),
    version: integer('version').notNull(),
    effectiveFrom: day('effective_from').notNull(),
    /** The whole FeeRule of domain/fees; the columns beside it are there to be searched. */
    definition: jsonb('definition').notNull(),
    /** `system` for the rules that an installation begins with. */
    addedBy: text('added_by').notNull().default('system'),
    approvedBy: text('approved_by')
      .array()
      .notNull()
      .default(sql`'{}'`),
    ticketId: text('ticket_id'),
    addedAt: instant('added_at').notNull().defaultNow(),
    /** The ledger date that was open then: no earlier one is billed by it. Null: always known. */
    knownFrom: day('known_from'),
  },
  (t) => [index('fee_rules_by_schedule').on(t.market, t.scheduleId)],
);

/** Which ledger account a fee code is owed to: income of the broker or a statutory payable. */
export const feeCodes = pgTable('fee_codes', {
  feeCodeId: smallint('fee_code_id').primaryKey(),
  feeCode: text('fee_code').notNull().unique('fee_codes_are_unique'),
  payee: word<'BROKER' | 'EXCHANGE' | 'REGULATOR' | 'GOVERNMENT' | 'CLEARING_HOUSE'>(
    'payee',
  ).notNull(),
});

/**
 * House ledger accounts (id < 1,000,000): street side, fee income, statutory payables, what agents
 * cost and are owed …
 */
export const houseAccounts = pgTable(
  'house_accounts',
  {
    ledgerAccountId: id64('ledger_account_id').primaryKey(),
    code: text('code').notNull().unique('house_accounts_code_is_unique'),
    name: text('name').notNull(),
    kind: word<HouseAccountKind>('kind').notNull(),
  },
  (t) => [check('house_accounts_are_not_clients', sql`${t.ledgerAccountId} < 1000000`)],
);

/** How trades of one settlement channel are compared with the counterparty's file. */
export const settlementChannels = pgTable('settlement_channels', {
  settlementChannel: text('settlement_channel').primaryKey(),
  market: text('market').notNull(),
  name: text('name').notNull(),
  matchMode: word<'execution' | 'order' | 'instrument' | 'none'>('match_mode').notNull(),
  /** Largest amount difference that still matches, in the trade currency; 0 = exact. */
  tolerance: decimal('tolerance').notNull(),
  /** Unmatched rows are compared again, summed by instrument. */
  fuzzyByInstrument: boolean('fuzzy_by_instrument').notNull(),
  streetAccountId: id64('street_account_id')
    .notNull()
    .references(() => houseAccounts.ledgerAccountId),
});

/** severity 0 tips, 1 blocks until passed (by ticket, once tickets exist), 2 blocks until true. */
export const readinessItems = pgTable('readiness_items', {
  item: text('item').primaryKey(),
  phase: word<'market' | 'dayEnd'>('phase').notNull(),
  severity: smallint('severity').notNull(),
  enabled: boolean('enabled').notNull(),
  en: text('en').notNull(),
  zhHans: text('zh_hans').notNull(),
  guide: text('guide').notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});
