import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { FeeGroup, MonthState } from './fee-formula.ts';
import type { TurnoverTier } from './fee-rule.ts';
import type { MonthlyFormula } from './monthly-formulas.ts';

/** A part of a trade and the tier's rate for it. */
interface TierPart {
  readonly part: Decimal;
  readonly rate: string;
}

type SplitFormula = Exclude<MonthlyFormula, { readonly kind: 'orderTier' }>;

/** What a monthly tier is applied to, and what was counted before it; an ordinal has no before. */
export interface MonthlyMetric {
  readonly metric: Decimal;
  readonly before?: Decimal;
}

/** Of a group that begins at `month`. */
export function metricInMonth(
  formula: MonthlyFormula,
  group: FeeGroup,
  month: MonthState | undefined,
): MonthlyMetric {
  if (month === undefined) throw new RangeError(`${formula.kind} without a place in the month`);
  switch (formula.kind) {
    case 'orderTier':
      return { metric: month.ordersBefore.plus(1) };
    case 'shareTier':
      return { metric: group.quantity, before: month.sharesBefore };
    case 'turnoverTier':
      return { metric: group.base, before: month.turnoverBefore };
  }
}

/**
 * The exact amount of a metric that begins right after `before`; an ordinal needs no `before`.
 * Throws UNSUPPORTED for a trade in a tier whose terms are not known, and FEE_RULE_MISSING when no
 * tier holds it.
 */
export function amountInMonth(formula: MonthlyFormula, metric: Decimal, before: Decimal): Decimal {
  if (formula.kind === 'orderTier') return new Decimal(tierHolding(formula.tiers, metric).flat);
  return partsInMonth(formula, metric, before).reduce(
    (sum, { part, rate }) => sum.plus(part.times(rate)),
    ZERO,
  );
}

/** How tiers by shares or turnover split a trade that begins right after `before`. */
export function partsInMonth(
  formula: SplitFormula,
  metric: Decimal,
  before: Decimal,
): readonly TierPart[] {
  if (formula.kind === 'shareTier') {
    return split(formula.tiers, before, metric, (tier) => tier.perShare);
  }
  if (formula.mode === 'marginal') {
    return split(formula.tiers, before, metric, (tier) => priceable(tier).rate);
  }
  const position = formula.mode === 'slab' ? before.plus(metric) : before;
  return [{ part: metric, rate: priceable(tierHolding(formula.tiers, position)).rate }];
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
 * Splits `amount`, which begins right after `before`, over the tiers that it crosses. Tiers are
 * left-open and right-closed.
 */
function split<T extends Tier>(
  tiers: readonly T[],
  before: Decimal,
  amount: Decimal,
  rateOf: (tier: T) => string,
): readonly TierPart[] {
  const end = before.plus(amount);
  const parts: TierPart[] = [];
  let reached = before;
  for (const tier of tiers) {
    const tierEnd = tier.upTo === null ? end : Decimal.min(tier.upTo, end);
    if (tierEnd.gt(reached)) {
      parts.push({ part: tierEnd.minus(reached), rate: rateOf(tier) });
      reached = tierEnd;
    }
  }
  if (reached.lt(end)) {
    throw new ClearingError('FEE_RULE_MISSING', { why: 'no tier', position: end.toString() });
  }
  return parts;
}
