import { Decimal as Base } from 'decimal.js';

/**
 * The only Decimal of this project. Quantities and prices have up to 18 digits each, so 60 hold
 * their product with a multiplier, a rate and an exchange rate, and nothing but a division is ever
 * cut. The exponent limits make `toString()` print plain digits. A clone, because `Decimal.set`
 * would change every library that imports decimal.js.
 */
export const Decimal = Base.clone({
  precision: 60,
  rounding: Base.ROUND_HALF_UP,
  toExpNeg: -60,
  toExpPos: 60,
});
export type Decimal = Base;

/** An exact decimal in text, as it crosses JSON, SQL and Temporal. Never a JS number. */
export type DecimalString = string;

export const ZERO = new Decimal(0);
