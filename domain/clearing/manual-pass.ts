import type { Refusal } from './guards.ts';

/*
 * 手动通过: a failed check, or a failed readiness item of severity 1, that two people accept as it is.
 * The pass holds for the evidence that they looked at, on its ledger date, through re-runs and
 * revokes; as soon as something else is found, the check fails again.
 */

export type PassKind = 'check' | 'readiness';

export const PASS_KEYS = {
  check: 'clearing.clearing_check.fix_result',
  readiness: 'clearing.before_clearing_ready.fix_result',
} as const satisfies Readonly<Record<PassKind, string>>;

/** What is known of the wish to pass something: waits for consent, was granted, was rejected. */
export const FIX_STATUSES = ['NONE', 'PENDING', 'MANUALLY_PASSED', 'REJECTED'] as const;
export type FixStatus = (typeof FIX_STATUSES)[number];

/** Names a check among those of its flow and ledger date, whichever run wrote the summary. */
export const checkItem = (check: {
  readonly taskCode: string;
  readonly market: string;
  readonly settlementChannel: string;
}): string => `${check.taskCode}/${check.market}/${check.settlementChannel}`;

/** Names what a ticket is about, among everything of its kind. */
export const passTargetId = (
  ref: { readonly ledgerDate: string; readonly flow: string },
  item: string,
): string => `${ref.ledgerDate}/${ref.flow}/${item}`;

/** A check or an item as its newest run found it. */
export interface Passable {
  /** Of the ledger date. */
  readonly isOpenDate: boolean;
  readonly passed: boolean;
  readonly passedByHand: boolean;
}

const no = (code: Refusal['code'], because: string): Refusal => ({ code, details: { because } });

/** Why there is nothing to pass by hand; undefined when there is. */
export function passRefusal({ isOpenDate, passed, passedByHand }: Passable): Refusal | undefined {
  if (!isOpenDate) return no('LEDGER_DATE_NOT_CURRENT', 'the ledger date is cut');
  if (passed) return no('MANUAL_PASS_NOT_NEEDED', 'it passed');
  return passedByHand ? no('MANUAL_PASS_NOT_NEEDED', 'it was passed by hand') : undefined;
}

/** As passRefusal; severity 0 blocks nothing, and severity 2 has to become true. */
export function readinessPassRefusal(
  item: Passable & { readonly severity: number; readonly evidenceHash: string },
): Refusal | undefined {
  const refusal = passRefusal(item);
  if (refusal) return refusal;
  if (item.severity < 1) return no('MANUAL_PASS_NOT_NEEDED', 'severity 0 blocks nothing');
  if (item.severity > 1) return no('MANUAL_PASS_REFUSED', 'severity 2 has to become true');
  return item.evidenceHash === ''
    ? no('MANUAL_PASS_REFUSED', 'found by an earlier release: run readiness again')
    : undefined;
}
