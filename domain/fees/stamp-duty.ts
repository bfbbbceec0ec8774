import type { BusinessDate } from '../calendar/business-date.ts';
import { isBusy, statusOf, type FlowState } from '../clearing/flow-state.ts';
import type { Refusal } from '../clearing/guards.ts';
import { isDone } from '../clearing/steps.ts';

/**
 * What a person says about the stamp duty of an instrument, beside the flag of the master data,
 * which it neither changes nor is changed by. Dated by trade date; both ends belong to it.
 */
export interface StampDutyEdit {
  readonly editNo: number;
  readonly instrumentId: string;
  /** null: the flag of the master data counts again. */
  readonly exempt: boolean | null;
  readonly effectiveFrom: BusinessDate;
  readonly expiresOn: BusinessDate;
}

/** The newest edit that covers the trade date, or undefined: then the master data alone counts. */
export function editOn<E extends StampDutyEdit>(
  edits: readonly E[],
  tradeDate: BusinessDate,
): E | undefined {
  return edits
    .filter(({ effectiveFrom, expiresOn }) => effectiveFrom <= tradeDate && tradeDate <= expiresOn)
    .reduce<E | undefined>(
      (newest, edit) => (newest !== undefined && newest.editNo > edit.editNo ? newest : edit),
      undefined,
    );
}

/**
 * Why an exemption may not be edited now; undefined when it may: before the trades that it is about
 * are billed, and while nothing of their flow runs. `isAhead` says that it begins after the ledger
 * date, so that no trade of today is meant; `isBooked` that a contract of the instrument counts for
 * one of its trade dates, also one that outlived a revoke.
 */
export function stampDutyRefusal(
  flow: FlowState,
  { isAhead, isBooked }: { readonly isAhead: boolean; readonly isBooked: boolean },
): Refusal | undefined {
  if (isAhead) return undefined;
  const billing = statusOf(flow, 'billing');
  if (isBooked || isDone(billing)) {
    return { code: 'INSTRUMENT_ALREADY_BILLED', details: { flow: flow.flow, billing } };
  }
  const { mode } = flow;
  return isBusy(mode)
    ? { code: 'STEP_IN_PROGRESS', details: { flow: flow.flow, mode, hint: 'pause first' } }
    : undefined;
}
