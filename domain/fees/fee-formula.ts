import { Decimal, ZERO } from '../money/decimal.ts';
import type { FeeFormula, ProgressiveTier } from './fee-rule.ts';
import type { MonthlyFormula } from './monthly-formulas.ts';
import type { LineTerms } from './tariff-plan.ts';

/** The executions on which one line is computed. `base` is in the currency of the rule. */
export interface FeeGroup {
  readonly executions: readonly { readonly quantity: Decimal; readonly price: Decimal }[];
  readonly quantity: Decimal;
  /** Consideration, already converted where the rule is in another currency. */
  readonly base: Decimal;
  readonly orders: number;
  readonly emsOrders: number;
}

/** The month's counters, in numbers that formulas can use. */
export interface MonthState {
  readonly ordersBefore: Decimal;
  readonly sharesBefore: Decimal;
  /** In the currency of the rule. */
  readonly turnoverBefore: Decimal;
}

/**
 * Formulas that need nothing but the group. Others are computed from what was charged already, or
 * from the month (monthly-tiers.ts).
 */
type OwnFormula = Exclude<FeeFormula, MonthlyFormula | { readonly kind: 'remainder' | 'ofFees' }>;

/** What a formula is applied to: consideration, shares or a count. */
export function metricOf(formula: OwnFormula, terms: LineTerms, group: FeeGroup): Decimal {
  switch (formula.kind) {
    case 'rate':
    case 'perMillion':
    case 'amountTier':
      return group.base;
    case 'flat':
      return new Decimal(1);
    case 'perContract':
    case 'quantityTier':
      return group.quantity;
    case 'perOrder':
      return new Decimal(group.orders);
    case 'perEmsOrder':
      return new Decimal(group.emsOrders);
    case 'perExecution':
      return new Decimal(group.executions.length);
    case 'perShare':
      return formula.skipBelowAmount === true
        ? sharesAtOrAbove(group, terms.factor ?? ZERO)
        : group.quantity;
  }
}

/** What the formula gives for its metric, exactly: before bounds and rounding. */
export const amountOf = (
  formula: Exclude<FeeFormula, MonthlyFormula | { readonly kind: 'remainder' }>,
  terms: LineTerms,
  metric: Decimal,
): Decimal =>
  formula.kind === 'amountTier' || formula.kind === 'quantityTier'
    ? progressively(formula.tiers, metric)
    : metric.times(terms.factor ?? ZERO);

/** What of the metric lies in a tier; tiers are left-open and right-closed. */
export function partIn({ gt, lte }: ProgressiveTier, metric: Decimal): Decimal {
  const end = lte === null ? metric : Decimal.min(lte, metric);
  return end.gt(gt) ? end.minus(gt) : ZERO;
}

/** Each part at the rate of its own tier, and not less than the tier's own minimum. */
export const progressively = (tiers: readonly ProgressiveTier[], metric: Decimal): Decimal =>
  tiers.reduce((sum, tier) => {
    const part = partIn(tier, metric);
    if (part.isZero()) return sum;
    return sum.plus(Decimal.max(part.times(tier.rate), tier.min ?? 0));
  }, ZERO);

/** FINRA charges no activity fee on an execution whose price is below the per-share rate. */
const sharesAtOrAbove = (group: FeeGroup, amount: Decimal): Decimal =>
  group.executions.reduce(
    (sum, { quantity, price }) => (price.lt(amount) ? sum : sum.plus(quantity)),
    ZERO,
  );
