import type { BusinessDate } from '../calendar/business-date.ts';
import type { Decimal, DecimalString } from '../money/decimal.ts';
import type { RoundingRule } from '../money/rounding.ts';
import type { TradeStage } from '../trades/trade.ts';
import type { FeeConditions, FeeFormula, FeeSides, FeeUnit, RoundingPolicy } from './fee-rule.ts';
import type { FxRate } from './fx-rate.ts';
import type { KernelLine } from './kernel-line.ts';

/**
 * Everything that decides which rules price an order; amounts play no part. Plans are shared by all
 * orders with the same query, so account and instrument are named only when a rule names them.
 */
export interface TariffQuery {
  readonly scheduleId: string;
  readonly market: string;
  readonly instrumentType: string;
  readonly stampDutyExempt: boolean;
  readonly side: 'BUY' | 'SELL';
  readonly tradeDate: BusinessDate;
  /** The order channel that billing uses, or null where there is none. */
  readonly channel: number | null;
  /** When a rule names a stage (see named-in-rules.ts); absent: NORMAL. */
  readonly stage?: TradeStage;
  /** The account's number when a rule names it (see named-in-rules.ts), else null or absent. */
  readonly accountNo?: string | null;
  /** Likewise the instrument. */
  readonly instrumentId?: string | null;
  /** The trade currency; when given, amounts of a rule in another currency are converted. */
  readonly currency?: string;
  /** What the schedule fixes beyond its rules, when it has such a row. */
  readonly feeUnit?: FeeUnit;
  readonly marketLines?: readonly string[];
  readonly ownRulesOptional?: boolean;
  /** Replaces the rules' own rounding. */
  readonly roundingPolicy?: RoundingPolicy;
}

/** One word for each way to lose: first those that cannot price the trade, then those beaten. */
export type LosingReason =
  | 'other-instrument-type'
  | 'other-side'
  | 'not-yet-in-force'
  | 'no-longer-in-force'
  | 'channel-condition-not-met'
  | 'stage-condition-not-met'
  | 'instrument-condition-not-met'
  | 'account-condition-not-met'
  | 'withdrawn'
  | 'ordinary-loses-to-special'
  | 'package-loses-to-personal'
  | 'global-loses-to-personal'
  | 'global-loses-to-package'
  | 'later-date-wins'
  | 'later-version-wins'
  | 'later-rule-wins';

export interface LosingRule {
  readonly ruleId: number;
  readonly version: number;
  readonly reason: LosingReason;
}

/** Which trades of an account a monthly tier counts; absent types: every type. */
export interface MonthScope {
  readonly sides: FeeSides;
  readonly instrumentTypes?: readonly string[];
}

export type FeeWaiver = '' | 'exempt-type' | 'exempt-instrument';

/**
 * Why a fee code is priced the way it is: the winning rule as it stood, and what lost. Plain data,
 * stored once and shared by all fee rows that it priced; it explains them without the rule table.
 */
export interface FeeChoice {
  readonly feeCode: string;
  readonly ruleId: number;
  readonly version: number;
  readonly scheduleId: string | null;
  /** Of a personal rule. */
  readonly accountNo?: string;
  /** Of a special rule: what held. */
  readonly conditions?: FeeConditions;
  readonly effectiveFrom: BusinessDate;
  /** What is billed and posted: the trade currency, where there is one. All amounts are in it. */
  readonly currency: string;
  /** Of a rule in another currency: the rate by which its amounts were converted. */
  readonly fx?: FxRate;
  readonly unit: FeeUnit;
  readonly formula: FeeFormula;
  readonly threshold?: DecimalString;
  readonly divisor?: number;
  readonly min: DecimalString | null;
  readonly minWaived: boolean;
  readonly max: DecimalString | null;
  readonly capRate: DecimalString | null;
  readonly minBeatsMax: boolean;
  readonly rounding: RoundingRule;
  readonly floorPerLine: DecimalString | null;
  readonly sumExecutions: boolean;
  readonly waiver: FeeWaiver;
  /** Of a monthly tier: the trades that its rule counts. */
  readonly monthScope?: MonthScope;
  readonly losers: readonly LosingRule[];
}

/** The constants of a choice, parsed once. */
export interface LineTerms {
  /** What one metric is multiplied with; null for tiers and remainders. */
  readonly factor: Decimal | null;
  readonly threshold: Decimal | null;
  readonly min: Decimal | null;
  readonly max: Decimal | null;
  readonly capRate: Decimal | null;
  readonly floorPerLine: Decimal | null;
}

export interface TariffLine {
  readonly feeCode: string;
  readonly ruleId: number;
  readonly unit: FeeUnit;
  readonly choice: FeeChoice;
  readonly terms: LineTerms;
}

/** A fee code of the schedule for which no rule applies to this kind of trade. */
export interface UnchargedCode {
  readonly feeCode: string;
  readonly losers: readonly LosingRule[];
}

export interface TariffPlan {
  readonly query: TariffQuery;
  /** In the order in which lines are emitted. */
  readonly lines: readonly TariffLine[];
  readonly uncharged: readonly UnchargedCode[];
  /** Null when a line needs the reference: see compile-kernel.ts. */
  readonly kernel: readonly KernelLine[] | null;
}

/** Which bound decided an amount; waived: the trade is exempt; threshold: it is not exceeded. */
export type FeeClamp = '' | 'min' | 'max' | 'cap' | 'waived' | 'threshold';

/** One fee row. All texts are plain decimals in the currency of the rule. */
export interface FeeLine {
  readonly feeCode: string;
  readonly ruleId: number;
  readonly unit: FeeUnit;
  /** Position in the executions, from 0; null for a row of an order or above. */
  readonly executionIndex: number | null;
  /**
   * Position of the order where a contract has several, of an EMS order the first of its orders;
   * null for the rows of all of them.
   */
  readonly orderIndex: number | null;
  /** What the rate was applied to: consideration, shares, a count, an ordinal, fees, or 1. */
  readonly metric: DecimalString;
  /** The unrounded amount after min, max and cap. */
  readonly exact: DecimalString;
  readonly clamp: FeeClamp;
  readonly amount: DecimalString;
  /** Of tiers by monthly shares or turnover: what they had counted before. */
  readonly monthBefore?: DecimalString;
}

/** The account's state in the calendar month immediately before this order. */
export interface MonthToDate {
  readonly ordersBefore?: number;
  readonly sharesBefore?: DecimalString;
  readonly turnoverBefore?: DecimalString;
}

/** One contract as billing has it: texts, exactly as the database wrote them. */
export interface OrderToPrice {
  readonly quantities: readonly DecimalString[];
  readonly prices: readonly DecimalString[];
  /** The order of each execution, from 0 without gaps; absent: the contract is one order. */
  readonly orderOf?: readonly number[];
  /**
   * The EMS order of each order, numbered from 0 as they first appear; absent: each order is its
   * own. With `orderOf` only.
   */
  readonly emsOrderOf?: readonly number[];
  /** Shares per contract: part of the consideration, never of share or contract counts. */
  readonly multiplier?: DecimalString;
  /** Units of the rules' currency per unit of the trade currency, fixed for stamp duty. */
  readonly fxRate?: DecimalString;
  /** Asked for each line in monthly tiers; without it none can be priced. */
  readonly monthToDate?: (line: TariffLine) => MonthToDate;
}

/** Sums of one order. `gross` and `net` are in the trade currency, fees in that of the rules. */
export interface PricedOrder {
  readonly quantity: DecimalString;
  /** Sum of quantity times price times multiplier, unsigned. */
  readonly gross: DecimalString;
  /** Amount of each line of the plan, summed over its rows; same order as `plan.lines`. */
  readonly lineTotals: readonly DecimalString[];
  readonly totalFees: DecimalString;
  /** BUY gross + fees, SELL gross − fees; null with an fxRate, where the currencies differ. */
  readonly net: DecimalString | null;
}
