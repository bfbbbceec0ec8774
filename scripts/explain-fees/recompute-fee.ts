// A second opinion on a fee, from its explanation alone: nothing of Daycut is imported here, so an
// error in the fee engine cannot repeat itself. Only decimal.js does the sums.
import { Decimal as Base } from 'decimal.js';

const Decimal = Base.clone({ precision: 60, toExpNeg: -60, toExpPos: 60 });
type Decimal = Base;

interface Formula {
  readonly kind: string;
  readonly rate?: string;
  readonly amount?: string;
  readonly totalFactor?: string;
  readonly skipBelowAmount?: boolean;
  readonly tiers?: readonly {
    readonly gt: string;
    readonly lte: string | null;
    readonly rate: string;
    readonly min?: string;
  }[];
}

/** What is read of the answer of GET /fees/{feeId}/explanation. */
export interface Explanation {
  readonly feeId: string;
  readonly feeCode: string;
  readonly inputs: {
    readonly executions: readonly {
      readonly quantity: string;
      readonly price: string;
      readonly orderPlace: number;
      readonly emsOrderNo: string | null;
    }[];
    readonly multiplier: string;
    readonly feesBefore: string;
  };
  readonly terms: {
    readonly formula: Formula;
    readonly threshold?: string;
    readonly divisor?: number;
    readonly min: string | null;
    readonly minWaived: boolean;
    readonly max: string | null;
    readonly capRate: string | null;
    readonly minBeatsMax: boolean;
    readonly rounding: { readonly mode: string; readonly increment: string };
    readonly floorPerLine: string | null;
    readonly sumExecutions: boolean;
    readonly waiver: string;
  };
  readonly metric: string;
  readonly exactAmount: string;
  readonly amount: string;
}

export interface Recomputed {
  readonly metric: string;
  readonly exactAmount: string;
  readonly amount: string;
}

interface Trade {
  readonly orders: number;
  readonly emsOrders: number;
  readonly quantity: Decimal;
  readonly consideration: Decimal;
  readonly fills: readonly { readonly quantity: Decimal; readonly price: Decimal }[];
}

function tradeOf({ executions, multiplier }: Explanation['inputs']): Trade {
  const fills = executions.map(({ quantity, price }) => ({
    quantity: new Decimal(quantity),
    price: new Decimal(price),
  }));
  const sum = (amounts: readonly Decimal[]): Decimal =>
    amounts.reduce((total, amount) => total.plus(amount), new Decimal(0));
  return {
    orders: new Set(executions.map(({ orderPlace }) => orderPlace)).size,
    emsOrders: new Set(executions.map((each) => each.emsOrderNo ?? each.orderPlace)).size,
    fills,
    quantity: sum(fills.map(({ quantity }) => quantity)),
    consideration: sum(fills.map(({ quantity, price }) => quantity.times(price).times(multiplier))),
  };
}

const given = (text: string | undefined): Decimal => {
  if (text === undefined) throw new Error('the formula has no rate');
  return new Decimal(text);
};

/** Each tier prices what lies above its lower end, up to its upper one, and at least its minimum. */
function inTiers({ tiers }: Formula, metric: Decimal): Decimal {
  if (tiers === undefined) throw new Error('the formula has no tiers');
  return tiers.reduce((total, { gt, lte, rate, min }) => {
    const part = (lte === null ? metric : Decimal.min(metric, lte)).minus(gt);
    return part.gt(0) ? total.plus(Decimal.max(part.times(rate), min ?? 0)) : total;
  }, new Decimal(0));
}

/** Metric and amount before bounds. Throws for a formula that this program does not know. */
function rawFee(formula: Formula, trade: Trade): readonly [metric: Decimal, amount: Decimal] {
  const { consideration, quantity } = trade;
  switch (formula.kind) {
    case 'rate':
      return [consideration, consideration.times(given(formula.rate))];
    case 'perMillion':
      return [consideration, consideration.times(given(formula.amount)).div(1_000_000)];
    case 'flat':
      return [new Decimal(1), given(formula.amount)];
    case 'perContract':
      return [quantity, quantity.times(given(formula.amount))];
    case 'perOrder':
      return [new Decimal(trade.orders), given(formula.amount).times(trade.orders)];
    case 'perEmsOrder':
      return [new Decimal(trade.emsOrders), given(formula.amount).times(trade.emsOrders)];
    case 'perExecution':
      return [new Decimal(trade.fills.length), given(formula.amount).times(trade.fills.length)];
    case 'amountTier':
      return [consideration, inTiers(formula, consideration)];
    case 'quantityTier':
      return [quantity, inTiers(formula, quantity)];
    case 'perShare': {
      const least = given(formula.amount);
      const counted = trade.fills
        .filter(({ price }) => formula.skipBelowAmount !== true || !price.lt(least))
        .reduce((total, fill) => total.plus(fill.quantity), new Decimal(0));
      return [counted, counted.times(least)];
    }
    default:
      throw new Error(`cannot compute a formula of kind ${formula.kind}`);
  }
}

function bounded(raw: Decimal, consideration: Decimal, terms: Explanation['terms']): Decimal {
  const raised = (amount: Decimal): Decimal =>
    terms.min === null || terms.minWaived ? amount : Decimal.max(amount, terms.min);
  const lowered = (amount: Decimal): Decimal => {
    const most = terms.max === null ? amount : Decimal.min(amount, terms.max);
    return terms.capRate === null ? most : Decimal.min(most, consideration.times(terms.capRate));
  };
  return terms.minBeatsMax ? raised(lowered(raw)) : lowered(raised(raw));
}

/** Whether the part of an increment that is left over makes one more of it. */
function goesUp(mode: string, rest: Decimal, down: Decimal): boolean {
  switch (mode) {
    case 'ceil':
      return rest.gt(0);
    case 'floor':
      return false;
    case 'half-up':
      return rest.gte('0.5');
    case 'half-even':
      return rest.gt('0.5') || (rest.eq('0.5') && !down.mod(2).isZero());
    default:
      throw new Error(`cannot round by ${mode}`);
  }
}

/** In whole increments: the amount is divided, the quotient made whole, and multiplied again. */
function rounded(exact: Decimal, { mode, increment }: Explanation['terms']['rounding']): Decimal {
  const units = exact.abs().div(increment);
  const down = units.floor();
  const isUp = goesUp(mode, units.minus(down), down);
  const size = (isUp ? down.plus(1) : down).times(increment);
  return exact.isNegative() ? size.negated() : size;
}

const textOf = (amount: Decimal): string => amount.toFixed(Math.max(2, amount.decimalPlaces()));

/**
 * The fee by its inputs and terms; what the explanation states as metric and amounts is not read.
 * Throws for terms that this program does not know: a fee is never taken for right unseen.
 */
export function recomputeFee({ inputs, terms }: Explanation): Recomputed {
  const trade = tradeOf(inputs);
  const { consideration } = trade;
  if (terms.waiver !== '') {
    return { metric: consideration.toString(), exactAmount: '0', amount: '0.00' };
  }
  if (terms.sumExecutions) throw new Error('cannot compute sums of rounded executions');
  if (terms.formula.kind === 'remainder') {
    const whole = consideration.times(given(terms.formula.totalFactor));
    const withFees = rounded(whole, { mode: 'half-up', increment: '0.01' });
    const left = withFees.minus(consideration).minus(inputs.feesBefore);
    return {
      metric: consideration.toString(),
      exactAmount: left.toString(),
      amount: textOf(left),
    };
  }
  const [metric, raw] = rawFee(terms.formula, trade);
  if (terms.threshold !== undefined && metric.lte(terms.threshold)) {
    return { metric: metric.toString(), exactAmount: '0', amount: '0.00' };
  }
  const due = terms.divisor === undefined ? raw : raw.div(terms.divisor);
  const exact = bounded(due, consideration, terms);
  const whole = rounded(exact, terms.rounding);
  // A rate of zero is a fee that is not charged: no least amount raises it.
  const isFree = new Decimal(terms.formula.rate ?? terms.formula.amount ?? 0).isZero();
  const floor = isFree ? null : terms.floorPerLine;
  const amount = floor === null ? whole : Decimal.max(whole, floor);
  return { metric: metric.toString(), exactAmount: exact.toString(), amount: textOf(amount) };
}

export interface FeeDifference {
  readonly feeId: string;
  readonly feeCode: string;
  readonly what: string;
}

/** What the explanation states and its inputs do not give; undefined when all of it agrees. */
export function differenceOf(explanation: Explanation): FeeDifference | undefined {
  const { feeId, feeCode } = explanation;
  let found: string[];
  try {
    const again = recomputeFee(explanation);
    found = (['metric', 'exactAmount', 'amount'] as const)
      .filter((field) => !new Decimal(again[field]).eq(explanation[field]))
      .map((field) => `${field} is ${explanation[field]}, computed again ${again[field]}`);
  } catch (error) {
    found = [error instanceof Error ? error.message : String(error)];
  }
  return found.length === 0 ? undefined : { feeId, feeCode, what: found.join('; ') };
}
