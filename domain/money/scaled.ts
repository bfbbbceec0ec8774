import type { DecimalString } from './decimal.ts';
import type { RoundingMode } from './rounding.ts';

/*
 * Decimals as a whole mantissa (a safe integer) and a scale: value = mantissa / 10^scale. Every
 * operation is exact or says that it is not possible; callers then use Decimal. This exists for
 * the hot loop of billing only, where a Decimal costs ten times as much.
 */

/** The largest scale: 10^22 is the last power of ten that a double holds exactly. */
export const SCALE_LIMIT = 22;

export const POW10: readonly number[] = Array.from({ length: SCALE_LIMIT + 1 }, (_, n) =>
  // Literals, because repeated multiplication and Math.pow may be off in the last bit.
  Number(`1e${n}`),
);

/** Signals that a value left the range in which this arithmetic is exact. */
export const INEXACT = -1;

const ZERO_CODE = 48;
const DOT_CODE = 46;

/** Where `readScaled` puts a value: two columns, so that nothing is allocated per number. */
export interface ScaledColumn {
  readonly mantissa: Float64Array;
  readonly scale: Uint8Array;
}

export const scaledColumn = (length: number): ScaledColumn => ({
  mantissa: new Float64Array(length),
  scale: new Uint8Array(length),
});

/**
 * Reads an unsigned plain decimal text without its trailing zeros. False when the text is not one,
 * or has too many digits to be exact.
 */
export function readScaled(text: DecimalString, into: ScaledColumn, at: number): boolean {
  let mantissa = 0;
  let scale = 0;
  let heldZeros = 0;
  let dotAt = -1;
  const { length } = text;
  for (let index = 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - ZERO_CODE;
    if (digit === 0 && dotAt >= 0) {
      heldZeros += 1;
    } else if (digit >= 0 && digit <= 9) {
      if (dotAt < 0) {
        mantissa = mantissa * 10 + digit;
      } else {
        scale += heldZeros + 1;
        if (scale > SCALE_LIMIT) return false;
        mantissa = mantissa * (POW10[heldZeros + 1] ?? 0) + digit;
        heldZeros = 0;
      }
    } else if (digit + ZERO_CODE === DOT_CODE && dotAt < 0 && index > 0 && index < length - 1) {
      dotAt = index;
    } else {
      return false;
    }
  }
  if (length === 0 || mantissa > Number.MAX_SAFE_INTEGER) return false;
  into.mantissa[at] = mantissa;
  into.scale[at] = scale;
  return true;
}

/** The product of two mantissas, or INEXACT. */
export function timesExactly(a: number, b: number): number {
  const product = a * b;
  return product <= Number.MAX_SAFE_INTEGER ? product : INEXACT;
}

/** The mantissa of the same value at another scale; INEXACT for a smaller one. */
export function rescaled(mantissa: number, from: number, to: number): number {
  return from === to ? mantissa : timesExactly(mantissa, POW10[to - from] ?? Infinity);
}

/** True when a < b, exactly, for any two scaled values. */
export function isLess(
  aMantissa: number,
  aScale: number,
  bMantissa: number,
  bScale: number,
): boolean {
  if (aScale === bScale) return aMantissa < bMantissa;
  if (aScale > bScale) {
    // Too large to be safe is larger than any safe mantissa.
    return aMantissa < bMantissa * (POW10[aScale - bScale] ?? Infinity);
  }
  return aMantissa * (POW10[bScale - aScale] ?? Infinity) < bMantissa;
}

/** Whole quotient of safe integers; the float quotient alone can be one too high. */
export function wholeQuotient(mantissa: number, divisor: number): number {
  const quotient = Math.floor(mantissa / divisor);
  return quotient * divisor > mantissa ? quotient - 1 : quotient;
}

/** target = left × right at the given rows; false when that is not exact. */
export function multiplyInto(
  target: ScaledColumn,
  at: number,
  left: ScaledColumn,
  leftAt: number,
  right: ScaledColumn,
  rightAt: number,
): boolean {
  const mantissa = timesExactly(left.mantissa[leftAt] ?? 0, right.mantissa[rightAt] ?? 0);
  const scale = (left.scale[leftAt] ?? 0) + (right.scale[rightAt] ?? 0);
  if (mantissa === INEXACT || scale > SCALE_LIMIT) return false;
  target.mantissa[at] = mantissa;
  target.scale[at] = scale;
  return true;
}

export function copyInto(target: ScaledColumn, source: ScaledColumn, at: number): void {
  target.mantissa[at] = source.mantissa[at] ?? 0;
  target.scale[at] = source.scale[at] ?? 0;
}

/** Row `count` = sum of the rows before it; false when that is not exact. */
export function sumInto(column: ScaledColumn, count: number): boolean {
  let scale = 0;
  for (let at = 0; at < count; at += 1) scale = Math.max(scale, column.scale[at] ?? 0);
  let sum = 0;
  for (let at = 0; at < count; at += 1) {
    const part = rescaled(column.mantissa[at] ?? 0, column.scale[at] ?? 0, scale);
    if (part === INEXACT) return false;
    sum += part;
  }
  if (sum > Number.MAX_SAFE_INTEGER) return false;
  column.mantissa[count] = sum;
  column.scale[count] = scale;
  return true;
}

/** How many increments of 10^−places an unsigned value rounds to, or INEXACT. */
export function roundedUnits(
  mantissa: number,
  scale: number,
  places: number,
  mode: RoundingMode,
): number {
  if (scale <= places) return rescaled(mantissa, scale, places);
  const divisor = POW10[scale - places] ?? Infinity;
  const units = wholeQuotient(mantissa, divisor);
  const rest = mantissa - units * divisor;
  switch (mode) {
    case 'half-up':
      return rest + rest >= divisor ? units + 1 : units;
    case 'ceil':
      return rest > 0 ? units + 1 : units;
    case 'floor':
      return units;
    case 'half-even':
      return rest + rest > divisor || (rest + rest === divisor && units % 2 === 1)
        ? units + 1
        : units;
  }
}

const CENT_TEXTS: readonly string[] = Array.from(
  { length: 100 },
  (_, n) => `.${String(n).padStart(2, '0')}`,
);

/** Cents as an amount with two decimals. */
export function formatCents(cents: number): DecimalString {
  const whole = wholeQuotient(cents, 100);
  return `${whole}${CENT_TEXTS[cents - whole * 100] ?? ''}`;
}

/** Powers up to here can be added to a smaller fraction and stay exact. */
const PADDED_PLACES = 15;

/** Plain digits without trailing zeros: the text that Decimal.toString() gives. */
export function formatScaled(mantissa: number, scale: number): DecimalString {
  let digits = mantissa;
  let places = scale;
  while (places > 0) {
    const shorter = Math.floor(digits / 10);
    if (shorter * 10 !== digits) break;
    digits = shorter;
    places -= 1;
  }
  if (places === 0) return String(digits);
  const divisor = POW10[places] ?? 1;
  const whole = wholeQuotient(digits, divisor);
  const fraction = digits - whole * divisor;
  // The leading 1 keeps the zeros after the point, and is cut off.
  return places <= PADDED_PLACES
    ? `${whole}.${String(divisor + fraction).slice(1)}`
    : `${whole}.${String(fraction).padStart(places, '0')}`;
}

/** Moves trailing zeros of the mantissa into the scale: the same value, shorter. */
export function stripZeros(column: ScaledColumn, at: number): void {
  let mantissa = column.mantissa[at] ?? 0;
  let scale = column.scale[at] ?? 0;
  while (scale > 0) {
    const shorter = Math.floor(mantissa / 10);
    if (shorter * 10 !== mantissa) break;
    mantissa = shorter;
    scale -= 1;
  }
  column.mantissa[at] = mantissa;
  column.scale[at] = scale;
}
