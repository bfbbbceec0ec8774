import { INEXACT, isLess, rescaled, SCALE_LIMIT, timesExactly } from '../money/scaled.ts';
import type { ScaledColumn } from '../money/scaled.ts';
import type { KernelTiers } from './kernel-line.ts';

/**
 * Puts what progressive tiers give for a metric into the row of the column; false when that is not
 * exact in safe integers. The same sum as `progressively` of fee-formula.ts.
 */
export function priceTiers(
  { boundScale, rateScale, tiers }: KernelTiers,
  metric: number,
  metricScale: number,
  into: ScaledColumn,
  row: number,
): boolean {
  const partScale = Math.max(metricScale, boundScale);
  const scale = partScale + rateScale;
  const whole = rescaled(metric, metricScale, partScale);
  if (whole === INEXACT || scale > SCALE_LIMIT) return false;
  let sum = 0;
  for (const tier of tiers) {
    const start = rescaled(tier.gt, boundScale, partScale);
    // A bound that is too large to be exact lies above every metric that is not.
    if (start === INEXACT || start >= whole) continue;
    const limit = tier.lte < 0 ? INEXACT : rescaled(tier.lte, boundScale, partScale);
    const end = limit === INEXACT || limit > whole ? whole : limit;
    let part = timesExactly(end - start, tier.rate);
    if (part === INEXACT) return false;
    if (isLess(part, scale, tier.min.mantissa, tier.min.scale)) {
      part = rescaled(tier.min.mantissa, tier.min.scale, scale);
      if (part === INEXACT) return false;
    }
    sum += part;
  }
  if (sum > Number.MAX_SAFE_INTEGER) return false;
  into.mantissa[row] = sum;
  into.scale[row] = scale;
  return true;
}
