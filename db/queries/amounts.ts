/*
 * How sums are written. The same amount must read the same, whichever rows it was added up from,
 * and a sum in SQL keeps the zeros of the longest of them.
 */

/** Securities: plain digits. */
export const inUnits = (sum: string): string => `trim_scale(${sum})`;

/** Money: at least two decimals. */
export const inMoney = (sum: string): string =>
  `round(${sum}, greatest(2, scale(trim_scale(${sum}))))`;

/** Either, as the kind of the asset says. */
export const byKind = (kind: string, sum: string): string =>
  `CASE ${kind} WHEN 'CURRENCY' THEN ${inMoney(sum)} ELSE ${inUnits(sum)} END`;
