import { statusOf, type FlowState } from './flow-state.ts';
import { DAY_END_FLOW, isDone, type StepId } from './steps.ts';

/** NO_OP keeps postings; UNDO posts exact reversals of every journal of the flow on the date. */
export const ASSET_ROLLBACKS = ['NO_OP', 'UNDO'] as const;
export type AssetRollback = (typeof ASSET_ROLLBACKS)[number];

/** NO_OP freezes the set of trades; ADD_TO_CLEARING lets supplements join the re-run. */
export const SUPPLEMENTS_OPTIONS = ['NO_OP', 'ADD_TO_CLEARING'] as const;
export type SupplementsOption = (typeof SUPPLEMENTS_OPTIONS)[number];

export interface RevokeOptions {
  readonly assetRollback: AssetRollback;
  readonly supplements: SupplementsOption;
}

/** The steps that no longer count after a revoke; a re-run begins with the first of them. */
export function stepsToRepeat(flow: string, { supplements }: RevokeOptions): readonly StepId[] {
  if (flow === DAY_END_FLOW) return ['dataSummary'];
  const derived: StepId[] = ['billing', 'posting', 'settlement'];
  return supplements === 'ADD_TO_CLEARING' ? ['sync', 'preCheck', ...derived] : derived;
}

/** Whether the contracts of the flow are dropped and priced again: unless they were posted. */
export const dropsContracts = (flow: FlowState, { assetRollback }: RevokeOptions): boolean =>
  assetRollback === 'UNDO' || !isDone(statusOf(flow, 'posting'));

/** The flow as a revoke leaves it. */
export function revoked(flow: FlowState, options: RevokeOptions): FlowState {
  const repeated = stepsToRepeat(flow.flow, options).filter(
    (step) => statusOf(flow, step) !== 'NOT_STARTED',
  );
  return {
    ...flow,
    mode: 'IDLE',
    readiness: 'STALE',
    generation: flow.generation + 1,
    steps: { ...flow.steps, ...Object.fromEntries(repeated.map((step) => [step, 'INVALIDATED'])) },
    tradesFrozen:
      flow.flow === DAY_END_FLOW ? flow.tradesFrozen : options.supplements !== 'ADD_TO_CLEARING',
    revokeUnfinished: false,
    startedBy: null,
    startedAt: null,
  };
}
