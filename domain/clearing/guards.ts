import type { ErrorCode } from '../errors/error-catalogue.ts';
import type { CommandKind } from './commands.ts';
import { hasBegun, isBusy, nextStep, statusOf, type FlowState } from './flow-state.ts';
import type { AssetRollback, SupplementsOption } from './revoke-rules.ts';
import { DAY_END_FLOW, isDone, stepsOf, type FlowMode, type StepId } from './steps.ts';

/*
 * The rules that say whether a command may be carried out. They run three times: in the API (on
 * PostgreSQL), in the workflow's validator (on its copy of the flow) and decisively in the activity
 * that opens the work, under lock. Order of checks: state, then order of flows and dates, then the
 * revision that the screen showed.
 */

/** A command as a guard sees it. */
export interface GuardedCommand {
  readonly kind: CommandKind;
  readonly revision?: number | undefined;
  readonly step?: StepId | undefined;
  readonly assetRollback?: AssetRollback | undefined;
  readonly supplements?: SupplementsOption | undefined;
}

/** Facts beyond the flow itself; a workflow does not know them and passes undefined. */
export interface DayFacts {
  readonly isOpenDate: boolean;
  /** Flows that come before this one and are not COMPLETED. */
  readonly unfinishedEarlierFlows: readonly string[];
  /** Other flows of the date with something under way: one flow at a time moves the books. */
  readonly busyFlows: readonly { readonly flow: string; readonly mode: FlowMode }[];
  /** True while journals that this flow booked on the date stand, of whatever generation. */
  readonly hasUnreversedJournals: boolean;
  /** True once a step of the day end has begun and was not revoked. */
  readonly dayEndBegun: boolean;
  /** True once the flow may begin: at the cutoff, or when the session of overnight markets ended. */
  readonly cutoffReached: boolean;
  /** When that is, or was. */
  readonly cutoffAt: string;
  readonly failedReadinessItems: readonly string[];
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

export const no = (code: ErrorCode, details: Readonly<Record<string, unknown>> = {}): Refusal => ({
  code,
  details,
});

/** Why the command must be refused; undefined when it may be carried out. */
export function refusalOf(
  command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): Refusal | undefined {
  return (
    closedRefusal(flow, day) ??
    unfinishedRefusal(command, flow) ??
    STATE_RULES[command.kind](command, flow, day) ??
    staleRefusal(command, flow)
  );
}

function closedRefusal(flow: FlowState, day: DayFacts | undefined): Refusal | undefined {
  return flow.mode === 'CLOSED' || day?.isOpenDate === false
    ? no('LEDGER_DATE_NOT_CURRENT', { ledgerDate: flow.ledgerDate })
    : undefined;
}

function unfinishedRefusal(command: GuardedCommand, flow: FlowState): Refusal | undefined {
  return flow.revokeUnfinished && !isBusy(flow.mode) && command.kind !== 'revoke'
    ? no('REVOKE_UNFINISHED', { mode: flow.mode })
    : undefined;
}

/** A pause is fail-safe and needs no fresh screen. */
function staleRefusal(command: GuardedCommand, flow: FlowState): Refusal | undefined {
  const seen = command.revision;
  return command.kind !== 'pause' && seen !== undefined && seen !== flow.revision
    ? no('VERSION_CONFLICT', { revisionSeen: seen, revision: flow.revision })
    : undefined;
}

type StateRule = (
  command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
) => Refusal | undefined;

const STATE_RULES: Readonly<Record<CommandKind, StateRule>> = {
  readiness: readinessRefusal,
  start: startRefusal,
  pause: pauseRefusal,
  runStep: runStepRefusal,
  revoke: revokeRefusal,
  // The day cut speaks to the ledger day, not to a flow: see dayCutRefusal.
  dayCut: () => no('UNSUPPORTED', { command: 'dayCut' }),
};

function busyRefusal(flow: FlowState): Refusal | undefined {
  if (!isBusy(flow.mode)) return undefined;
  const running = stepsOf(flow.flow).find((step) => statusOf(flow, step) === 'RUNNING');
  return no('STEP_IN_PROGRESS', {
    mode: flow.mode,
    ...(running ? { step: running } : {}),
    hint: 'pause first',
  });
}

function orderRefusal(day: DayFacts | undefined): Refusal | undefined {
  return day && day.unfinishedEarlierFlows.length > 0
    ? no('PREVIOUS_FLOW_NOT_DONE', { flows: day.unfinishedEarlierFlows })
    : undefined;
}

/** A pause of this flow would not help: the other one has to end, or be paused. */
function othersBusyRefusal(day: DayFacts | undefined): Refusal | undefined {
  const [busy] = day?.busyFlows ?? [];
  return busy && no('STEP_IN_PROGRESS', { ...busy, hint: 'wait until that flow rests' });
}

function cutoffRefusal(day: DayFacts | undefined): Refusal | undefined {
  return day?.cutoffReached === false
    ? no('CUTOFF_NOT_REACHED', { cutoffAt: day.cutoffAt })
    : undefined;
}

function readinessRefusal(
  _command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): Refusal | undefined {
  const [first] = stepsOf(flow.flow);
  const begun = first !== undefined && isDone(statusOf(flow, first));
  if (flow.mode === 'COMPLETED' || (begun && flow.readiness === 'PASSED')) {
    return (
      busyRefusal(flow) ?? no('STEP_NOT_REPEATABLE', { step: 'readiness', startedWith: first })
    );
  }
  return busyRefusal(flow) ?? orderRefusal(day);
}

function readinessGate(flow: FlowState, day: DayFacts | undefined): Refusal | undefined {
  return flow.readiness === 'PASSED'
    ? undefined
    : no('READINESS_NOT_PASSED', {
        readiness: flow.readiness,
        failedItems: day?.failedReadinessItems ?? [],
      });
}

function startRefusal(
  _command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): Refusal | undefined {
  if (flow.mode === 'AUTO_RUNNING' || flow.mode === 'PAUSE_REQUESTED') {
    return no('ALREADY_RUNNING', { startedBy: flow.startedBy, startedAt: flow.startedAt });
  }
  if (flow.mode === 'COMPLETED') return no('NOTHING_TO_RUN', { mode: flow.mode });
  return (
    busyRefusal(flow) ??
    orderRefusal(day) ??
    othersBusyRefusal(day) ??
    readinessGate(flow, day) ??
    firstStepRefusal(flow, day)
  );
}

/**
 * The cutoff guards only the step that reads the front office (sync) or the whole day (day end).
 */
function firstStepRefusal(flow: FlowState, day: DayFacts | undefined): Refusal | undefined {
  const next = nextStep(flow);
  return next === stepsOf(flow.flow)[0] ? cutoffRefusal(day) : undefined;
}

function pauseRefusal(_command: GuardedCommand, flow: FlowState): Refusal | undefined {
  return flow.mode === 'AUTO_RUNNING' || flow.mode === 'PAUSE_REQUESTED'
    ? undefined
    : no('NOTHING_TO_PAUSE', { mode: flow.mode });
}

function runStepRefusal(
  command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): Refusal | undefined {
  const step = command.step;
  if (step === undefined || !stepsOf(flow.flow).includes(step)) {
    return no('NOT_FOUND', { flow: flow.flow, step });
  }
  const [first] = stepsOf(flow.flow);
  return (
    busyRefusal(flow) ??
    repeatRefusal(flow, step) ??
    orderRefusal(day) ??
    othersBusyRefusal(day) ??
    readinessGate(flow, day) ??
    predecessorRefusal(flow, step) ??
    (step === first ? cutoffRefusal(day) : undefined)
  );
}

/** What may run again: checks and derived rows until something final was built on them. */
function repeatRefusal(flow: FlowState, step: StepId): Refusal | undefined {
  const billed = isDone(statusOf(flow, 'billing'));
  const postingBegun = !['NOT_STARTED', 'INVALIDATED'].includes(statusOf(flow, 'posting'));
  switch (step) {
    case 'sync':
      if (billed) return no('RESYNC_AFTER_BILLING_REQUIRES_REVOKE', { step });
      return flow.tradesFrozen
        ? no('SUPPLEMENT_WINDOW_CLOSED', { step, because: 'a revoke froze the trades' })
        : undefined;
    case 'preCheck':
      return billed ? no('STEP_NOT_REPEATABLE', { step, because: 'billing is done' }) : undefined;
    case 'billing':
      return postingBegun
        ? no('STEP_NOT_REPEATABLE', { step, because: 'posting has begun' })
        : undefined;
    case 'posting':
    case 'settlement':
      return isDone(statusOf(flow, step))
        ? no('STEP_NOT_REPEATABLE', { step, because: 'it would book twice' })
        : undefined;
    case 'dataSummary':
      return undefined;
  }
}

function predecessorRefusal(flow: FlowState, step: StepId): Refusal | undefined {
  const steps = stepsOf(flow.flow);
  const missing = steps.slice(0, steps.indexOf(step)).find((s) => !isDone(statusOf(flow, s)));
  return missing === undefined
    ? undefined
    : no('PREDECESSOR_NOT_DONE', { step, predecessor: missing, status: statusOf(flow, missing) });
}

function revokeRefusal(
  command: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): Refusal | undefined {
  const busy = busyRefusal(flow);
  if (busy) return busy;
  if (flow.revokeUnfinished) return othersBusyRefusal(day);
  if (flow.flow === DAY_END_FLOW) {
    return hasBegun(flow, 'dataSummary')
      ? othersBusyRefusal(day)
      : no('NOTHING_TO_REVOKE', { flow: flow.flow });
  }
  if (day?.dayEndBegun) return no('REVOKE_ORDER', { first: DAY_END_FLOW });
  if (!changesSomething(command, flow, day)) {
    return no('NOTHING_TO_REVOKE', { flow: flow.flow, steps: flow.steps });
  }
  const isPosted = isDone(statusOf(flow, 'posting'));
  if (hasBegun(flow, 'posting') && !isPosted && command.assetRollback !== 'UNDO') {
    return no('REVOKE_NEEDS_UNDO', { posting: statusOf(flow, 'posting') });
  }
  return othersBusyRefusal(day);
}

/**
 * A revoke has something to do for bills or postings of this generation, for postings that an
 * earlier revoke kept, and for a set of trades that one froze.
 */
function changesSomething(
  { assetRollback, supplements }: GuardedCommand,
  flow: FlowState,
  day: DayFacts | undefined,
): boolean {
  // A workflow cannot see the books; only after a revoke can they hold more than its steps say.
  const mayStand = day?.hasUnreversedJournals ?? flow.generation > 1;
  return (
    isDone(statusOf(flow, 'billing')) ||
    hasBegun(flow, 'posting') ||
    (assetRollback === 'UNDO' && mayStand) ||
    (supplements === 'ADD_TO_CLEARING' && flow.tradesFrozen)
  );
}

/** The commands that a guard would let through now: what a screen offers. */
export function allowedCommands(flow: FlowState, day: DayFacts): readonly string[] {
  const may = (command: GuardedCommand): boolean => refusalOf(command, flow, day) === undefined;
  const steps = stepsOf(flow.flow).filter((step) => may({ kind: 'runStep', step }));
  const widest = { assetRollback: 'UNDO', supplements: 'ADD_TO_CLEARING' } as const;
  return [
    ...(['readiness', 'start', 'pause'] as const).filter((kind) => may({ kind })),
    ...steps.map((step) => `runStep:${step}`),
    ...(may({ kind: 'revoke', ...widest }) ? ['revoke'] : []),
    // A COMPLETED day end implies every market flow: none can be revoked before it.
    ...(flow.flow === DAY_END_FLOW && flow.mode === 'COMPLETED' && day.isOpenDate
      ? ['dayCut']
      : []),
  ];
}
