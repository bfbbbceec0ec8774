export const SIDES = ['BUY', 'SELL'] as const;
export type Side = (typeof SIDES)[number];

export const ACCOUNT_KINDS = ['CASH', 'MARGIN'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

export const ACCOUNT_STATUSES = ['ACTIVE', 'FROZEN', 'CLOSED'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

export const INSTRUMENT_TYPES = [
  'EQUITY',
  'ETF',
  'ETF_FI',
  'REIT',
  'CBBC',
  'DERIVATIVE_WARRANT',
  'INLINE_WARRANT',
  'DEBT',
  'US_EQUITY',
  'US_OPTION',
] as const;
export type InstrumentType = (typeof INSTRUMENT_TYPES)[number];

/**
 * Where an order came from (下单渠道), in the product's codes: 0 APP, 1 BO, 2 FIX, 3 PRO,
 * 4 LONGPORT, 5 OTHER, 6 WTT, 7 API, 8 OTHER_APP, 9 WEB. It can select the fee.
 */
export type OrderChannel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Grey: the trade was done in the grey market (暗盘), before the instrument was listed. */
export const TRADE_STAGES = ['NORMAL', 'GREY'] as const;
export type TradeStage = (typeof TRADE_STAGES)[number];

/** A grey market is held for new listings of Hong Kong, and nowhere else that we clear. */
export const hasGreyMarket = (market: string): boolean => market === 'HK';

/**
 * Which system a trade came from, or which half of a contract amendment (合约修正) it is: what takes
 * the wrong contract back, and what stands in its place.
 */
export const TRADE_SOURCES = [
  'FRONT_OFFICE',
  'BACK_OFFICE',
  'AMENDMENT_REVERSE',
  'AMENDMENT_NEW',
] as const;
export type TradeSource = (typeof TRADE_SOURCES)[number];

export type TradeExceptionReason =
  | 'UNKNOWN_ACCOUNT'
  | 'UNKNOWN_INSTRUMENT'
  | 'UNKNOWN_ORDER'
  | 'ORDER_CANCELLED'
  | 'CHANGED_AFTER_POSTING';
