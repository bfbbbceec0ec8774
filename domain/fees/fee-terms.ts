import { Decimal } from '../money/decimal.ts';
import type { FeeFormula } from './fee-rule.ts';
import type { FeeChoice, LineTerms } from './tariff-plan.ts';

const decimalOrNull = (text: string | null): Decimal | null =>
  text === null ? null : new Decimal(text);

/** The constants of a choice, parsed once for all orders that it prices. */
export const termsOf = (choice: FeeChoice): LineTerms => ({
  factor: factorOf(choice.formula),
  threshold: decimalOrNull(choice.threshold ?? null),
  min: decimalOrNull(choice.min),
  max: decimalOrNull(choice.max),
  capRate: decimalOrNull(choice.capRate),
  floorPerLine: decimalOrNull(choice.floorPerLine),
});

/** What one metric is multiplied with; null for tiers and remainders. */
export function factorOf(formula: FeeFormula): Decimal | null {
  switch (formula.kind) {
    case 'rate':
    case 'ofFees':
      return new Decimal(formula.rate);
    case 'perMillion':
      return new Decimal(formula.amount).times('0.000001');
    case 'flat':
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
      return new Decimal(formula.amount);
    case 'amountTier':
    case 'quantityTier':
    case 'orderTier':
    case 'shareTier':
    case 'turnoverTier':
    case 'remainder':
      return null;
  }
}
