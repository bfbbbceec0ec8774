import type { FeeFormula } from './fee-rule.ts';

/** Formulas that depend on what the account traded in the calendar month before. */
export const MONTHLY_FORMULAS = ['orderTier', 'shareTier', 'turnoverTier'] as const;

export type MonthlyFormula = Extract<
  FeeFormula,
  { readonly kind: (typeof MONTHLY_FORMULAS)[number] }
>;

export const isMonthly = (formula: FeeFormula): formula is MonthlyFormula =>
  (MONTHLY_FORMULAS as readonly string[]).includes(formula.kind);
