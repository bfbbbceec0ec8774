import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, ZERO, type DecimalString } from '../money/decimal.ts';
import { formatAmount, roundTo } from '../money/rounding.ts';
import { partIn, progressively } from './fee-formula.ts';
import type { FeeFormula, ProgressiveTier } from './fee-rule.ts';
import { factorOf } from './fee-terms.ts';
import { isMonthly } from './monthly-formulas.ts';
import { amountInMonth, partsInMonth } from './monthly-tiers.ts';
import type { FeeChoice, FeeLine } from './tariff-plan.ts';

export type ExplanationStep =
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
      /** Null where a bound replaced an amount of which only the outcome is stored. */
      readonly result: DecimalString | null;
    }
  /** By the days of the year of an annual rate, to 60 significant digits. */
  | { readonly step: 'divide'; readonly divisor: number; readonly result: DecimalString | null }
  | {
      readonly step: 'min' | 'max' | 'cap';
      readonly bound: DecimalString;
      readonly isDeciding: boolean;
      readonly result: DecimalString | null;
    }
  | {
      readonly step: 'round';
      readonly mode: string;
      readonly increment: DecimalString;
      readonly result: DecimalString;
    }
  | { readonly step: 'floor'; readonly floor: DecimalString; readonly result: DecimalString };

/** A stored fee row is enough: texts as in FeeLine. */
export interface ExplainedLine extends Pick<FeeLine, 'metric' | 'exact' | 'clamp' | 'amount'> {
  readonly monthBefore?: DecimalString | null;
}

/**
 * The arithmetic of a stored fee row, step by step: metric × rate, bounds in their order, rounding.
 * The last result is the stored amount; otherwise row and choice do not belong together, which
 * throws BOOKS_OUT_OF_BALANCE.
 */
export function explainFee(line: ExplainedLine, choice: FeeChoice): readonly ExplanationStep[] {
  const steps = line.clamp === 'waived' ? waived(choice) : computed(line, choice);
  const last = steps.at(-1);
  if (last === undefined || !new Decimal(last.result ?? line.exact).eq(line.amount)) {
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
      why: 'the fee row does not follow from its rule',
      feeCode: choice.feeCode,
      ruleId: choice.ruleId,
      expected: last?.result,
      stored: line.amount,
    });
  }
  return steps;
}

const waived = (choice: FeeChoice): ExplanationStep[] => [
  { step: 'waived', because: choice.waiver, result: '0.00' },
];

function computed(line: ExplainedLine, choice: FeeChoice): ExplanationStep[] {
  const threshold = thresholdStep(line, choice);
  if (line.clamp === 'threshold') return threshold;
  const raw = rawAmount(line, choice);
  const { divisor } = choice;
  const annual = divisor === undefined ? raw : (raw?.div(divisor) ?? null);
  const before = line.monthBefore ?? null;
  const steps: ExplanationStep[] = [
    ...threshold,
    ...(before === null ? [] : [{ step: 'month' as const, before, result: null }]),
    {
      step: 'compute',
      formula: choice.formula,
      metric: line.metric,
      arithmetic: arithmeticOf(line, choice.formula),
      result: raw?.toString() ?? null,
    },
    ...(divisor === undefined
      ? []
      : [{ step: 'divide' as const, divisor, result: annual?.toString() ?? null }]),
    ...boundSteps(line, choice, annual),
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

/** The amount before division and bounds, where the metric alone gives it. */
function rawAmount(line: ExplainedLine, choice: FeeChoice): Decimal | null {
  const { formula } = choice;
  const factor = factorOf(formula);
  if (formula.kind === 'flat') return factor;
  if (formula.kind === 'amountTier' || formula.kind === 'quantityTier') {
    return progressively(formula.tiers, new Decimal(line.metric));
  }
  if (isMonthly(formula) && !choice.sumExecutions) {
    return amountInMonth(formula, new Decimal(line.metric), new Decimal(line.monthBefore ?? 0));
  }
  if (factor !== null && !choice.sumExecutions) return factor.times(line.metric);
  const isExact = line.clamp === '' && choice.divisor === undefined;
  return isExact || choice.sumExecutions ? new Decimal(line.exact) : null;
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
function boundSteps(
  line: ExplainedLine,
  choice: FeeChoice,
  raw: Decimal | null,
): ExplanationStep[] {
  // With sumExecutions the bounds of each execution are inside the sum.
  if (choice.sumExecutions) return [];
  let value = raw;
  const step = (kind: 'min' | 'max' | 'cap', bound: string | null): ExplanationStep[] => {
    if (bound === null) return [];
    const isDeciding = line.clamp === kind;
    if (isDeciding) value = new Decimal(line.exact);
    else if (kind === 'min' && value?.lt(bound) === true) value = new Decimal(bound);
    else if (kind === 'max' && value?.gt(bound) === true) value = new Decimal(bound);
    return [{ step: kind, bound, isDeciding, result: value?.toString() ?? null }];
  };
  const minimum = (): ExplanationStep[] => step('min', choice.minWaived ? null : choice.min);
  const upper = (): ExplanationStep[] => [
    ...step('max', choice.max),
    ...step('cap', choice.capRate),
  ];
  return choice.minBeatsMax ? [...upper(), ...minimum()] : [...minimum(), ...upper()];
}
