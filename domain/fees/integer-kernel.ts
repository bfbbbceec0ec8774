import {
  copyInto,
  formatCents,
  formatScaled,
  INEXACT,
  isLess,
  multiplyInto,
  readScaled,
  rescaled,
  roundedUnits,
  scaledColumn,
  SCALE_LIMIT,
  stripZeros,
  sumInto,
  timesExactly,
} from '../money/scaled.ts';
import type { FeeSink } from './fee-sink.ts';
import type { KernelLine, ScaledConstant } from './kernel-line.ts';
import { priceTiers } from './kernel-tiers.ts';
import type { FeeClamp, OrderToPrice, PricedOrder, TariffPlan } from './tariff-plan.ts';

const CLAMPS: readonly FeeClamp[] = ['', 'min', 'max', 'cap', 'waived', 'threshold'];
const NO_CLAMP = 0;
const MIN = 1;
const MAX = 2;
const CAP = 3;
const WAIVED = 4;
const THRESHOLD = 5;

/**
 * The arithmetic of one order on reused columns. Index `count` of the execution columns, right
 * after the executions, holds the whole order. A method that answers false, or INEXACT, met a value
 * for which doubles are not exact; nothing is computed from such a value.
 */
export class IntegerKernel {
  private count = 0;
  private quantity = scaledColumn(0);
  private price = scaledColumn(0);
  private consideration = scaledColumn(0);
  private base = scaledColumn(0);
  private readonly constant = scaledColumn(1);
  private metric = scaledColumn(0);
  private exact = scaledColumn(0);
  private clamp = new Uint8Array(0);
  private cents = new Float64Array(0);
  private readonly baseTexts: string[] = [];

  /** The sums of the order, or null when the reference has to price it. */
  run(
    plan: TariffPlan,
    lines: readonly KernelLine[],
    order: OrderToPrice,
    sink: FeeSink,
  ): PricedOrder | null {
    this.makeRoom(order.quantities.length, lines.length);
    if (!this.readOrder(order) || !this.priceRows(lines)) return null;
    const totals = this.addUp(lines);
    if (totals === null) return null;
    const sums = this.sums(plan, order, totals);
    if (sums !== null) this.emit(plan, lines, sink);
    return sums;
  }

  private makeRoom(count: number, lineCount: number): void {
    this.count = count;
    if (this.quantity.mantissa.length < count + 1) {
      const room = (count + 1) * 2;
      this.quantity = scaledColumn(room);
      this.price = scaledColumn(room);
      this.consideration = scaledColumn(room);
      this.base = scaledColumn(room);
    }
    const rows = Math.max(count, 1) * lineCount;
    if (this.cents.length < rows) {
      this.metric = scaledColumn(rows * 2);
      this.exact = scaledColumn(rows * 2);
      this.clamp = new Uint8Array(rows * 2);
      this.cents = new Float64Array(rows * 2);
    }
  }

  private readOrder(order: OrderToPrice): boolean {
    const { count, quantity, price, consideration, base } = this;
    if (order.prices.length !== count) return false;
    for (let at = 0; at < count; at += 1) {
      if (!readScaled(order.quantities[at] ?? '', quantity, at)) return false;
      if (!readScaled(order.prices[at] ?? '', price, at)) return false;
      if (!multiplyInto(consideration, at, quantity, at, price, at)) return false;
      if (order.multiplier !== undefined) {
        if (!readScaled(order.multiplier, this.constant, 0)) return false;
        if (!multiplyInto(consideration, at, consideration, at, this.constant, 0)) return false;
      }
      if (order.fxRate === undefined) {
        copyInto(base, consideration, at);
      } else {
        if (!readScaled(order.fxRate, this.constant, 0)) return false;
        if (!multiplyInto(base, at, consideration, at, this.constant, 0)) return false;
      }
      // Once here, instead of once for each line that is computed from it.
      stripZeros(base, at);
    }
    return sumInto(quantity, count) && sumInto(consideration, count) && sumInto(base, count);
  }

  private priceRows(lines: readonly KernelLine[]): boolean {
    const { count } = this;
    let row = 0;
    for (const line of lines) {
      if (line.perExecution) {
        for (let at = 0; at < count; at += 1, row += 1) {
          if (!this.priceRow(line, row, at)) return false;
        }
      } else {
        if (!this.priceRow(line, row, count)) return false;
        row += 1;
      }
    }
    return true;
  }

  private priceRow(line: KernelLine, row: number, at: number): boolean {
    if (line.isWaived) {
      this.exact.mantissa[row] = 0;
      this.exact.scale[row] = 0;
      this.clamp[row] = WAIVED;
      this.cents[row] = 0;
      return true;
    }
    this.measure(line, row, at);
    if (this.staysBelow(line.threshold, row)) return true;
    if (!this.compute(line, row)) return false;
    this.clamp[row] = NO_CLAMP;
    if (line.minBeatsMax) {
      if (!this.lower(line, row, at)) return false;
      this.bound(row, line.min, MIN);
    } else {
      this.bound(row, line.min, MIN);
      if (!this.lower(line, row, at)) return false;
    }
    return this.round(line, row);
  }

  /** True, and the row is free, when the metric does not exceed the threshold; −1 is none. */
  private staysBelow(threshold: ScaledConstant, row: number): boolean {
    if (threshold.mantissa < 0) return false;
    const mantissa = this.metric.mantissa[row] ?? 0;
    const scale = this.metric.scale[row] ?? 0;
    if (isLess(threshold.mantissa, threshold.scale, mantissa, scale)) return false;
    this.exact.mantissa[row] = 0;
    this.exact.scale[row] = 0;
    this.clamp[row] = THRESHOLD;
    this.cents[row] = 0;
    return true;
  }

  private compute({ factor, tiers }: KernelLine, row: number): boolean {
    const metric = this.metric.mantissa[row] ?? 0;
    const metricScale = this.metric.scale[row] ?? 0;
    if (tiers !== null) return priceTiers(tiers, metric, metricScale, this.exact, row);
    const mantissa = timesExactly(metric, factor.mantissa);
    const scale = metricScale + factor.scale;
    if (mantissa === INEXACT || scale > SCALE_LIMIT) return false;
    this.exact.mantissa[row] = mantissa;
    this.exact.scale[row] = scale;
    return true;
  }

  /** Puts what the factor is applied to into the metric column. */
  private measure(line: KernelLine, row: number, at: number): void {
    const { metric } = this;
    if (line.basis === 'nothing' || line.basis === 'executions') {
      const isOne = line.basis === 'nothing' || at < this.count;
      metric.mantissa[row] = isOne ? 1 : this.count;
      metric.scale[row] = 0;
      return;
    }
    if (line.skipBelowAmount) {
      this.countShares(line.factor, row, at);
      return;
    }
    const source = line.basis === 'consideration' ? this.base : this.quantity;
    metric.mantissa[row] = source.mantissa[at] ?? 0;
    metric.scale[row] = source.scale[at] ?? 0;
  }

  private countShares(limit: ScaledConstant, row: number, at: number): void {
    const { quantity, price, metric, count } = this;
    const scale = quantity.scale[count] ?? 0;
    let shares = 0;
    const last = at === count ? count : at + 1;
    for (let index = at === count ? 0 : at; index < last; index += 1) {
      const isSkipped = isLess(
        price.mantissa[index] ?? 0,
        price.scale[index] ?? 0,
        limit.mantissa,
        limit.scale,
      );
      // Parts of a sum that fits, at the scale of that sum, fit too.
      if (!isSkipped) {
        shares += rescaled(quantity.mantissa[index] ?? 0, quantity.scale[index] ?? 0, scale);
      }
    }
    metric.mantissa[row] = shares;
    metric.scale[row] = scale;
  }

  /** Raises to the bound when it is a minimum, lowers to it otherwise; −1 is no bound. */
  private bound(row: number, limit: ScaledConstant, clamp: number): void {
    if (limit.mantissa < 0) return;
    const mantissa = this.exact.mantissa[row] ?? 0;
    const scale = this.exact.scale[row] ?? 0;
    const isOutside =
      clamp === MIN
        ? isLess(mantissa, scale, limit.mantissa, limit.scale)
        : isLess(limit.mantissa, limit.scale, mantissa, scale);
    if (!isOutside) return;
    this.exact.mantissa[row] = limit.mantissa;
    this.exact.scale[row] = limit.scale;
    this.clamp[row] = clamp;
  }

  private lower(line: KernelLine, row: number, at: number): boolean {
    this.bound(row, line.max, MAX);
    const { capRate } = line;
    if (capRate.mantissa < 0) return true;
    const mantissa = timesExactly(this.base.mantissa[at] ?? 0, capRate.mantissa);
    const scale = (this.base.scale[at] ?? 0) + capRate.scale;
    if (mantissa === INEXACT || scale > SCALE_LIMIT) return false;
    this.bound(row, { mantissa, scale }, CAP);
    return true;
  }

  private round(line: KernelLine, row: number): boolean {
    const units = roundedUnits(
      this.exact.mantissa[row] ?? 0,
      this.exact.scale[row] ?? 0,
      line.places,
      line.mode,
    );
    const cents = units === INEXACT ? INEXACT : timesExactly(units, line.incrementCents);
    if (cents === INEXACT) return false;
    const isRaised = cents < line.floorCents;
    if (isRaised) this.clamp[row] = MIN;
    this.cents[row] = isRaised ? line.floorCents : cents;
    return true;
  }

  /** Cents of each line, and of all lines at the end; null when a sum is too large. */
  private addUp(lines: readonly KernelLine[]): number[] | null {
    const totals: number[] = [];
    let all = 0;
    let row = 0;
    for (const line of lines) {
      const end = row + (line.perExecution ? this.count : 1);
      let total = 0;
      for (; row < end; row += 1) total += this.cents[row] ?? 0;
      totals.push(total);
      all += total;
    }
    totals.push(all);
    // Sums of unsigned numbers only grow, so a safe last sum means that all of them were safe.
    return all <= Number.MAX_SAFE_INTEGER ? totals : null;
  }

  private emit(plan: TariffPlan, lines: readonly KernelLine[], sink: FeeSink): void {
    const { count, base, metric, exact, clamp, cents, baseTexts } = this;
    baseTexts.length = 0;
    for (let at = 0; at <= count; at += 1) {
      baseTexts.push(formatScaled(base.mantissa[at] ?? 0, base.scale[at] ?? 0));
    }
    let row = 0;
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines[index];
      const tariffLine = plan.lines[index];
      if (line === undefined || tariffLine === undefined) continue;
      const showsBase = line.basis === 'consideration' || line.isWaived;
      const end = line.perExecution ? count : count + 1;
      for (let at = line.perExecution ? 0 : count; at < end; at += 1, row += 1) {
        sink(
          tariffLine,
          index,
          line.perExecution ? at : -1,
          -1,
          showsBase
            ? (baseTexts[at] ?? '')
            : formatScaled(metric.mantissa[row] ?? 0, metric.scale[row] ?? 0),
          formatScaled(exact.mantissa[row] ?? 0, exact.scale[row] ?? 0),
          CLAMPS[clamp[row] ?? NO_CLAMP] ?? '',
          formatCents(cents[row] ?? 0),
        );
      }
    }
  }

  private sums(plan: TariffPlan, order: OrderToPrice, totals: number[]): PricedOrder | null {
    const { count, quantity, consideration } = this;
    const feeCents = totals.pop() ?? 0;
    const mantissa = consideration.mantissa[count] ?? 0;
    const scale = consideration.scale[count] ?? 0;
    const places = Math.max(scale, 2);
    const gross = rescaled(mantissa, scale, places);
    const fees = rescaled(feeCents, 2, places);
    const net = plan.query.side === 'BUY' ? gross + fees : gross - fees;
    if (gross === INEXACT || fees === INEXACT || net > Number.MAX_SAFE_INTEGER) return null;
    const netText = net < 0 ? `-${formatScaled(-net, places)}` : formatScaled(net, places);
    return {
      quantity: formatScaled(quantity.mantissa[count] ?? 0, quantity.scale[count] ?? 0),
      gross: formatScaled(mantissa, scale),
      lineTotals: totals.map(formatCents),
      totalFees: formatCents(feeCents),
      net: order.fxRate === undefined ? netText : null,
    };
  }
}
