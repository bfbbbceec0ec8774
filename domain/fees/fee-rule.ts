import type { BusinessDate } from '../calendar/business-date.ts';
import type { DecimalString } from '../money/decimal.ts';
import type { RoundingRule } from '../money/rounding.ts';
import type { TradeStage } from '../trades/trade.ts';

/**
 * The group of executions on which a line is computed, clamped and rounded. A contract can be made
 * of several orders, and an `emsOrder` of several of these: an execution management system sends an
 * order in parts. `account-day` is all that the caller hands over together.
 */
export const FEE_UNITS = ['execution', 'order', 'emsOrder', 'contract', 'account-day'] as const;
export type FeeUnit = (typeof FEE_UNITS)[number];

/** Tier tables: `upTo` belongs to its tier, null has no limit. */
export interface OrdinalTier {
  readonly upTo: number | null;
  readonly flat: DecimalString;
}
export interface ShareTier {
  readonly upTo: number | null;
  readonly perShare: DecimalString;
}
export interface TurnoverTier {
  readonly upTo: DecimalString | null;
  readonly rate: DecimalString;
  /** Why an order that touches this tier cannot be priced, when its terms are not known. */
  readonly unsupported?: string;
}

/** The part of a transaction above `gt`, up to and including `lte`; null: all the rest. */
export interface ProgressiveTier {
  readonly gt: DecimalString;
  readonly lte: DecimalString | null;
  /** A fraction of the consideration, or money for each share. */
  readonly rate: DecimalString;
  /** The least amount of the part that lies in this tier, where some of it does. */
  readonly min?: DecimalString;
}

/**
 * marginal: each part of the order at the rate of its own tier. next-day: the whole order at the
 * tier of the turnover before it. slab: the whole order at the tier that it reaches.
 */
export const TURNOVER_MODES = ['marginal', 'next-day', 'slab'] as const;
export type TurnoverMode = (typeof TURNOVER_MODES)[number];

/** What is multiplied with what. All amounts and rates are in the currency of the rule. */
export type FeeFormula =
  | { readonly kind: 'rate'; readonly rate: DecimalString }
  | { readonly kind: 'perMillion'; readonly amount: DecimalString }
  | { readonly kind: 'flat'; readonly amount: DecimalString }
  /** With `skipBelowAmount`, an execution priced below the amount counts no shares. */
  | { readonly kind: 'perShare'; readonly amount: DecimalString; readonly skipBelowAmount?: true }
  | { readonly kind: 'perContract'; readonly amount: DecimalString }
  /** By the number of orders, of EMS orders, or of executions of the group. */
  | { readonly kind: 'perOrder'; readonly amount: DecimalString }
  | { readonly kind: 'perEmsOrder'; readonly amount: DecimalString }
  | { readonly kind: 'perExecution'; readonly amount: DecimalString }
  /** Progressive, on the consideration or the shares of the group itself. */
  | { readonly kind: 'amountTier'; readonly tiers: readonly ProgressiveTier[] }
  | { readonly kind: 'quantityTier'; readonly tiers: readonly ProgressiveTier[] }
  /** A fraction of what other codes of the same contract charge, rounded as they are. */
  | { readonly kind: 'ofFees'; readonly rate: DecimalString; readonly feeCodes: readonly string[] }
  /** By the ordinal of the order in the account's calendar month. */
  | { readonly kind: 'orderTier'; readonly tiers: readonly OrdinalTier[] }
  /** By the ordinal of each share in the account's calendar month. */
  | { readonly kind: 'shareTier'; readonly tiers: readonly ShareTier[] }
  /** By the account's turnover in the calendar month. */
  | {
      readonly kind: 'turnoverTier';
      readonly mode: TurnoverMode;
      readonly tiers: readonly TurnoverTier[];
    }
  /** What is left of half-up(consideration × factor) − consideration after the other lines. */
  | { readonly kind: 'remainder'; readonly totalFactor: DecimalString };

/**
 * A rule with conditions is special: where all of them hold it beats every ordinary rule of its
 * code. Each lists what it holds for; a special rule without any holds always.
 */
export interface FeeConditions {
  /** Order channels (下单渠道), 0 to 9. */
  readonly channels?: readonly number[];
  readonly stages?: readonly TradeStage[];
  /** Instruments by their ids. */
  readonly instruments?: readonly string[];
  /** Client accounts by their numbers. */
  readonly accounts?: readonly string[];
}

interface MonthlyTier {
  readonly upTo: DecimalString | number | null;
  readonly rate: DecimalString;
}

/** What a broker agrees on: a rate or tiers, with bounds, conditions and dates. */
export interface FeeTerms {
  readonly [field: string]: unknown;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo?: BusinessDate;
  readonly rate?: DecimalString;
  readonly tiers?: readonly ProgressiveTier[];
  readonly monthlyTiers?: readonly MonthlyTier[];
  readonly monthlyMode?: TurnoverMode;
}

/** Kept on the rule, so that a later version of the scenario can issue it again. */
export interface ScenarioUse {
  readonly scenarioId: string;
  readonly version: number;
  readonly terms: FeeTerms;
}

export type FeeSides = 'BUY' | 'SELL' | 'BOTH';

/** One dated version of one fee: plain data, the same in the seed file, in SQL and in memory. */
export interface FeeRule {
  readonly ruleId: number;
  readonly feeCode: string;
  readonly market: string;
  /** The general package (收费套餐) that the rule belongs to; null: it is global or personal. */
  readonly scheduleId: string | null;
  /** The account that alone pays a personal fee (个性化收费), by its number. */
  readonly accountNo?: string;
  /** Among rules in force from the same day the highest version wins. */
  readonly version: number;
  /** By trade date; both ends belong to it. */
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo?: BusinessDate;
  readonly sides: FeeSides;
  /** Absent: every type. */
  readonly instrumentTypes?: readonly string[];
  /** The line stays, at 0.00, for these types from their day on. */
  readonly exemptTypes?: readonly { readonly type: string; readonly from?: BusinessDate }[];
  /** The line stays, at 0.00, for instruments that are flagged exempt from stamp duty. */
  readonly exemptByInstrumentFlag?: true;
  /** feeUnit: the schedule decides; `execution` when it does not. */
  readonly unit: FeeUnit | 'feeUnit';
  readonly formula: FeeFormula;
  /** Charged only when the metric is larger; else the line stays, at 0.00. */
  readonly threshold?: DecimalString;
  /** Days of the year of an annual rate: what the formula gives is divided by it. */
  readonly divisor?: number;
  readonly min?: DecimalString;
  /** A fixed upper bound of one group. */
  readonly max?: DecimalString;
  /** An upper bound as a fraction of the group's consideration. */
  readonly capRate?: DecimalString;
  /** Bounds are applied in the order min, max, cap; with this the minimum comes last. */
  readonly minBeatsMax?: true;
  readonly minWaivedFor?: readonly string[];
  readonly rounding: RoundingRule;
  /** The least amount of a rounded group whose rate is not zero. */
  readonly floorPerLine?: DecimalString;
  readonly conditions?: FeeConditions;
  /** From its first day on it ends the versions whose place it takes, and charges nothing itself. */
  readonly withdrawn?: true;
  /** Billing without a rule of this code in force is refused, not silently cheaper. */
  readonly mandatory?: true;
  readonly currency: string;
  /** Where the rule was entered as terms of a scenario. */
  readonly scenario?: ScenarioUse;
  /** For people: where the numbers come from. */
  readonly note?: string;
}

/**
 * How a schedule rounds, when it differs from the rules' own rounding: brokers round the same
 * statutory line in different ways.
 */
export interface RoundingPolicy {
  readonly policyId: string;
  readonly base: RoundingRule;
  /** Exceptions by fee code. */
  readonly lines?: Readonly<Record<string, RoundingRule>>;
  readonly floors?: Readonly<Record<string, DecimalString>>;
  /**
   * Bounds apply to each execution, the unrounded amounts are added, and only the sum is rounded.
   * Exists for account-day lines only.
   */
  readonly sumExecutions?: true;
}

/** What a schedule fixes beyond its own rules. A schedule without such a row uses the defaults. */
export interface FeeSchedule {
  readonly scheduleId: string;
  readonly market: string;
  /** Statutory codes that the schedule carries; absent: all of the market. */
  readonly marketLines?: readonly string[];
  /** Group of lines whose unit is `feeUnit`; it also overrides what a caller asks for. */
  readonly feeUnit?: FeeUnit;
  /** True when it may have no rule of its own in force: statutory lines alone are then right. */
  readonly ownRulesOptional?: true;
}

/** The content of db/seed/fee-rules.json. */
export interface FeeRuleFile {
  readonly roundingPolicies: readonly RoundingPolicy[];
  readonly schedules: readonly FeeSchedule[];
  readonly rules: readonly FeeRule[];
}
