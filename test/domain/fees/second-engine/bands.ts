import type { Band } from './charge.ts';
import { isLess, larger, minus, NOTHING, plus, smaller, sum, times, type Exact } from './exact.ts';

export const UNKNOWN_TERMS = 'UNSUPPORTED';

/** Each piece between `start` and `start + size` at the rate of the band in which it lies. */
export function acrossBands(bands: readonly Band[], start: Exact, size: Exact): Exact {
  const end = plus(start, size);
  return sum(
    bands.map((band) => {
      const bottom = larger(start, band.from);
      const top = band.to === null ? end : smaller(end, band.to);
      if (!isLess(bottom, top)) return NOTHING;
      if (band.isUnknown) throw new Error(UNKNOWN_TERMS);
      const piece = times(minus(top, bottom), band.rate);
      return band.min === null ? piece : larger(piece, band.min);
    }),
  );
}

export function bandOf(bands: readonly Band[], position: Exact): Band {
  const found = bands.find(({ to }) => to === null || !isLess(to, position))!;
  if (found.isUnknown) throw new Error(UNKNOWN_TERMS);
  return found;
}
