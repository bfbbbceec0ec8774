export const READINESS_ITEMS = ['ready_calendar', 'ready_market_rule', 'ready_trade_file'] as const;
export type ReadinessItem = (typeof READINESS_ITEMS)[number];

export interface ReadinessResult {
  readonly item: ReadinessItem;
  /** 0 tips; 1 blocks until it is passed, in truth or by a ticket; 2 blocks until it is true. */
  readonly severity: number;
  readonly passed: boolean;
  /** What is missing, by name, so that a person can mend it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A failed item of severity 1 or 2 blocks; one of severity 0 is only shown. */
export const readinessVerdict = (
  results: readonly Pick<ReadinessResult, 'severity' | 'passed'>[],
): 'PASSED' | 'BLOCKED' =>
  results.some(({ passed, severity }) => !passed && severity >= 1) ? 'BLOCKED' : 'PASSED';
