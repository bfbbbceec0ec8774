import { Decimal } from '../money/decimal.ts';
import { incrementPlaces } from '../money/rounding.ts';
import { POW10, SCALE_LIMIT } from '../money/scaled.ts';
import type { FeeFormula, ProgressiveTier } from './fee-rule.ts';
import type { KernelLine, KernelTiers, ScaledConstant } from './kernel-line.ts';
import type { FeeChoice, LineTerms } from './tariff-plan.ts';

const NONE: ScaledConstant = { mantissa: -1, scale: 0 };

function scaled(value: Decimal | null): ScaledConstant | null {
  if (value === null) return NONE;
  const scale = value.decimalPlaces();
  const mantissa = value.times(new Decimal(10).pow(scale));
  const fits = !value.isNegative() && mantissa.lte(Number.MAX_SAFE_INTEGER) && scale <= SCALE_LIMIT;
  return fits ? { mantissa: mantissa.toNumber(), scale } : null;
}

const BASIS = {
  rate: 'consideration',
  perMillion: 'consideration',
  perShare: 'quantity',
  perContract: 'quantity',
  flat: 'nothing',
  // A contract of several orders is priced by the reference.
  perOrder: 'nothing',
  perEmsOrder: 'nothing',
  perExecution: 'executions',
  amountTier: 'consideration',
  quantityTier: 'quantity',
  ofFees: null,
  orderTier: null,
  shareTier: null,
  turnoverTier: null,
  remainder: null,
} as const satisfies Record<FeeChoice['formula']['kind'], KernelLine['basis'] | null>;

/** The tiers at common scales; null when a bound or a rate does not fit, or when a tier is missing. */
function kernelTiersOf(tiers: readonly ProgressiveTier[]): KernelTiers | null {
  const places = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map((text) => new Decimal(text).decimalPlaces()));
  const boundScale = places(tiers.flatMap(({ gt, lte }) => (lte === null ? [gt] : [gt, lte])));
  const rateScale = places(tiers.map(({ rate }) => rate));
  const at = (text: string, scale: number): number =>
    new Decimal(text).times(new Decimal(10).pow(scale)).toNumber();
  const scaledTiers = tiers.map(({ gt, lte, rate, min }) => ({
    gt: at(gt, boundScale),
    lte: lte === null ? -1 : at(lte, boundScale),
    rate: at(rate, rateScale),
    min: scaled(new Decimal(min ?? 0)),
  }));
  const isExact = scaledTiers.every(
    ({ gt, lte, rate, min }) => [gt, lte, rate].every(Number.isSafeInteger) && min !== null,
  );
  if (!isExact || boundScale + rateScale > SCALE_LIMIT) return null;
  return {
    boundScale,
    rateScale,
    tiers: scaledTiers.map((tier) => ({ ...tier, min: tier.min ?? NONE })),
  };
}

const isProgressive = (
  formula: FeeFormula,
): formula is Extract<FeeFormula, { readonly kind: 'amountTier' | 'quantityTier' }> =>
  formula.kind === 'amountTier' || formula.kind === 'quantityTier';

/** Null when only the Decimal reference can price what the line asks for. */
function roundingOf({ rounding, sumExecutions }: FeeChoice, terms: LineTerms) {
  const places = incrementPlaces(rounding.increment);
  const isPowerOfTen = new Decimal(rounding.increment).eq(new Decimal(10).pow(-places));
  const floorCents = terms.floorPerLine?.times(100) ?? new Decimal(0);
  const fits = places <= 2 && isPowerOfTen && floorCents.isInteger() && !sumExecutions;
  return fits ? { places, floorCents: floorCents.toNumber() } : null;
}

/** The line in safe integers, or null when only the Decimal reference can price it. */
export function kernelLineOf(choice: FeeChoice, terms: LineTerms): KernelLine | null {
  const { formula } = choice;
  const basis = BASIS[formula.kind];
  const rounding = roundingOf(choice, terms);
  const tiers = isProgressive(formula) ? kernelTiersOf(formula.tiers) : null;
  const factor = scaled(terms.factor);
  const threshold = scaled(terms.threshold);
  const min = scaled(choice.minWaived ? null : terms.min);
  const max = scaled(terms.max);
  const capRate = scaled(terms.capRate);
  if (basis === null || rounding === null || choice.divisor !== undefined) return null;
  if (factor === null || threshold === null || min === null || max === null || capRate === null) {
    return null;
  }
  if (isProgressive(formula) && tiers === null) return null;
  const { places, floorCents } = rounding;
  return {
    basis,
    perExecution: choice.unit === 'execution',
    isWaived: choice.waiver !== '',
    skipBelowAmount: formula.kind === 'perShare' && formula.skipBelowAmount === true,
    factor,
    tiers,
    threshold,
    min,
    max,
    capRate,
    minBeatsMax: choice.minBeatsMax,
    mode: choice.rounding.mode,
    places,
    incrementCents: POW10[2 - places] ?? 1,
    floorCents: factor.mantissa === 0 ? 0 : floorCents,
  };
}
