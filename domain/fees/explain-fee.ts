import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, ZERO, type DecimalString } from '../money/decimal.ts';
import { formatAmount, roundTo } from '../money/rounding.ts';
import { partIn, progressively } from './fee-formula.ts';
import type { FeeFormula, ProgressiveTier } from './fee-rule.ts';
import { factorOf } from './fee-terms.ts';
import type { FxRate } from './fx-rate.ts';
import { isMonthly } from './monthly-formulas.ts';
import { amountInMonth, partsInMonth } from './monthly-tiers.ts';
import type { FeeChoice, FeeLine } from './tariff-plan.ts';

export type ExplanationStep =
  /** The amounts of the rule were converted into the trade currency; all that follows is in it. */
  | ({ readonly step: 'convert'; readonly result: null } & FxRate)
  | { readonly step: 'waived'; readonly because: string; readonly result: DecimalString }
  /** Nothing is charged unless the metric is larger; result null: it is. */
  | {
      readonly step: 'threshold';
      readonly threshold: DecimalString;
      readonly metric: DecimalString;
      readonly isDeciding: boolean;
      readonly result: DecimalString | null;
    }
  /** What the month had counted before: shares or turnover, in the currency of the rule. */
  | { readonly step: 'month'; readonly before: DecimalString; readonly result: null }
  /** metric × factor, or the tiers that gave the exact amount. */
  | {
      readonly step: 'compute';
      readonly formula: FeeChoice['formula'];
      readonly metric: DecimalString;
      readonly arithmetic: string;
      readonly result: DecimalString;
    }
  /** By the days of the year of an annual rate, to 60 significant digits. */
  | { readonly step: 'divide'; readonly divisor: number; readonly result: DecimalString }
  | {
      readonly step: 'min' | 'max' | 'cap';
      readonly bound: DecimalString;
      readonly isDeciding: boolean;
      readonly result: DecimalString;
    }
  | {
      readonly step: 'round';
      readonly mode: string;
      readonly increment: DecimalString;
      readonly result: DecimalString;
    }
  | { readonly step: 'floor'; readonly floor: DecimalString; readonly result: DecimalString };

type BoundStep = Extract<ExplanationStep, { readonly bound: DecimalString }>;

/** A stored fee row is enough: texts as in FeeLine. */
export interface ExplainedLine extends Pick<FeeLine, 'metric' | 'exact' | 'clamp' | 'amount'> {
  readonly monthBefore?: DecimalString | null;
}

/**
 * The arithmetic of a stored fee row, step by step: metric × rate, bounds in their order, rounding.
 * The last result is the stored amount, and what comes before rounding is the stored exact amount;
 * otherwise row and choice do not belong together, which throws BOOKS_OUT_OF_BALANCE.
 */
export function explainFee(line: ExplainedLine, choice: FeeChoice): readonly ExplanationStep[] {
  assertMonth(line, choice);
  const steps = line.clamp === 'waived' ? waived(choice) : computed(line, choice);
  assertSame(choice, steps.at(-1)?.result ?? line.exact, line.amount);
  return steps;
}

function assertSame(choice: FeeChoice, expected: DecimalString, stored: DecimalString): void {
  if (new Decimal(expected).eq(stored)) return;
  const { feeCode, ruleId } = choice;
  const why = 'the fee row does not follow from its rule';
  throw new ClearingError('BOOKS_OUT_OF_BALANCE', { why, feeCode, ruleId, expected, stored });
}

/**
 * What is priced in tiers by monthly shares or turnover begins somewhere in the month, and nothing
 * else does. Where the place is lost, nobody may take it for the beginning of the month.
 */
function assertMonth({ clamp, monthBefore }: ExplainedLine, choice: FeeChoice): void {
  const { feeCode, ruleId, formula, sumExecutions } = choice;
  const isTiered = formula.kind === 'shareTier' || formula.kind === 'turnoverTier';
  const begins = isTiered && !sumExecutions && clamp !== 'waived' && clamp !== 'threshold';
  if (begins === (typeof monthBefore === 'string')) return;
  const why = begins ? 'the fee row has lost its place in the month' : 'it has none in the month';
  throw new ClearingError('BOOKS_OUT_OF_BALANCE', { why, feeCode, ruleId });
}

const waived = (choice: FeeChoice): ExplanationStep[] => [
  { step: 'waived', because: choice.waiver, result: '0.00' },
];

function computed(line: ExplainedLine, choice: FeeChoice): ExplanationStep[] {
  const { fx } = choice;
  const begin: ExplanationStep[] = [
    ...(fx === undefined ? [] : [{ step: 'convert' as const, ...fx, result: null }]),
    ...thresholdStep(line, choice),
  ];
  if (line.clamp === 'threshold') return begin;
  const raw = rawAmount(line, choice);
  const { divisor } = choice;
  const annual = divisor === undefined ? raw : raw.div(divisor);
  const before = line.monthBefore ?? null;
  const bounds = boundSteps(line, choice, annual);
  const outcome = bounds.at(-1)?.result ?? annual.toString();
  // A deciding bound stands for its own amount; a floor after rounding hides which one that was.
  if (line.clamp === '') assertSame(choice, outcome, line.exact);
  const steps: ExplanationStep[] = [
    ...begin,
    ...(before === null ? [] : [{ step: 'month' as const, before, result: null }]),
    {
      step: 'compute',
      formula: choice.formula,
      metric: line.metric,
      arithmetic: arithmeticOf(line, choice.formula),
      result: raw.toString(),
    },
    ...(divisor === undefined
      ? []
      : [{ step: 'divide' as const, divisor, result: annual.toString() }]),
    ...bounds,
  ];
  if (choice.formula.kind === 'remainder') return steps;
  const rounded = roundTo(new Decimal(line.exact), choice.rounding);
  const { mode, increment } = choice.rounding;
  steps.push({ step: 'round', mode, increment, result: formatAmount(rounded) });
  const floor = choice.floorPerLine;
  const isFree = factorOf(choice.formula)?.isZero() === true;
  if (floor !== null && !isFree && rounded.lt(floor)) {
    steps.push({ step: 'floor', floor, result: formatAmount(new Decimal(floor)) });
  }
  return steps;
}

function thresholdStep({ metric, clamp }: ExplainedLine, choice: FeeChoice): ExplanationStep[] {
  const { threshold } = choice;
  if (threshold === undefined) return [];
  const isDeciding = clamp === 'threshold';
  return [{ step: 'threshold', threshold, metric, isDeciding, result: isDeciding ? '0.00' : null }];
}

/** The amount before division and bounds. */
function rawAmount(line: ExplainedLine, choice: FeeChoice): Decimal {
  const { formula } = choice;
  // Of a sum, and of what all other fees leave, only the outcome is stored.
  if (choice.sumExecutions || formula.kind === 'remainder') return new Decimal(line.exact);
  if (formula.kind === 'amountTier' || formula.kind === 'quantityTier') {
    return progressively(formula.tiers, new Decimal(line.metric));
  }
  if (isMonthly(formula)) {
    return amountInMonth(formula, new Decimal(line.metric), new Decimal(line.monthBefore ?? 0));
  }
  return (factorOf(formula) ?? ZERO).times(line.metric);
}

function arithmeticOf({ metric, monthBefore }: ExplainedLine, formula: FeeFormula): string {
  switch (formula.kind) {
    case 'rate':
      return `${metric} × ${formula.rate}`;
    case 'perMillion':
      return `${metric} × ${formula.amount} ÷ 1000000`;
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
      return `${metric} × ${formula.amount}`;
    case 'amountTier':
    case 'quantityTier':
      return tierArithmetic(formula.tiers, new Decimal(metric));
    case 'ofFees':
      return `${metric} (${formula.feeCodes.join(' + ')}) × ${formula.rate}`;
    case 'flat':
      return formula.amount;
    case 'remainder':
      return `half-up(${metric} × ${formula.totalFactor}) − ${metric} − other fees`;
    case 'orderTier': {
      const amount = amountInMonth(formula, new Decimal(metric), ZERO);
      return `order ${metric} of the month: ${amount.toString()}`;
    }
    case 'shareTier':
    case 'turnoverTier':
      return partsInMonth(formula, new Decimal(metric), new Decimal(monthBefore ?? 0))
        .map(({ part, rate }) => `${part.toString()} × ${rate}`)
        .join(' + ');
  }
}

/** `100000 × 0.001 + 200000 × 0.0005`; a part that its tier's minimum raises shows both. */
const tierArithmetic = (tiers: readonly ProgressiveTier[], metric: Decimal): string =>
  tiers
    .map((tier) => ({ tier, part: partIn(tier, metric) }))
    .filter(({ part }) => !part.isZero())
    .map(({ tier: { rate, min }, part }) =>
      min === undefined
        ? `${part.toString()} × ${rate}`
        : `at least ${min}: ${part.toString()} × ${rate}`,
    )
    .join(' + ') || '0';

/** The bounds that the rule has, in the order in which they apply. */
function boundSteps(line: ExplainedLine, choice: FeeChoice, raw: Decimal): BoundStep[] {
  // With sumExecutions the bounds of each execution are inside the sum.
  if (choice.sumExecutions) return [];
  let value = raw;
  const step = (kind: BoundStep['step'], bound: string | null): BoundStep[] => {
    if (bound === null) return [];
    const isDeciding = line.clamp === kind;
    if (isDeciding) value = new Decimal(line.exact);
    else if (kind === 'min') value = Decimal.max(value, bound);
    else if (kind === 'max') value = Decimal.min(value, bound);
    return [{ step: kind, bound, isDeciding, result: value.toString() }];
  };
  const minimum = (): BoundStep[] => step('min', choice.minWaived ? null : choice.min);
  const upper = (): BoundStep[] => [...step('max', choice.max), ...step('cap', choice.capRate)];
  return choice.minBeatsMax ? [...upper(), ...minimum()] : [...minimum(), ...upper()];
}
