import type { Decimal } from '../money/decimal.ts';
import type { FeeChoice, FeeClamp, LineTerms } from './tariff-plan.ts';

export interface Bounded {
  readonly amount: Decimal;
  readonly clamp: FeeClamp;
}

/**
 * Applies minimum, maximum and cap to the exact amount of one group. The cap comes last, so it can
 * push below the minimum; with `minBeatsMax` the minimum comes last. Exact: nothing is rounded.
 */
export function applyBounds(
  choice: Pick<FeeChoice, 'minBeatsMax' | 'minWaived'>,
  terms: LineTerms,
  exact: Decimal,
  base: Decimal,
): Bounded {
  const raise = ({ amount, clamp }: Bounded): Bounded =>
    terms.min !== null && !choice.minWaived && amount.lt(terms.min)
      ? { amount: terms.min, clamp: 'min' }
      : { amount, clamp };
  const lower = (bounded: Bounded): Bounded => {
    let { amount, clamp } = bounded;
    if (terms.max?.lt(amount)) [amount, clamp] = [terms.max, 'max'];
    const cap = terms.capRate?.times(base);
    if (cap?.lt(amount)) [amount, clamp] = [cap, 'cap'];
    return { amount, clamp };
  };
  const start: Bounded = { amount: exact, clamp: '' };
  return choice.minBeatsMax ? raise(lower(start)) : lower(raise(start));
}
