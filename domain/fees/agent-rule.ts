import type { FeeRule } from './fee-rule.ts';
import { invalidRule } from './fee-rule-meaning.ts';
import { isMonthly } from './monthly-formulas.ts';

/** What only clients pay by: a month of an account says nothing of the house. */
export function assertAgentRule({ formula }: FeeRule): void {
  if (isMonthly(formula)) {
    throw invalidRule('formula', 'agents charge no tiers by the month', formula.kind);
  }
}
