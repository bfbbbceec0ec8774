export const READINESS_ITEMS = ['ready_calendar', 'ready_market_rule', 'ready_trade_file'] as const;
export type ReadinessItem = (typeof READINESS_ITEMS)[number];

export interface ReadinessResult {
  readonly item: ReadinessItem;
  /** 0 tips; 1 blocks until it is passed, in truth or by a ticket; 2 blocks until it is true. */
  readonly severity: number;
  readonly passed: boolean;
  /** What is missing, by name, so that a person can mend it. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Digest of what is missing: a pass by hand is bound to it. '' when nothing is. */
  readonly evidenceHash: string;
}

type Judged = Pick<ReadinessResult, 'severity' | 'passed'>;

/**
 * A failed item of severity 2 blocks, and one of severity 1 unless what is missing was passed by
 * hand; one of severity 0 is only shown.
 */
export const readinessVerdict = <R extends Judged>(
  results: readonly R[],
  isPassedByHand: (result: R) => boolean,
): 'PASSED' | 'BLOCKED' =>
  results.some(
    (result) =>
      !result.passed &&
      (result.severity >= 2 || (result.severity === 1 && !isPassedByHand(result))),
  )
    ? 'BLOCKED'
    : 'PASSED';
