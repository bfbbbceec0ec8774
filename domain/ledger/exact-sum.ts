import { Decimal, type DecimalString } from '../money/decimal.ts';

const ZERO_CODE = 48;
const MINUS_CODE = 45;
const DOT_CODE = 46;

/**
 * A running sum of decimal texts, exact at any size. It counts in whole units of the smallest
 * decimal seen, as long as a double holds them exactly, and in Decimal from there on: postings are
 * added by the million, and a Decimal for each would cost more than all the rest of a posting.
 */
export class ExactSum {
  private units = 0;
  private scale = 0;
  private wide: Decimal | null = null;

  /** Adds a plain decimal text, signed or not; `sign` −1 subtracts it. */
  add(amount: DecimalString, sign: 1 | -1 = 1): void {
    if (this.wide !== null || !this.addUnits(amount, sign)) this.addWide(amount, sign);
  }

  isZero(): boolean {
    return this.wide === null ? this.units === 0 : this.wide.isZero();
  }

  /** Plain digits with as many decimals as the longest amount had. */
  toString(): DecimalString {
    if (this.wide !== null) return this.wide.toFixed();
    if (this.scale === 0) return String(this.units);
    const digits = String(Math.abs(this.units)).padStart(this.scale + 1, '0');
    const cut = digits.length - this.scale;
    return `${this.units < 0 ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`;
  }

  /** False, with nothing changed, when the result is not exact in doubles. */
  private addUnits(amount: DecimalString, sign: 1 | -1): boolean {
    let units = 0;
    let places = -1;
    const isNegative = amount.charCodeAt(0) === MINUS_CODE;
    for (let at = isNegative ? 1 : 0; at < amount.length; at += 1) {
      const code = amount.charCodeAt(at);
      if (code === DOT_CODE && places < 0) places = 0;
      else if (code < ZERO_CODE || code > ZERO_CODE + 9) return false;
      else {
        units = units * 10 + (code - ZERO_CODE);
        if (places >= 0) places += 1;
      }
    }
    if (units > Number.MAX_SAFE_INTEGER) return false;
    const scale = Math.max(this.scale, places, 0);
    const added = units * 10 ** (scale - Math.max(places, 0));
    const held = this.units * 10 ** (scale - this.scale);
    const total = held + (isNegative === sign > 0 ? -added : added);
    if (scale > 15 || Math.max(Math.abs(added), Math.abs(held)) > Number.MAX_SAFE_INTEGER) {
      return false;
    }
    if (!Number.isSafeInteger(total)) return false;
    this.units = total === 0 ? 0 : total;
    this.scale = scale;
    return true;
  }

  private addWide(amount: DecimalString, sign: 1 | -1): void {
    this.wide ??= new Decimal(this.toString());
    this.wide = sign > 0 ? this.wide.plus(amount) : this.wide.minus(amount);
  }
}

/** The same amount with the other sign; zero stays as it is. */
export const negated = (amount: DecimalString): DecimalString =>
  amount.startsWith('-') ? amount.slice(1) : isZeroAmount(amount) ? amount : `-${amount}`;

export function isZeroAmount(amount: DecimalString): boolean {
  for (let at = 0; at < amount.length; at += 1) {
    const code = amount.charCodeAt(at);
    if (code !== ZERO_CODE && code !== DOT_CODE && code !== MINUS_CODE) return false;
  }
  return true;
}
