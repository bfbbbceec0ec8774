import { isBusy, nextStep, type FlowState } from './flow-state.ts';
import { no, type Refusal } from './guards.ts';

/**
 * What the day cut needs: every flow of the open date COMPLETED, nothing running, a fresh token.
 */
export function dayCutRefusal(day: {
  readonly isOpenDate: boolean;
  readonly ledgerDate: string;
  readonly flows: readonly FlowState[];
  readonly confirmToken: string;
  readonly confirmTokenSeen: string | undefined;
}): Refusal | undefined {
  if (!day.isOpenDate) return no('LEDGER_DATE_NOT_CURRENT', { ledgerDate: day.ledgerDate });
  const busy = day.flows.find((flow) => isBusy(flow.mode));
  if (busy) return no('STEP_IN_PROGRESS', { flow: busy.flow, mode: busy.mode });
  const unfinished = day.flows.filter((flow) => flow.mode !== 'COMPLETED');
  if (unfinished.length > 0) {
    return no('PREVIOUS_FLOW_NOT_DONE', {
      flows: unfinished.map((flow) => ({ flow: flow.flow, mode: flow.mode, next: nextStep(flow) })),
    });
  }
  return day.confirmTokenSeen === day.confirmToken
    ? undefined
    : no('CONFIRM_TOKEN_MISMATCH', { confirmTokenSeen: day.confirmTokenSeen ?? null });
}

/**
 * Changes with every command, change of mode and revoke of any flow of the date, so that the day is
 * cut in the state that the operator looked at, or not at all.
 */
export const confirmTokenOf = (ledgerDate: string, flows: readonly FlowState[]): string =>
  [ledgerDate, ...flows.map((flow) => `${flow.flow}.${flow.generation}.${flow.revision}`)].join(
    ':',
  );
