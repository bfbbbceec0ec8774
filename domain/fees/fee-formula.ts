import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { FeeFormula, ProgressiveTier, TurnoverTier } from './fee-rule.ts';
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

/** Formulas that need nothing but the group; others are computed from what was charged already. */
type OwnFormula = Exclude<FeeFormula, { readonly kind: 'remainder' | 'ofFees' }>;

/** What a formula is applied to: consideration, shares, a count, or an ordinal. */
export function metricOf(
  formula: OwnFormula,
  terms: LineTerms,
  group: FeeGroup,
  month: MonthState,
): Decimal {
  switch (formula.kind) {
    case 'rate':
    case 'perMillion':
    case 'amountTier':
    case 'turnoverTier':
      return group.base;
    case 'flat':
      return new Decimal(1);
    case 'perContract':
    case 'quantityTier':
    case 'shareTier':
      return group.quantity;
    case 'perOrder':
      return new Decimal(group.orders);
    case 'perExecution':
      return new Decimal(group.executions.length);
    case 'perShare':
      return formula.skipBelowAmount === true
        ? sharesAtOrAbove(group, terms.factor ?? ZERO)
        : group.quantity;
    case 'orderTier':
      return month.ordersBefore.plus(1);
  }
}

/**
 * What the formula gives for its metric, exactly: before bounds and rounding. Throws UNSUPPORTED
 * for an order in a tier whose terms are not known, and FEE_RULE_MISSING when no tier holds it.
 */
export function amountOf(
  formula: Exclude<FeeFormula, { readonly kind: 'remainder' }>,
  terms: LineTerms,
  metric: Decimal,
  month: MonthState,
): Decimal {
  switch (formula.kind) {
    case 'amountTier':
    case 'quantityTier':
      return progressively(formula.tiers, metric);
    case 'orderTier':
      return new Decimal(tierHolding(formula.tiers, metric).flat);
    case 'shareTier':
      return marginally(formula.tiers, month.sharesBefore, metric, (tier) => tier.perShare);
    case 'turnoverTier':
      return onTurnover(formula, metric, month.turnoverBefore);
    case 'rate':
    case 'perMillion':
    case 'flat':
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perExecution':
    case 'ofFees':
      return metric.times(terms.factor ?? ZERO);
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

function onTurnover(
  formula: Extract<FeeFormula, { readonly kind: 'turnoverTier' }>,
  base: Decimal,
  before: Decimal,
): Decimal {
  if (formula.mode === 'marginal') {
    return marginally(formula.tiers, before, base, (tier) => priceable(tier).rate);
  }
  const position = formula.mode === 'slab' ? before.plus(base) : before;
  return base.times(priceable(tierHolding(formula.tiers, position)).rate);
}

function priceable(tier: TurnoverTier): TurnoverTier {
  if (tier.unsupported !== undefined) {
    throw new ClearingError('UNSUPPORTED', { why: tier.unsupported, upTo: tier.upTo });
  }
  return tier;
}

interface Tier {
  readonly upTo: number | string | null;
}

function tierHolding<T extends Tier>(tiers: readonly T[], position: Decimal): T {
  const found = tiers.find(({ upTo }) => upTo === null || position.lte(upTo));
  if (found === undefined) {
    throw new ClearingError('FEE_RULE_MISSING', { why: 'no tier', position: position.toString() });
  }
  return found;
}

/**
 * Splits `amount`, which begins right after `before`, over the tiers that it crosses, and prices
 * each part at its own tier. Tiers are left-open and right-closed.
 */
function marginally<T extends Tier>(
  tiers: readonly T[],
  before: Decimal,
  amount: Decimal,
  rateOf: (tier: T) => string,
): Decimal {
  const end = before.plus(amount);
  let total = ZERO;
  let reached = before;
  for (const tier of tiers) {
    const tierEnd = tier.upTo === null ? end : Decimal.min(tier.upTo, end);
    if (tierEnd.gt(reached)) {
      total = total.plus(tierEnd.minus(reached).times(rateOf(tier)));
      reached = tierEnd;
    }
  }
  if (reached.lt(end)) {
    throw new ClearingError('FEE_RULE_MISSING', { why: 'no tier', position: end.toString() });
  }
  return total;
}
