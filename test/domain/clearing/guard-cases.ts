import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import type { DayFacts, GuardedCommand } from '../../../domain/clearing/guards.ts';
import type { StepId, StepStatus } from '../../../domain/clearing/steps.ts';

export const MON_2025_12_22 = parseBusinessDate('2025-12-22');

export const idle: FlowState = {
  ledgerDate: MON_2025_12_22,
  flow: 'HK',
  mode: 'IDLE',
  readiness: 'PASSED',
  generation: 1,
  revision: 3,
  steps: {},
  tradesFrozen: false,
  revokeUnfinished: false,
  startedBy: null,
  startedAt: null,
};
export const openDay: DayFacts = {
  isOpenDate: true,
  unfinishedEarlierFlows: [],
  busyFlows: [],
  hasUnreversedJournals: false,
  dayEndBegun: false,
  cutoffReached: true,
  cutoffAt: '2025-12-22T09:00:00.000Z',
  failedReadinessItems: [],
};
export const upTo = (last: StepId): Partial<Record<StepId, StepStatus>> => {
  const all: StepId[] = ['sync', 'preCheck', 'billing', 'posting', 'settlement'];
  const done = all.slice(0, all.indexOf(last) + 1);
  return Object.fromEntries(done.map((step) => [step, 'SUCCEEDED']));
};
export const billed: Partial<FlowState> = { mode: 'PAUSED', steps: upTo('billing') };
const posted: Partial<FlowState> = { mode: 'PAUSED', steps: upTo('posting') };
export const completed: Partial<FlowState> = { mode: 'COMPLETED', steps: upTo('settlement') };
export const dayEndDone: Partial<FlowState> = {
  flow: 'day-end',
  mode: 'COMPLETED',
  steps: { dataSummary: 'SUCCEEDED' },
};

export type Case = [
  name: string,
  command: GuardedCommand,
  flow: Partial<FlowState>,
  day: Partial<DayFacts>,
  code: string | undefined,
];

export const CASES: readonly Case[] = [
  ['an idle flow with readiness starts', { kind: 'start' }, {}, {}, undefined],
  [
    'a running flow does not start again',
    { kind: 'start' },
    { mode: 'AUTO_RUNNING' },
    {},
    'ALREADY_RUNNING',
  ],
  [
    'a pausing flow does not start',
    { kind: 'start' },
    { mode: 'PAUSE_REQUESTED' },
    {},
    'ALREADY_RUNNING',
  ],
  [
    'a single step under way blocks a start',
    { kind: 'start' },
    { mode: 'STEP_RUNNING' },
    {},
    'STEP_IN_PROGRESS',
  ],
  ['a completed flow has nothing to run', { kind: 'start' }, completed, {}, 'NOTHING_TO_RUN'],
  [
    'no readiness, no start',
    { kind: 'start' },
    { readiness: 'NOT_RUN' },
    {},
    'READINESS_NOT_PASSED',
  ],
  [
    'stale readiness, no start',
    { kind: 'start' },
    { readiness: 'STALE' },
    {},
    'READINESS_NOT_PASSED',
  ],
  [
    'an earlier flow comes first',
    { kind: 'start' },
    {},
    { unfinishedEarlierFlows: ['US'] },
    'PREVIOUS_FLOW_NOT_DONE',
  ],
  [
    'sync waits for the cutoff',
    { kind: 'start' },
    {},
    { cutoffReached: false },
    'CUTOFF_NOT_REACHED',
  ],
  [
    'later steps do not',
    { kind: 'start' },
    { mode: 'PAUSED', steps: upTo('sync') },
    { cutoffReached: false },
    undefined,
  ],
  ['a closed flow refuses', { kind: 'start' }, { mode: 'CLOSED' }, {}, 'LEDGER_DATE_NOT_CURRENT'],
  ['a cut date refuses', { kind: 'start' }, {}, { isOpenDate: false }, 'LEDGER_DATE_NOT_CURRENT'],
  ['a stale screen is told so', { kind: 'start', revision: 2 }, {}, {}, 'VERSION_CONFLICT'],
  [
    'the state is judged before the revision',
    { kind: 'start', revision: 2 },
    { mode: 'AUTO_RUNNING' },
    {},
    'ALREADY_RUNNING',
  ],
  ['a pause needs a running flow', { kind: 'pause' }, {}, {}, 'NOTHING_TO_PAUSE'],
  ['a pause may repeat', { kind: 'pause' }, { mode: 'PAUSE_REQUESTED' }, {}, undefined],
  [
    'a pause ignores the revision',
    { kind: 'pause', revision: 1 },
    { mode: 'AUTO_RUNNING' },
    {},
    undefined,
  ],
  [
    'sync may repeat before billing',
    { kind: 'runStep', step: 'sync' },
    { mode: 'PAUSED', steps: upTo('preCheck') },
    {},
    undefined,
  ],
  [
    'sync after billing needs a revoke',
    { kind: 'runStep', step: 'sync' },
    billed,
    {},
    'RESYNC_AFTER_BILLING_REQUIRES_REVOKE',
  ],
  [
    'sync of frozen trades is closed',
    { kind: 'runStep', step: 'sync' },
    { tradesFrozen: true },
    {},
    'SUPPLEMENT_WINDOW_CLOSED',
  ],
  [
    'a check after billing does not repeat',
    { kind: 'runStep', step: 'preCheck' },
    billed,
    {},
    'STEP_NOT_REPEATABLE',
  ],
  [
    'billing repeats until posting begins',
    { kind: 'runStep', step: 'billing' },
    billed,
    {},
    undefined,
  ],
  [
    'billing does not repeat after it',
    { kind: 'runStep', step: 'billing' },
    posted,
    {},
    'STEP_NOT_REPEATABLE',
  ],
  ['posting books once', { kind: 'runStep', step: 'posting' }, posted, {}, 'STEP_NOT_REPEATABLE'],
  [
    'a failed posting goes on',
    { kind: 'runStep', step: 'posting' },
    { mode: 'PAUSED_ON_ERROR', steps: { ...upTo('billing'), posting: 'FAILED' } },
    {},
    undefined,
  ],
  [
    'no step before its predecessor',
    { kind: 'runStep', step: 'billing' },
    { mode: 'PAUSED', steps: upTo('sync') },
    {},
    'PREDECESSOR_NOT_DONE',
  ],
  [
    'a step of another flow is unknown',
    { kind: 'runStep', step: 'dataSummary' },
    {},
    {},
    'NOT_FOUND',
  ],
  [
    'a summary repeats until the cut',
    { kind: 'runStep', step: 'dataSummary' },
    dayEndDone,
    {},
    undefined,
  ],
  ['readiness repeats before sync', { kind: 'readiness' }, { readiness: 'BLOCKED' }, {}, undefined],
  [
    'readiness is closed once sync is done',
    { kind: 'readiness' },
    { mode: 'PAUSED', steps: upTo('sync') },
    {},
    'STEP_NOT_REPEATABLE',
  ],
  [
    'readiness runs again after a revoke',
    { kind: 'readiness' },
    { readiness: 'STALE', steps: upTo('sync') },
    {},
    undefined,
  ],
  [
    'readiness waits for earlier flows',
    { kind: 'readiness' },
    {},
    { unfinishedEarlierFlows: ['US'] },
    'PREVIOUS_FLOW_NOT_DONE',
  ],
  [
    'nothing starts beside another busy flow',
    { kind: 'start' },
    {},
    { busyFlows: [{ flow: 'US', mode: 'REVOKING' }] },
    'STEP_IN_PROGRESS',
  ],
  [
    'nor does a single step',
    { kind: 'runStep', step: 'sync' },
    {},
    { busyFlows: [{ flow: 'US', mode: 'AUTO_RUNNING' }] },
    'STEP_IN_PROGRESS',
  ],
  [
    'readiness moves nothing and may run beside one',
    { kind: 'readiness' },
    { readiness: 'STALE' },
    { busyFlows: [{ flow: 'US', mode: 'REVOKING' }] },
    undefined,
  ],
];
