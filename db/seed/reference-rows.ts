import type {
  flows,
  houseAccounts,
  markets,
  readinessItems,
  settlementChannels,
} from '../schema/reference.ts';

/*
 * What a fresh installation knows before the first account: two markets in two flows and the day
 * end, the house side of the books, and how each settlement channel is reconciled.
 */
export const FLOW_ROWS = [
  { flow: 'US', name: 'United States', position: 1 },
  { flow: 'HK', name: 'Hong Kong', position: 2 },
  { flow: 'day-end', name: 'Day end', position: 9 },
] satisfies (typeof flows.$inferInsert)[];

export const MARKET_ROWS = [
  {
    market: 'HK',
    flow: 'HK',
    currency: 'HKD',
    timeZone: 'Asia/Hong_Kong',
    overnight: false,
    closesAt: '16:00',
  },
  {
    market: 'US',
    flow: 'US',
    currency: 'USD',
    timeZone: 'America/New_York',
    overnight: true,
    closesAt: '16:00',
  },
] satisfies (typeof markets.$inferInsert)[];

export const OPENING_EQUITY_ACCOUNT = 1;
export const SUSPENSE_ACCOUNT = 2;
/** The account of a fee code is this plus its id. */
export const FEE_ACCOUNT_BASE = 10_000;

/** What a fee code of agents costs, and what the agent behind a street account is owed. */
export const AGENT_EXPENSE_BASE = 50_000;
export const AGENT_PAYABLE_BASE = 90_000;

/** Fee accounts are added by the seed, one for each fee code that the rules name. */
export const HOUSE_ACCOUNT_ROWS = [
  {
    ledgerAccountId: OPENING_EQUITY_ACCOUNT,
    code: 'OPENING',
    name: 'Opening balances',
    kind: 'OPENING',
  },
  { ledgerAccountId: SUSPENSE_ACCOUNT, code: 'SUSPENSE', name: 'Suspense', kind: 'SUSPENSE' },
  { ledgerAccountId: 101, code: 'STREET:CCASS', name: 'CCASS, first seat', kind: 'STREET' },
  { ledgerAccountId: 102, code: 'STREET:CCASS2', name: 'CCASS, second seat', kind: 'STREET' },
  { ledgerAccountId: 103, code: 'STREET:HKOTC', name: 'Hong Kong OTC dealers', kind: 'STREET' },
  { ledgerAccountId: 201, code: 'STREET:IB', name: 'US clearing broker', kind: 'STREET' },
  {
    ledgerAccountId: 202,
    code: 'STREET:IBFX',
    name: 'US clearing broker, facilitation desk',
    kind: 'STREET',
  },
] satisfies (typeof houseAccounts.$inferInsert)[];

/** One channel a way of matching, so that each way is in daily use. */
export const SETTLEMENT_CHANNEL_ROWS = [
  {
    settlementChannel: 'CCASS',
    market: 'HK',
    name: 'CCASS, first seat',
    matchMode: 'execution',
    tolerance: '0',
    fuzzyByInstrument: false,
    streetAccountId: 101,
  },
  {
    settlementChannel: 'CCASS2',
    market: 'HK',
    name: 'CCASS, second seat',
    matchMode: 'execution',
    tolerance: '0.05',
    fuzzyByInstrument: true,
    streetAccountId: 102,
  },
  {
    settlementChannel: 'HKOTC',
    market: 'HK',
    name: 'Hong Kong OTC dealers',
    matchMode: 'none',
    tolerance: '0',
    fuzzyByInstrument: false,
    streetAccountId: 103,
  },
  {
    settlementChannel: 'IB',
    market: 'US',
    name: 'US clearing broker',
    matchMode: 'order',
    tolerance: '0.05',
    fuzzyByInstrument: false,
    streetAccountId: 201,
  },
  {
    settlementChannel: 'IBFX',
    market: 'US',
    name: 'US clearing broker, facilitation desk',
    matchMode: 'instrument',
    tolerance: '0',
    fuzzyByInstrument: false,
    streetAccountId: 202,
  },
] satisfies (typeof settlementChannels.$inferInsert)[];

export const READINESS_ROWS = [
  {
    item: 'ready_calendar',
    phase: 'market',
    severity: 2,
    enabled: true,
    en: 'Market calendar',
    zhHans: '市场日历检查',
    guide: 'Load the trading, settlement and bank calendars that cover this ledger date.',
  },
  {
    item: 'ready_market_rule',
    phase: 'market',
    severity: 2,
    enabled: true,
    en: 'Market rule',
    zhHans: '市场规则配置',
    guide: 'Every market of the flow needs its rule and a settlement cycle in force.',
  },
  {
    item: 'ready_trade_file',
    phase: 'market',
    severity: 1,
    enabled: true,
    en: 'Counterparty trade file imported',
    zhHans: '交易文件导入',
    guide: 'Import the counterparty trade file of each channel that is reconciled.',
  },
] satisfies (typeof readinessItems.$inferInsert)[];

type Payee = 'BROKER' | 'EXCHANGE' | 'REGULATOR' | 'GOVERNMENT' | 'CLEARING_HOUSE';

/** Whom a fee code is owed to. A code that is not listed is the broker's own income. */
export const FEE_PAYEES: Readonly<Record<string, Payee>> = {
  SFC_LEVY: 'REGULATOR',
  AFRC_LEVY: 'REGULATOR',
  TRADING_FEE: 'EXCHANGE',
  TRADING_TARIFF: 'EXCHANGE',
  STAMP: 'GOVERNMENT',
  SETTLEMENT_FEE: 'CLEARING_HOUSE',
  SEC31: 'REGULATOR',
  TAF: 'REGULATOR',
  TAF_OPTION: 'REGULATOR',
  CAT: 'REGULATOR',
  ORF: 'EXCHANGE',
  OCC: 'CLEARING_HOUSE',
  US_SETTLEMENT: 'CLEARING_HOUSE',
};
