import { Decimal } from '../money/decimal.ts';
import { incrementPlaces } from '../money/rounding.ts';
import { POW10, SCALE_LIMIT } from '../money/scaled.ts';
import type { KernelLine, ScaledConstant } from './kernel-line.ts';
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
  orderTier: null,
  shareTier: null,
  turnoverTier: null,
  remainder: null,
} as const satisfies Record<FeeChoice['formula']['kind'], KernelLine['basis'] | null>;

/** The line in safe integers, or null when only the Decimal reference can price it. */
export function kernelLineOf(choice: FeeChoice, terms: LineTerms): KernelLine | null {
  const basis = BASIS[choice.formula.kind];
  const places = incrementPlaces(choice.rounding.increment);
  const isPowerOfTen = new Decimal(choice.rounding.increment).eq(new Decimal(10).pow(-places));
  const factor = scaled(terms.factor);
  const min = scaled(choice.minWaived ? null : terms.min);
  const max = scaled(terms.max);
  const capRate = scaled(terms.capRate);
  const floorCents = terms.floorPerLine?.times(100) ?? new Decimal(0);
  if (basis === null || factor === null || min === null || max === null || capRate === null) {
    return null;
  }
  if (places > 2 || !isPowerOfTen || !floorCents.isInteger() || choice.sumExecutions) return null;
  return {
    basis,
    perExecution: choice.unit === 'execution',
    isWaived: choice.waiver !== '',
    skipBelowAmount: choice.formula.kind === 'perShare' && choice.formula.skipBelowAmount === true,
    factor,
    min,
    max,
    capRate,
    minBeatsMax: choice.minBeatsMax,
    mode: choice.rounding.mode,
    places,
    incrementCents: POW10[2 - places] ?? 1,
    floorCents: factor.mantissa === 0 ? 0 : floorCents.toNumber(),
  };
}
