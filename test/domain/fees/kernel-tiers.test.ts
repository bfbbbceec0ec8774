import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressively } from '../../../domain/fees/fee-formula.ts';
import type { KernelTiers } from '../../../domain/fees/kernel-line.ts';
import { priceTiers } from '../../../domain/fees/kernel-tiers.ts';
import { Decimal } from '../../../domain/money/decimal.ts';
import { scaledColumn } from '../../../domain/money/scaled.ts';

const FREE = { mantissa: 0, scale: 0 };
const tier = (gt: number, lte: number, rate: number, min = FREE) => ({ gt, lte, rate, min });
const tiersOf = (
  boundScale: number,
  rateScale: number,
  ...tiers: KernelTiers['tiers']
): KernelTiers => ({ boundScale, rateScale, tiers });

/** What the tiers give for a metric; null when it is not exact in safe integers. */
function priced(tiers: KernelTiers, mantissa: number, scale = 0): string | null {
  const into = scaledColumn(1);
  if (!priceTiers(tiers, mantissa, scale, into, 0)) return null;
  return new Decimal(into.mantissa[0]!).div(Decimal.pow(10, into.scale[0]!)).toString();
}

describe('progressive tiers in safe integers', () => {
  it('are those of the reference wherever they give anything', () => {
    const whole = fc.nat({ max: 5_000 });
    const scale = fc.nat({ max: 3 });
    const terms = fc.array(fc.tuple(whole, whole), { minLength: 4, maxLength: 4 });
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 4_000 }), { maxLength: 3 });
    fc.assert(
      fc.property(cuts, terms, scale, scale, whole, scale, (bounds, rates, b, r, metric, m) => {
        const ends = [0, ...bounds.toSorted((x, y) => x - y)];
        const tiers = ends.map((gt, at) => {
          const [rate, min] = rates[at]!;
          return tier(gt, ends[at + 1] ?? -1, rate, { mantissa: min, scale: 2 });
        });
        const text = (mantissa: number, places: number) =>
          new Decimal(mantissa).div(10 ** places).toString();
        const reference = tiers.map(({ gt, lte, rate, min }) => ({
          gt: text(gt, b),
          lte: lte < 0 ? null : text(lte, b),
          rate: text(rate, r),
          min: text(min.mantissa, min.scale),
        }));
        const given = priced(tiersOf(b, r, ...tiers), metric, m);
        // A minimum of cents is left to the reference where the product has fewer decimals.
        const mayBeNone = Math.max(b, m) + r < 2;
        if (given === null && mayBeNone) return;
        expect(given).toBe(progressively(reference, new Decimal(text(metric, m))).toString());
      }),
      { numRuns: 500 },
    );
  });

  const LARGEST = Number.MAX_SAFE_INTEGER;
  const open = tier(0, -1, 1);

  it.each<[string, KernelTiers, number, number]>([
    ['a metric that has no room at the scale of the bounds', tiersOf(3, 0, open), 10 ** 13, 0],
    ['more decimals than a power of ten has', tiersOf(0, 12, tier(0, -1, 0)), 1, 11],
    ['a part times its rate', tiersOf(0, 0, tier(0, -1, 2)), LARGEST, 0],
    [
      'a minimum of more decimals than the amount',
      tiersOf(0, 0, tier(0, -1, 0, { mantissa: 25, scale: 2 })),
      ...([1, 0] as const),
    ],
    [
      'a minimum that has no room at the scale of the amount',
      tiersOf(0, 3, tier(0, -1, 0, { mantissa: 10 ** 13, scale: 0 })),
      ...([1, 0] as const),
    ],
    [
      'a sum of parts of which each is exact',
      tiersOf(0, 0, tier(0, 1, LARGEST), tier(1, -1, 1)),
      ...([2, 0] as const),
    ],
  ])('leave to the reference %s', (_what, tiers, mantissa, scale) => {
    expect(priced(tiers, mantissa, scale)).toBeNull();
  });

  it.each<[string, KernelTiers, number, number, string]>([
    ['22 decimals', tiersOf(0, 11, tier(0, -1, 5)), 3, 11, '1.5e-21'],
    ['the largest safe integer', tiersOf(0, 0, open), LARGEST, 0, String(LARGEST)],
    [
      'a minimum of as many decimals as the amount',
      tiersOf(0, 2, tier(0, -1, 1, { mantissa: 25, scale: 2 })),
      ...([1, 0, '0.25'] as const),
    ],
    [
      'a bound that is too large to be exact, above every metric that is not',
      tiersOf(0, 0, tier(0, LARGEST, 1), tier(LARGEST, -1, 7)),
      ...([25, 1, '2.5'] as const),
    ],
    ['a part of nothing, without its minimum', tiersOf(0, 0, tier(0, -1, 1, FREE)), 0, 0, '0'],
    [
      'nothing of a tier that begins where the metric ends',
      tiersOf(0, 0, tier(0, 10, 1), tier(10, -1, 1, { mantissa: 5, scale: 0 })),
      ...([10, 0, '10'] as const),
    ],
  ])('give %s', (_what, tiers, mantissa, scale, amount) => {
    expect(priced(tiers, mantissa, scale)).toBe(new Decimal(amount).toString());
  });
});
