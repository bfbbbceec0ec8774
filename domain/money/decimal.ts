import { Decimal as Base } from 'decimal.js';

/**
 * The only Decimal of this project: 34 significant digits hold any amount that
 * `numeric(38,10)` columns can, and the exponent limits make `toString()` print plain digits.
 * A clone, because `Decimal.set` would change every library that imports decimal.js.
 */
export const Decimal = Base.clone({
  precision: 40,
  rounding: Base.ROUND_HALF_UP,
  toExpNeg: -40,
  toExpPos: 40,
});
export type Decimal = Base;

/** An exact decimal in text, as it crosses JSON, SQL and Temporal. Never a JS number. */
export type DecimalString = string;

export const ZERO = new Decimal(0);
