import type { Decimal } from '../money/decimal.ts';
import { ZERO } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import { formatAmount, roundTo, TO_THE_CENT } from '../money/rounding.ts';
import { applyBounds } from './fee-bounds.ts';
import { evaluateFormula, type FeeGroup, type MonthState } from './fee-formula.ts';
import { monthBefore, monthPositions } from './month-position.ts';
import { isMonthly } from './monthly-formulas.ts';
import { evaluateMonthly } from './monthly-tiers.ts';
import type {
  FeeClamp,
  FeeLine,
  OrderToPrice,
  PricedOrder,
  TariffLine,
  TariffPlan,
} from './tariff-plan.ts';

export interface PricedExecutions extends PricedOrder {
  readonly lines: readonly FeeLine[];
}

interface Order {
  readonly whole: FeeGroup;
  readonly perExecution: readonly FeeGroup[];
  readonly gross: Decimal;
  readonly fxRate: Decimal;
  readonly toPrice: OrderToPrice;
}

/**
 * Prices one order by the plan: the reference, written to be read, in Decimal throughout. The fast
 * kernel must give the same texts. Amounts are unsigned, in the currency of the rules. Throws
 * NOT_A_DECIMAL, and what the formulas throw.
 */
export function priceExecutions(plan: TariffPlan, order: OrderToPrice): PricedExecutions {
  const parsed = parseOrder(order);
  const lines: FeeLine[] = [];
  const totals: Decimal[] = [];
  let totalFees = ZERO;
  for (const line of plan.lines) {
    const rows = priceLine(line, parsed, totalFees);
    const total = rows.reduce((sum, row) => sum.plus(row.amount), ZERO);
    lines.push(...rows);
    totals.push(total);
    totalFees = totalFees.plus(total);
  }
  const { gross } = parsed;
  const net = plan.query.side === 'BUY' ? gross.plus(totalFees) : gross.minus(totalFees);
  return {
    lines,
    quantity: parsed.whole.quantity.toString(),
    gross: gross.toString(),
    lineTotals: totals.map(formatAmount),
    totalFees: formatAmount(totalFees),
    net: order.fxRate === undefined ? net.toString() : null,
  };
}

function parseOrder(order: OrderToPrice): Order {
  const multiplier = parseDecimal(order.multiplier ?? '1', 'multiplier');
  const fxRate = parseDecimal(order.fxRate ?? '1', 'fxRate');
  let gross = ZERO;
  const perExecution = order.quantities.map((text, index): FeeGroup => {
    const quantity = parseDecimal(text, 'quantity');
    const price = parseDecimal(order.prices[index] ?? '', 'price');
    const consideration = quantity.times(price).times(multiplier);
    gross = gross.plus(consideration);
    return { executions: [{ quantity, price }], quantity, base: consideration.times(fxRate) };
  });
  const whole: FeeGroup = {
    executions: perExecution.flatMap((group) => group.executions),
    quantity: perExecution.reduce((sum, group) => sum.plus(group.quantity), ZERO),
    base: gross.times(fxRate),
  };
  return {
    whole,
    perExecution,
    gross,
    fxRate,
    toPrice: order,
  };
}

function priceLine(line: TariffLine, order: Order, feesSoFar: Decimal): FeeLine[] {
  if (line.choice.sumExecutions) return [priceSum(line, order)];
  if (line.unit === 'execution') {
    const months = monthsOf(line, order, order.perExecution);
    return order.perExecution.map((group, index) =>
      feeLine(line, computeGroup(line, group, months[index], feesSoFar), index),
    );
  }
  const [month] = monthsOf(line, order, [order.whole]);
  return [feeLine(line, computeGroup(line, order.whole, month, feesSoFar), null)];
}

/** Where each group begins in the month; empty for a line that does not depend on it. */
function monthsOf(
  { choice, ...line }: TariffLine,
  { toPrice, fxRate }: Order,
  groups: readonly FeeGroup[],
): readonly MonthState[] {
  const { formula } = choice;
  if (!isMonthly(formula) || choice.waiver !== '') return [];
  return monthPositions(formula, monthBefore({ choice, ...line }, toPrice, fxRate), groups);
}

interface GroupResult {
  readonly metric: Decimal;
  readonly exact: Decimal;
  readonly clamp: FeeClamp;
  readonly before?: Decimal | null;
}

function computeGroup(
  { choice, terms }: TariffLine,
  group: FeeGroup,
  month: MonthState | undefined,
  feesSoFar: Decimal,
): GroupResult {
  if (choice.waiver !== '') return { metric: group.base, exact: ZERO, clamp: 'waived' };
  if (choice.formula.kind === 'remainder') {
    const withFees = roundTo(group.base.times(choice.formula.totalFactor), TO_THE_CENT);
    return { metric: group.base, exact: withFees.minus(group.base).minus(feesSoFar), clamp: '' };
  }
  if (isMonthly(choice.formula)) {
    if (month === undefined) throw new RangeError(`${choice.feeCode} has no place in the month`);
    const { metric, amount, before } = evaluateMonthly(choice.formula, group, month);
    const { amount: exact, clamp } = applyBounds(choice, terms, amount, group.base);
    return { metric, exact, clamp, before };
  }
  const { metric, amount } = evaluateFormula(choice.formula, terms, group);
  const bounded = applyBounds(choice, terms, amount, group.base);
  return { metric, exact: bounded.amount, clamp: bounded.clamp };
}

/** Bounds for each execution, one rounding for the sum of the exact amounts. */
function priceSum(line: TariffLine, order: Order): FeeLine {
  const months = monthsOf(line, order, order.perExecution);
  const parts = order.perExecution.map((group, at) => computeGroup(line, group, months[at], ZERO));
  return feeLine(
    line,
    {
      metric: parts.reduce((sum, part) => sum.plus(part.metric), ZERO),
      exact: parts.reduce((sum, part) => sum.plus(part.exact), ZERO),
      clamp: parts.find((part) => part.clamp !== '')?.clamp ?? '',
    },
    null,
  );
}

function feeLine(line: TariffLine, result: GroupResult, executionIndex: number | null): FeeLine {
  const { choice, terms } = line;
  const isRemainder = choice.formula.kind === 'remainder';
  const rounded = isRemainder ? result.exact : roundTo(result.exact, choice.rounding);
  const floor = terms.floorPerLine;
  const isRaised =
    floor !== null &&
    result.clamp !== 'waived' &&
    terms.factor?.isZero() !== true &&
    rounded.lt(floor);
  return {
    feeCode: line.feeCode,
    ruleId: line.ruleId,
    unit: line.unit,
    executionIndex,
    metric: result.metric.toString(),
    exact: result.exact.toString(),
    clamp: isRaised ? 'min' : result.clamp,
    amount: formatAmount(isRaised ? floor : rounded),
    ...(result.before ? { monthBefore: result.before.toString() } : {}),
  };
}
