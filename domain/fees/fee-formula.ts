import { Decimal, ZERO } from '../money/decimal.ts';
import type { FeeFormula } from './fee-rule.ts';
import type { MonthlyFormula } from './monthly-formulas.ts';
import type { LineTerms } from './tariff-plan.ts';

/** The executions on which one line is computed. `base` is in the currency of the rule. */
export interface FeeGroup {
  readonly executions: readonly { readonly quantity: Decimal; readonly price: Decimal }[];
  readonly quantity: Decimal;
  /** Consideration, already converted where the rule is in another currency. */
  readonly base: Decimal;
}

/** The month's counters, in numbers that formulas can use. */
export interface MonthState {
  readonly ordersBefore: Decimal;
  readonly sharesBefore: Decimal;
  /** In the currency of the rule. */
  readonly turnoverBefore: Decimal;
}

export interface FormulaResult {
  readonly metric: Decimal;
  /** Exact: before bounds and rounding. */
  readonly amount: Decimal;
}

/** Formulas that need nothing but the group. */
type ProportionalFormula = Exclude<FeeFormula, MonthlyFormula | { readonly kind: 'remainder' }>;

/** What a formula gives for a group, exactly. */
export function evaluateFormula(
  formula: ProportionalFormula,
  terms: LineTerms,
  group: FeeGroup,
): FormulaResult {
  const factor = terms.factor ?? ZERO;
  switch (formula.kind) {
    case 'rate':
    case 'perMillion':
      return { metric: group.base, amount: group.base.times(factor) };
    case 'flat':
      return { metric: new Decimal(1), amount: factor };
    case 'perContract':
      return { metric: group.quantity, amount: group.quantity.times(factor) };
    case 'perShare': {
      const shares =
        formula.skipBelowAmount === true ? sharesAtOrAbove(group, factor) : group.quantity;
      return { metric: shares, amount: shares.times(factor) };
    }
  }
}

/** FINRA charges no activity fee on an execution whose price is below the per-share rate. */
const sharesAtOrAbove = (group: FeeGroup, amount: Decimal): Decimal =>
  group.executions.reduce(
    (sum, { quantity, price }) => (price.lt(amount) ? sum : sum.plus(quantity)),
    ZERO,
  );
