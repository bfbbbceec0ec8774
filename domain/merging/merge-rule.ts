import type { BusinessDate } from '../calendar/business-date.ts';

/** Order channels whose orders share contracts, under a name of their own. */
export interface MergeItem {
  readonly orderSources: readonly number[];
  readonly mergeTag: string;
}

/**
 * One dated version of a merge rule (合单规则): for accounts with one of its packages, which orders
 * of a market become one contract. Dated by trade date; both ends belong to it.
 */
export interface MergeRule {
  readonly mergeRuleId: string;
  /** Within the rule, from 1. */
  readonly version: number;
  readonly name: string;
  readonly market: string;
  readonly effectiveFrom: BusinessDate;
  readonly effectiveTo?: BusinessDate;
  /** General packages of the market that have it. */
  readonly packages: readonly string[];
  /** False: the packages keep the rule, and nothing is merged meanwhile. */
  readonly merge: boolean;
  /** True: orders of the grey market and others share contracts; otherwise each have their own. */
  readonly greyMarketMerge: boolean;
  readonly items: readonly MergeItem[];
  /** Ends the rule on its first day. */
  readonly voided?: true;
}

/**
 * The version of one rule that a trade date has: of those that have begun the one that begins last,
 * then the highest. Undefined where that is void or has ended: a former version does not come back.
 */
export function mergeRuleOn(
  versions: readonly MergeRule[],
  tradeDate: BusinessDate,
): MergeRule | undefined {
  const newest = versions
    .filter(({ effectiveFrom }) => effectiveFrom <= tradeDate)
    .reduce<MergeRule | undefined>(
      (last, each) => (last === undefined || isAfter(each, last) ? each : last),
      undefined,
    );
  const hasEnded = newest?.effectiveTo !== undefined && newest.effectiveTo < tradeDate;
  return newest?.voided === true || hasEnded ? undefined : newest;
}

const isAfter = (a: MergeRule, b: MergeRule): boolean =>
  a.effectiveFrom > b.effectiveFrom ||
  (a.effectiveFrom === b.effectiveFrom && a.version > b.version);
