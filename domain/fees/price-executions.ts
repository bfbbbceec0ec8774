import type { Decimal } from '../money/decimal.ts';
import { ZERO } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import { formatAmount, roundTo, TO_THE_CENT } from '../money/rounding.ts';
import { applyBounds } from './fee-bounds.ts';
import { amountOf, metricOf, type FeeGroup, type MonthState } from './fee-formula.ts';
import type { FeeFormula } from './fee-rule.ts';
import { monthBefore, monthPositions } from './month-position.ts';
import { isMonthly } from './monthly-formulas.ts';
import { amountInMonth, metricInMonth, type MonthlyMetric } from './monthly-tiers.ts';
import type {
  FeeClamp,
  FeeLine,
  LineTerms,
  OrderToPrice,
  PricedOrder,
  TariffLine,
  TariffPlan,
} from './tariff-plan.ts';

export interface PricedExecutions extends PricedOrder {
  readonly lines: readonly FeeLine[];
}

/** A group and the places that its row names. */
interface Part {
  readonly group: FeeGroup;
  readonly executionIndex: number | null;
  readonly orderIndex: number | null;
}

interface Order {
  readonly whole: Part;
  readonly perOrder: readonly Part[];
  readonly perEmsOrder: readonly Part[];
  readonly perExecution: readonly Part[];
  readonly gross: Decimal;
  readonly fxRate: Decimal;
  readonly toPrice: OrderToPrice;
}

/** What was charged before a line, by fee code. */
type FeesSoFar = ReadonlyMap<string, Decimal>;

/**
 * Prices one contract by the plan: the reference, written to be read, in Decimal throughout. The
 * fast kernel must give the same texts. Amounts are unsigned, in the currency of the rules. Throws
 * NOT_A_DECIMAL, and what the formulas throw.
 */
export function priceExecutions(plan: TariffPlan, order: OrderToPrice): PricedExecutions {
  const parsed = parseOrder(order);
  const lines: FeeLine[] = [];
  const totals = new Map<string, Decimal>();
  for (const line of plan.lines) {
    const rows = priceLine(line, parsed, totals);
    lines.push(...rows);
    totals.set(
      line.feeCode,
      rows.reduce((sum, row) => sum.plus(row.amount), ZERO),
    );
  }
  const { gross } = parsed;
  const totalFees = sumOf([...totals.values()]);
  const net = plan.query.side === 'BUY' ? gross.plus(totalFees) : gross.minus(totalFees);
  return {
    lines,
    quantity: parsed.whole.group.quantity.toString(),
    gross: gross.toString(),
    lineTotals: [...totals.values()].map(formatAmount),
    totalFees: formatAmount(totalFees),
    net: order.fxRate === undefined ? net.toString() : null,
  };
}

const sumOf = (amounts: readonly Decimal[]): Decimal =>
  amounts.reduce((sum, amount) => sum.plus(amount), ZERO);

function parseOrder(order: OrderToPrice): Order {
  const multiplier = parseDecimal(order.multiplier ?? '1', 'multiplier');
  const fxRate = parseDecimal(order.fxRate ?? '1', 'fxRate');
  const orderOf = order.orderOf ?? order.quantities.map(() => 0);
  const executions = order.quantities.map((text, index): FeeGroup => {
    const quantity = parseDecimal(text, 'quantity');
    const price = parseDecimal(order.prices[index] ?? '', 'price');
    const base = quantity.times(price).times(multiplier).times(fxRate);
    return { executions: [{ quantity, price }], quantity, base, orders: 1, emsOrders: 1 };
  });
  const orderCount = Math.max(0, ...orderOf) + 1;
  const isOne = orderCount === 1;
  const emsOrderOf = order.emsOrderOf ?? Array.from({ length: orderCount }, (_, at) => at);
  const emsOrders = new Set(emsOrderOf).size;
  const groupOf = (has: (index: number) => boolean) =>
    together(executions.filter((_, index) => has(index)));
  return {
    whole: {
      group: { ...together(executions), orders: orderCount, emsOrders },
      executionIndex: null,
      orderIndex: null,
    },
    perOrder: Array.from({ length: orderCount }, (_, at) => ({
      group: { ...groupOf((index) => orderOf[index] === at), orders: 1, emsOrders: 1 },
      executionIndex: null,
      orderIndex: isOne ? null : at,
    })),
    perEmsOrder: Array.from({ length: emsOrders }, (_, ems) => ({
      group: {
        ...groupOf((index) => emsOrderOf[orderOf[index] ?? 0] === ems),
        orders: emsOrderOf.filter((each) => each === ems).length,
        emsOrders: 1,
      },
      executionIndex: null,
      orderIndex: isOne ? null : emsOrderOf.indexOf(ems),
    })),
    perExecution: executions.map((group, at) => ({
      group,
      executionIndex: at,
      orderIndex: isOne ? null : (orderOf[at] ?? null),
    })),
    gross: sumOf(
      executions.flatMap((group) =>
        group.executions.map(({ quantity, price }) => quantity.times(price).times(multiplier)),
      ),
    ),
    fxRate,
    toPrice: order,
  };
}

const together = (groups: readonly FeeGroup[]): Omit<FeeGroup, 'orders' | 'emsOrders'> => ({
  executions: groups.flatMap((group) => group.executions),
  quantity: sumOf(groups.map((group) => group.quantity)),
  base: sumOf(groups.map((group) => group.base)),
});

function priceLine(line: TariffLine, order: Order, feesSoFar: FeesSoFar): FeeLine[] {
  if (line.choice.sumExecutions) return [priceSum(line, order)];
  const parts = {
    execution: order.perExecution,
    order: order.perOrder,
    emsOrder: order.perEmsOrder,
    contract: [order.whole],
    'account-day': [order.whole],
  }[line.unit];
  const months = monthsOf(line, order, parts);
  return parts.map((part, at) =>
    feeLine(line, computeGroup(line, part.group, months[at], feesSoFar), part),
  );
}

/** Where each part begins in the month; empty for a line that does not depend on it. */
function monthsOf(line: TariffLine, order: Order, parts: readonly Part[]): readonly MonthState[] {
  const { formula, waiver } = line.choice;
  if (!isMonthly(formula) || waiver !== '') return [];
  return monthPositions(formula, monthBefore(line, order.toPrice, order.fxRate), parts);
}

interface GroupResult {
  readonly metric: Decimal;
  readonly exact: Decimal;
  readonly clamp: FeeClamp;
  /** Of tiers by monthly shares or turnover. */
  readonly before?: Decimal | undefined;
}

function computeGroup(
  { choice, terms }: TariffLine,
  group: FeeGroup,
  month: MonthState | undefined,
  feesSoFar: FeesSoFar,
): GroupResult {
  if (choice.waiver !== '') return { metric: group.base, exact: ZERO, clamp: 'waived' };
  const { formula } = choice;
  if (formula.kind === 'remainder') {
    const withFees = roundTo(group.base.times(formula.totalFactor), TO_THE_CENT);
    const others = sumOf([...feesSoFar.values()]);
    return { metric: group.base, exact: withFees.minus(group.base).minus(others), clamp: '' };
  }
  const { metric, before } = measure(formula, terms, group, month, feesSoFar);
  if (terms.threshold?.gte(metric) === true) return { metric, exact: ZERO, clamp: 'threshold' };
  const amount = isMonthly(formula)
    ? amountInMonth(formula, metric, before ?? ZERO)
    : amountOf(formula, terms, metric);
  const perDay = choice.divisor === undefined ? amount : amount.div(choice.divisor);
  const bounded = applyBounds(choice, terms, perDay, group.base);
  return { metric, exact: bounded.amount, clamp: bounded.clamp, before };
}

function measure(
  formula: Exclude<FeeFormula, { readonly kind: 'remainder' }>,
  terms: LineTerms,
  group: FeeGroup,
  month: MonthState | undefined,
  feesSoFar: FeesSoFar,
): MonthlyMetric {
  if (isMonthly(formula)) return metricInMonth(formula, group, month);
  if (formula.kind !== 'ofFees') return { metric: metricOf(formula, terms, group) };
  // A code without a line for this trade has charged nothing.
  return { metric: sumOf(formula.feeCodes.map((code) => feesSoFar.get(code) ?? ZERO)) };
}

/** Bounds for each execution, one rounding for the sum of the exact amounts. */
function priceSum(line: TariffLine, order: Order): FeeLine {
  const months = monthsOf(line, order, order.perExecution);
  const parts = order.perExecution.map(({ group }, at) =>
    computeGroup(line, group, months[at], new Map()),
  );
  return feeLine(
    line,
    {
      metric: sumOf(parts.map((part) => part.metric)),
      exact: sumOf(parts.map((part) => part.exact)),
      clamp: parts.find((part) => part.clamp !== '')?.clamp ?? '',
    },
    order.whole,
  );
}

function feeLine(line: TariffLine, result: GroupResult, place: Omit<Part, 'group'>): FeeLine {
  const { choice, terms } = line;
  const isRemainder = choice.formula.kind === 'remainder';
  const rounded = isRemainder ? result.exact : roundTo(result.exact, choice.rounding);
  const floor = terms.floorPerLine;
  const isCharged = result.clamp !== 'waived' && result.clamp !== 'threshold';
  const isRaised =
    floor !== null && isCharged && terms.factor?.isZero() !== true && rounded.lt(floor);
  return {
    feeCode: line.feeCode,
    ruleId: line.ruleId,
    unit: line.unit,
    executionIndex: place.executionIndex,
    orderIndex: place.orderIndex,
    metric: result.metric.toString(),
    exact: result.exact.toString(),
    clamp: isRaised ? 'min' : result.clamp,
    amount: formatAmount(isRaised ? floor : rounded),
    ...(result.before ? { monthBefore: result.before.toString() } : {}),
  };
}
