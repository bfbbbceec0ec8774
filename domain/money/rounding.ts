import { Decimal, type DecimalString } from './decimal.ts';

export const ROUNDING_MODES = ['half-up', 'half-even', 'ceil', 'floor'] as const;
export type RoundingMode = (typeof ROUNDING_MODES)[number];

/** How an exact amount becomes a bookable one: a multiple of `increment`, found by `mode`. */
export interface RoundingRule {
  readonly mode: RoundingMode;
  readonly increment: DecimalString;
}

const DECIMAL_JS_MODE: { readonly [M in RoundingMode]: 0 | 1 | 4 | 6 } = {
  'half-up': Decimal.ROUND_HALF_UP,
  'half-even': Decimal.ROUND_HALF_EVEN,
  ceil: Decimal.ROUND_UP,
  floor: Decimal.ROUND_DOWN,
};

/**
 * Rounds to a multiple of the increment. Modes look at the size of the amount, so that a negated
 * amount rounds to the negated result: a reversal is always exact. Ceil of an exact multiple is
 * that multiple, and ceil of zero is zero.
 */
export const roundTo = (exact: Decimal, rule: RoundingRule): Decimal =>
  exact.toNearest(rule.increment, DECIMAL_JS_MODE[rule.mode]);

/** Decimals of an increment: '0.01' has 2, '1.00' has none. */
export const incrementPlaces = (increment: DecimalString): number =>
  new Decimal(increment).decimalPlaces();

/** An amount as it stands in the books: at least two decimals, never an exponent. */
export const formatAmount = (amount: Decimal): DecimalString =>
  amount.toFixed(Math.max(2, amount.decimalPlaces()));

/** Half-up to the cent: ties go away from zero. */
export const TO_THE_CENT: RoundingRule = { mode: 'half-up', increment: '0.01' };
