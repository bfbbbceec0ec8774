import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import type { FeeGroup, MonthState } from './fee-formula.ts';
import type { MonthlyFormula } from './monthly-formulas.ts';
import type { OrderToPrice, TariffLine } from './tariff-plan.ts';

/**
 * What the month held before a contract, in the currency of the rule. Throws UNSUPPORTED when
 * nobody counted it: better no bill than one from zero.
 */
export function monthBefore(line: TariffLine, order: OrderToPrice, fxRate: Decimal): MonthState {
  if (order.monthToDate === undefined) {
    const { feeCode } = line;
    const why = 'tiers by the calendar month need what the account traded before';
    throw new ClearingError('UNSUPPORTED', { why, feeCode });
  }
  const { ordersBefore, sharesBefore, turnoverBefore } = order.monthToDate(line);
  return {
    ordersBefore: new Decimal(ordersBefore ?? 0),
    sharesBefore: parseDecimal(sharesBefore ?? '0', 'sharesBefore'),
    turnoverBefore: parseDecimal(turnoverBefore ?? '0', 'turnoverBefore').times(fxRate),
  };
}

/**
 * Where each part of a contract begins in the month: behind the parts before it, so that parts that
 * are priced apart cost what they would as one. Tiers of the next trading day stay where they are.
 */
export function monthPositions(
  formula: MonthlyFormula,
  before: MonthState,
  parts: readonly { readonly group: FeeGroup; readonly orderIndex: number | null }[],
): readonly MonthState[] {
  if (formula.kind === 'turnoverTier' && formula.mode === 'next-day') {
    return parts.map(() => before);
  }
  let { sharesBefore, turnoverBefore } = before;
  return parts.map(({ group, orderIndex }) => {
    const ordersBefore = before.ordersBefore.plus(orderIndex ?? 0);
    const position = { ordersBefore, sharesBefore, turnoverBefore };
    sharesBefore = sharesBefore.plus(group.quantity);
    turnoverBefore = turnoverBefore.plus(group.base);
    return position;
  });
}
