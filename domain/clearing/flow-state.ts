import type { BusinessDate } from '../calendar/business-date.ts';
import {
  isDone,
  stepsOf,
  type FlowMode,
  type ReadinessState,
  type StepId,
  type StepStatus,
} from './steps.ts';

export interface FlowRef {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
}

/** Where a flow stands. PostgreSQL holds the truth; a workflow carries a copy to judge by. */
export interface FlowState extends FlowRef {
  readonly mode: FlowMode;
  readonly readiness: ReadinessState;
  readonly generation: number;
  /** Counts commands and changes of mode, not progress. */
  readonly revision: number;
  readonly steps: Readonly<Partial<Record<StepId, StepStatus>>>;
  /** After a revoke with supplements NO_OP: the set of trades of this date is final. */
  readonly tradesFrozen: boolean;
  /** A revoke stopped half way: only revoking again (which goes on with it) is possible. */
  readonly revokeUnfinished: boolean;
  readonly startedBy: string | null;
  readonly startedAt: string | null;
}

export const statusOf = (flow: FlowState, step: StepId): StepStatus =>
  flow.steps[step] ?? 'NOT_STARTED';

/** False for a step that never ran and for one that no longer counts. */
export const hasBegun = (flow: FlowState, step: StepId): boolean =>
  !['NOT_STARTED', 'INVALIDATED'].includes(statusOf(flow, step));

/** The first step that is not done, in the order of the table; undefined = the flow is through. */
export const nextStep = (flow: FlowState): StepId | undefined =>
  stepsOf(flow.flow).find((step) => !isDone(flow.steps[step]));

/** True while something of the flow is being done, so that facts may not change under it. */
export const isBusy = (mode: FlowMode): boolean =>
  mode === 'AUTO_RUNNING' ||
  mode === 'PAUSE_REQUESTED' ||
  mode === 'STEP_RUNNING' ||
  mode === 'REVOKING';

/**
 * The mode after a step ended. A failure wins over a pause, and so does completion; a single step
 * goes back to PAUSED; else the chain goes on.
 */
export function modeAfterStep(
  mode: FlowMode,
  ended: { readonly succeeded: boolean; readonly flowIsThrough: boolean },
): FlowMode {
  if (!ended.succeeded) return 'PAUSED_ON_ERROR';
  if (ended.flowIsThrough) return 'COMPLETED';
  return mode === 'AUTO_RUNNING' ? 'AUTO_RUNNING' : 'PAUSED';
}
