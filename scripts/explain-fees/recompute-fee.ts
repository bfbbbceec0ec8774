// A second opinion on a fee, from its explanation alone: nothing of Daycut is imported here, so an
// error in the fee engine cannot repeat itself. Only decimal.js does the sums.
import {
  Decimal,
  given,
  inTradeCurrency,
  type Explanation,
  type Formula,
} from './explained-terms.ts';

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

/** The pieces of the tiers, each with its ends, rate and minimum. */
function piecesOf({ tiers }: Formula) {
  if (tiers === undefined) throw new Error('the formula has no tiers');
  let from = new Decimal(0);
  return tiers.map((tier) => {
    if (tier.unsupported !== undefined) throw new Error(`a tier has no terms: ${tier.unsupported}`);
    const end = tier.lte ?? tier.upTo ?? null;
    const to = new Decimal(end ?? Infinity);
    const start = tier.gt === undefined ? from : new Decimal(tier.gt);
    from = to;
    const rate = given(tier.rate ?? tier.perShare ?? tier.flat);
    return { start, to, rate, min: new Decimal(tier.min ?? 0) };
  });
}

/** Each tier prices what lies above its lower end, up to its upper one, and at least its minimum. */
function acrossTiers(formula: Formula, begin: Decimal, size: Decimal): Decimal {
  const end = begin.plus(size);
  return piecesOf(formula).reduce((total, { start, to, rate, min }) => {
    const part = Decimal.min(to, end).minus(Decimal.max(start, begin));
    return part.gt(0) ? total.plus(Decimal.max(part.times(rate), min)) : total;
  }, new Decimal(0));
}

function rateAt(formula: Formula, place: Decimal): Decimal {
  const piece = piecesOf(formula).find(({ to }) => place.lte(to));
  if (piece === undefined) throw new Error(`no tier holds ${place.toString()}`);
  return piece.rate;
}

/** What the formula is applied to. Throws for a formula that this program does not know. */
function metricOf(formula: Formula, trade: Trade, inputs: Explanation['inputs']): Decimal {
  switch (formula.kind) {
    case 'rate':
    case 'perMillion':
    case 'amountTier':
    case 'turnoverTier':
      return trade.consideration;
    case 'flat':
      return new Decimal(1);
    case 'perOrder':
      return new Decimal(trade.orders);
    case 'perEmsOrder':
      return new Decimal(trade.emsOrders);
    case 'perContract':
    case 'quantityTier':
    case 'shareTier':
      return trade.quantity;
    case 'perExecution':
      return new Decimal(trade.fills.length);
    case 'orderTier':
      return placeIn(inputs).plus(1);
    case 'ofFees':
      return (formula.feeCodes ?? []).reduce((total, code) => {
        const source = inputs.sources.find(({ feeCode }) => feeCode === code);
        if (source === undefined) throw new Error(`what ${code} charges is not stated`);
        return total.plus(source.amount);
      }, new Decimal(0));
    case 'perShare': {
      const least = given(formula.amount);
      return trade.fills
        .filter(({ price }) => formula.skipBelowAmount !== true || !price.lt(least))
        .reduce((total, fill) => total.plus(fill.quantity), new Decimal(0));
    }
    default:
      throw new Error(`cannot compute a formula of kind ${formula.kind}`);
  }
}

function placeIn({ monthBefore }: Explanation['inputs']): Decimal {
  if (monthBefore === null) throw new Error('the place in the month is not stated');
  return new Decimal(monthBefore);
}

/** The amount before divisor and bounds. */
function rawFee(formula: Formula, metric: Decimal, inputs: Explanation['inputs']): Decimal {
  switch (formula.kind) {
    case 'rate':
    case 'ofFees':
      return metric.times(given(formula.rate));
    case 'perMillion':
      return metric.times(given(formula.amount)).div(1_000_000);
    case 'amountTier':
    case 'quantityTier':
      return acrossTiers(formula, new Decimal(0), metric);
    case 'shareTier':
      return acrossTiers(formula, placeIn(inputs), metric);
    case 'orderTier':
      return rateAt(formula, metric);
    case 'turnoverTier': {
      const begin = placeIn(inputs);
      if (formula.mode === 'marginal') return acrossTiers(formula, begin, metric);
      if (formula.mode === 'slab') return metric.times(rateAt(formula, begin.plus(metric)));
      if (formula.mode === 'next-day') return metric.times(rateAt(formula, begin));
      throw new Error(`cannot compute tiers by turnover of mode ${formula.mode ?? 'none'}`);
    }
    default:
      return metric.times(given(formula.amount));
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

interface Unrounded {
  readonly metric: Decimal;
  readonly exact: Decimal;
  /** False: the threshold is not exceeded. */
  readonly isCharged: boolean;
}

function unrounded(
  trade: Trade,
  inputs: Explanation['inputs'],
  terms: Explanation['terms'],
): Unrounded {
  const metric = metricOf(terms.formula, trade, inputs);
  if (terms.threshold !== undefined && metric.lte(terms.threshold)) {
    return { metric, exact: new Decimal(0), isCharged: false };
  }
  const raw = rawFee(terms.formula, metric, inputs);
  const due = terms.divisor === undefined ? raw : raw.div(terms.divisor);
  return { metric, exact: bounded(due, trade.consideration, terms), isCharged: true };
}

/** Each execution as if it were all: bounds hold for each, and only the sum is rounded. */
const executionsOf = (inputs: Explanation['inputs']): readonly Explanation['inputs'][] =>
  inputs.executions.map((execution) => ({ ...inputs, executions: [execution] }));

/**
 * The fee by its inputs and terms; what the explanation states as metric and amounts is not read.
 * Throws for terms that this program does not know: a fee is never taken for right unseen.
 */
export function recomputeFee(explanation: Explanation): Recomputed {
  const { inputs } = explanation;
  const terms = inTradeCurrency(explanation);
  const trade = tradeOf(inputs);
  const { consideration } = trade;
  if (terms.waiver !== '') {
    return { metric: consideration.toString(), exactAmount: '0', amount: '0.00' };
  }
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
  const lines = terms.sumExecutions ? executionsOf(inputs).map(tradeOf) : [trade];
  const parts = lines.map((line) => unrounded(line, inputs, terms));
  const metric = parts.reduce((total, part) => total.plus(part.metric), new Decimal(0));
  const exact = parts.reduce((total, part) => total.plus(part.exact), new Decimal(0));
  if (parts.every((part) => !part.isCharged)) {
    return { metric: metric.toString(), exactAmount: '0', amount: '0.00' };
  }
  const whole = rounded(exact, terms.rounding);
  // A rate of zero is a fee that is not charged: no least amount raises it. Tiers have no one rate.
  const isFree = new Decimal(terms.formula.rate ?? terms.formula.amount ?? 1).isZero();
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
