import { Decimal, ZERO } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import { formatAmount, roundTo, TO_THE_CENT } from '../money/rounding.ts';
import { applyBounds } from './fee-bounds.ts';
import { amountOf, metricOf, type FeeGroup, type MonthState } from './fee-formula.ts';
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

/** A group and the places that its row names. */
interface Part {
  readonly group: FeeGroup;
  readonly executionIndex: number | null;
  readonly orderIndex: number | null;
}

interface Order {
  readonly whole: Part;
  readonly perOrder: readonly Part[];
  readonly perExecution: readonly Part[];
  readonly gross: Decimal;
  readonly month: MonthState;
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
    return { executions: [{ quantity, price }], quantity, base, orders: 1 };
  });
  const orderCount = Math.max(0, ...orderOf) + 1;
  const isOne = orderCount === 1;
  const month = order.monthToDate;
  return {
    whole: {
      group: { ...together(executions), orders: orderCount },
      executionIndex: null,
      orderIndex: null,
    },
    perOrder: Array.from({ length: orderCount }, (_, at) => ({
      group: { ...together(executions.filter((_each, index) => orderOf[index] === at)), orders: 1 },
      executionIndex: null,
      orderIndex: isOne ? null : at,
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
    month: {
      ordersBefore: new Decimal(month?.ordersBefore ?? 0),
      sharesBefore: parseDecimal(month?.sharesBefore ?? '0', 'sharesBefore'),
      turnoverBefore: parseDecimal(month?.turnoverBefore ?? '0', 'turnoverBefore').times(fxRate),
    },
  };
}

const together = (groups: readonly FeeGroup[]): Omit<FeeGroup, 'orders'> => ({
  executions: groups.flatMap((group) => group.executions),
  quantity: sumOf(groups.map((group) => group.quantity)),
  base: sumOf(groups.map((group) => group.base)),
});

function priceLine(line: TariffLine, order: Order, feesSoFar: FeesSoFar): FeeLine[] {
  if (line.choice.sumExecutions) return [priceSum(line, order)];
  const parts = {
    execution: order.perExecution,
    order: order.perOrder,
    contract: [order.whole],
    'account-day': [order.whole],
  }[line.unit];
  return parts.map((part) =>
    feeLine(line, computeGroup(line, part.group, order.month, feesSoFar), part),
  );
}

interface GroupResult {
  readonly metric: Decimal;
  readonly exact: Decimal;
  readonly clamp: FeeClamp;
}

function computeGroup(
  { choice, terms }: TariffLine,
  group: FeeGroup,
  month: MonthState,
  feesSoFar: FeesSoFar,
): GroupResult {
  if (choice.waiver !== '') return { metric: group.base, exact: ZERO, clamp: 'waived' };
  const { formula } = choice;
  if (formula.kind === 'remainder') {
    const withFees = roundTo(group.base.times(formula.totalFactor), TO_THE_CENT);
    const others = sumOf([...feesSoFar.values()]);
    return { metric: group.base, exact: withFees.minus(group.base).minus(others), clamp: '' };
  }
  const metric =
    formula.kind === 'ofFees'
      ? sumOf(formula.feeCodes.map((code) => feesSoFar.get(code) ?? ZERO))
      : metricOf(formula, terms, group, month);
  if (terms.threshold?.gte(metric) === true) return { metric, exact: ZERO, clamp: 'threshold' };
  const amount = amountOf(formula, terms, metric, month);
  const perDay = choice.divisor === undefined ? amount : amount.div(choice.divisor);
  const bounded = applyBounds(choice, terms, perDay, group.base);
  return { metric, exact: bounded.amount, clamp: bounded.clamp };
}

/** Bounds for each execution, one rounding for the sum of the exact amounts. */
function priceSum(line: TariffLine, order: Order): FeeLine {
  const parts = order.perExecution.map(({ group }) =>
    computeGroup(line, group, order.month, new Map()),
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
  };
}
