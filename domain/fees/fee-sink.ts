import type { FeeClamp, TariffLine } from './tariff-plan.ts';

/**
 * Receives one fee row: the line of the plan and its position, the positions of its execution (−1
 * for a row of an order or above) and of its order (of an EMS order the first one; −1 where there
 * is one order, and for a row of all), and the texts of FeeLine.
 */
export type FeeSink = (
  line: TariffLine,
  lineIndex: number,
  executionIndex: number,
  orderIndex: number,
  metric: string,
  exact: string,
  clamp: FeeClamp,
  amount: string,
  monthBefore?: string,
) => void;
