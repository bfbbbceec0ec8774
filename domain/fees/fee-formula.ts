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
}

/** The month's counters, in numbers that formulas can use. */
export interface MonthState {
  readonly ordersBefore: Decimal;
  readonly sharesBefore: Decimal;
  /** In the currency of the rule. */
  readonly turnoverBefore: Decimal;
}

export interface FormulaResult {
  readonly metric: Decimal;
  /** Exact: before bounds and rounding. */
  readonly amount: Decimal;
  /** Of monthly shares or turnover: what was counted before the group. */
  readonly before?: Decimal;
}

/**
 * Formulas that need nothing but the group. Others are computed from what was charged already, or
 * from the month (monthly-tiers.ts).
 */
type OwnFormula = Exclude<FeeFormula, MonthlyFormula | { readonly kind: 'remainder' | 'ofFees' }>;

/** What a formula gives for a group, exactly. */
export function evaluateFormula(
  formula: OwnFormula,
  terms: LineTerms,
  group: FeeGroup,
): FormulaResult {
  const factor = terms.factor ?? ZERO;
  switch (formula.kind) {
    case 'rate':
    case 'perMillion':
      return { metric: group.base, amount: group.base.times(factor) };
    case 'flat':
      return { metric: new Decimal(1), amount: factor };
    case 'perContract':
      return { metric: group.quantity, amount: group.quantity.times(factor) };
    case 'perOrder':
      return { metric: new Decimal(group.orders), amount: factor.times(group.orders) };
    case 'perExecution': {
      const count = group.executions.length;
      return { metric: new Decimal(count), amount: factor.times(count) };
    }
    case 'amountTier':
      return { metric: group.base, amount: progressively(formula.tiers, group.base) };
    case 'quantityTier':
      return { metric: group.quantity, amount: progressively(formula.tiers, group.quantity) };
    case 'perShare': {
      const shares =
        formula.skipBelowAmount === true ? sharesAtOrAbove(group, factor) : group.quantity;
      return { metric: shares, amount: shares.times(factor) };
    }
  }
}

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
