import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';

/** A rule of the package `any` in Hong Kong, by order and to the cent, from 22 December 2025 on. */
export const anyRule = (changes: Partial<FeeRule> & Pick<FeeRule, 'formula'>): FeeRule => ({
  ruleId: 1,
  feeCode: 'ANY',
  market: 'HK',
  scheduleId: 'any',
  version: 1,
  effectiveFrom: parseBusinessDate('2025-12-22'),
  sides: 'BOTH',
  unit: 'order',
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  ...changes,
});
