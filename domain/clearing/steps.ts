/**
 * The table of steps: which flow runs what, in which order, and what an operator reads. Step ids
 * follow the field (sync = 数据同步 …); a flow is one market group or the day end.
 */
export const MARKET_STEPS = ['sync', 'preCheck', 'billing', 'posting', 'settlement'] as const;
/** This release's day end. Interest, checks after the summary and statements are not built yet. */
export const DAY_END_STEPS = ['dataSummary'] as const;

export type MarketStep = (typeof MARKET_STEPS)[number];
export type DayEndStep = (typeof DAY_END_STEPS)[number];
export type StepId = MarketStep | DayEndStep;

/** Revoke undoes by runs of its own, so that undoing is sharded, fenced and resumable as well. */
export type UndoStep = 'undoSettlement' | 'undoPosting';
export type RunnableStep = StepId | UndoStep;

export type FlowKind = 'market' | 'dayEnd';
export const DAY_END_FLOW = 'day-end';

export const FLOW_MODES = [
  'IDLE',
  'AUTO_RUNNING',
  'PAUSE_REQUESTED',
  'PAUSED',
  'PAUSED_ON_ERROR',
  'STEP_RUNNING',
  'COMPLETED',
  'REVOKING',
  'CLOSED',
] as const;
export type FlowMode = (typeof FLOW_MODES)[number];

export type ReadinessState = 'NOT_RUN' | 'RUNNING' | 'BLOCKED' | 'PASSED' | 'STALE';

export type StepStatus =
  | 'NOT_STARTED'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'SUCCEEDED_EMPTY'
  | 'FAILED'
  | 'BLOCKED_BY_CHECK'
  | 'INVALIDATED';

export type StepRunStatus = Exclude<StepStatus, 'NOT_STARTED' | 'INVALIDATED'>;

export const isDone = (status: StepStatus | undefined): boolean =>
  status === 'SUCCEEDED' || status === 'SUCCEEDED_EMPTY';

export const flowKindOf = (flow: string): FlowKind => (flow === DAY_END_FLOW ? 'dayEnd' : 'market');

export const stepsOf = (flow: string): readonly StepId[] =>
  flowKindOf(flow) === 'dayEnd' ? DAY_END_STEPS : MARKET_STEPS;

export const STEP_NAMES: Readonly<Record<RunnableStep, { en: string; zhHans: string }>> = {
  sync: { en: 'Data synchronization', zhHans: '数据同步' },
  preCheck: { en: 'Pre-clearing check', zhHans: '清算前检查' },
  billing: { en: 'Clearing billing', zhHans: '清算计费' },
  posting: { en: 'Clearing posting', zhHans: '清算入账' },
  settlement: { en: 'Clearing settlement', zhHans: '清算交收' },
  dataSummary: { en: 'Data aggregation', zhHans: '数据汇总' },
  undoSettlement: { en: 'Undo settlement', zhHans: '回撤交收' },
  undoPosting: { en: 'Undo posting', zhHans: '回撤入账' },
};
