import { ApplicationFailure } from '@temporalio/common';
import type {
  BatchActivities,
  OpenedStep,
  OpsActivities,
  StepFailure,
} from '../../../activities/contract.ts';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FlowCommand } from '../../../domain/clearing/commands.ts';
import { modeAfterStep, nextStep, type FlowState } from '../../../domain/clearing/flow-state.ts';
import { refusalOf } from '../../../domain/clearing/guards.ts';
import type { StepId, UndoStep } from '../../../domain/clearing/steps.ts';

export const MON_2025_12_22 = parseBusinessDate('2025-12-22');

/** How many step runs a story may have. */
export const NUMBERS = 1000;

/** How a step behaves: how many shards, and what each of them does. */
export interface StepScript {
  readonly shards?: number;
  readonly work?: (shard: number) => Promise<void> | void;
}

export const businessFailure = (code: string): ApplicationFailure =>
  ApplicationFailure.create({ type: code, message: code, details: [{}], nonRetryable: true });

interface Run {
  readonly step: StepId | UndoStep;
  readonly shards: number;
}

/**
 * What the workflow asks of PostgreSQL, in memory: the same guards and transitions, no books. It
 * lets a test hold a step open and look at the flow meanwhile; the real activities are tested
 * against the real database elsewhere.
 */
export class MemoryFlow implements OpsActivities, BatchActivities {
  state: FlowState;
  readonly scripts: Partial<Record<StepId | UndoStep, StepScript>> = {};
  readonly outcomes = new Map<string, 'APPLIED' | 'REFUSED'>();
  readonly log: string[] = [];
  private readonly runs: Run[] = [];
  private running: number | undefined;
  private revokeUndoes = false;
  private readonly undone = new Set<UndoStep>();

  /** Of its first step run and of its revokes; flows on one stage have ranges of their own. */
  private readonly firstNumber: number;

  constructor(flow = 'HK', state: Partial<FlowState> = {}, firstNumber = 0) {
    this.firstNumber = firstNumber;
    this.state = {
      ledgerDate: MON_2025_12_22,
      flow,
      mode: 'IDLE',
      readiness: 'PASSED',
      generation: 1,
      revision: 1,
      steps: {},
      tradesFrozen: false,
      revokeUnfinished: false,
      startedBy: null,
      startedAt: null,
      ...state,
    };
  }

  hasNumber(id: number): boolean {
    return id >= this.firstNumber && id < this.firstNumber + NUMBERS;
  }

  private change(change: Partial<FlowState>): void {
    this.state = { ...this.state, ...change, revision: this.state.revision + 1 };
  }

  private point(
    step: StepId,
    status: 'RUNNING' | 'SUCCEEDED' | 'SUCCEEDED_EMPTY' | 'FAILED',
  ): void {
    this.state = { ...this.state, steps: { ...this.state.steps, [step]: status } };
  }

  private passes(command: FlowCommand): boolean {
    if (this.outcomes.has(command.commandId)) return false;
    const refusal = refusalOf(command, this.state, undefined);
    this.outcomes.set(command.commandId, refusal ? 'REFUSED' : 'APPLIED');
    this.log.push(`${command.kind} ${refusal?.code ?? 'applied'}`);
    return refusal === undefined;
  }

  async loadFlowState(): Promise<FlowState> {
    return this.state;
  }

  async runReadiness(_ref: unknown, command: FlowCommand): Promise<FlowState> {
    if (this.passes(command)) this.change({ readiness: 'PASSED' });
    return this.state;
  }

  async openStep(_ref: unknown, command: FlowCommand | null): Promise<OpenedStep> {
    if (this.running !== undefined) return this.work(this.running);
    if (command) {
      if (!this.passes(command)) return { kind: 'stop', flow: this.state };
      const mode = command.kind === 'start' ? 'AUTO_RUNNING' : 'STEP_RUNNING';
      this.change({ mode, startedBy: command.person });
      return this.open(command.step ?? nextStep(this.state));
    }
    if (this.state.mode === 'AUTO_RUNNING') return this.open(nextStep(this.state));
    if (this.state.mode === 'PAUSE_REQUESTED') this.change({ mode: 'PAUSED' });
    return { kind: 'stop', flow: this.state };
  }

  private open(step: StepId | UndoStep | undefined): OpenedStep {
    if (step === undefined) return { kind: 'stop', flow: this.state };
    const shards = this.scripts[step]?.shards ?? 1;
    const stepRunId = this.firstNumber + this.runs.push({ step, shards }) - 1;
    this.log.push(`open ${step}`);
    if (isStep(step)) this.point(step, shards === 0 ? 'SUCCEEDED_EMPTY' : 'RUNNING');
    if (shards > 0) {
      this.running = stepRunId;
      return this.work(stepRunId);
    }
    this.afterStep(true);
    return { kind: 'ended', flow: this.state };
  }

  private work(stepRunId: number): OpenedStep {
    const run = this.runs[stepRunId - this.firstNumber];
    if (!run) throw new Error(`no run ${String(stepRunId)}`);
    const shards = Array.from({ length: run.shards }, (_, shard) => shard);
    return { kind: 'work', flow: this.state, stepRunId, step: run.step, shards };
  }

  private afterStep(succeeded: boolean): void {
    const flowIsThrough = nextStep(this.state) === undefined;
    const mode = modeAfterStep(this.state.mode, { succeeded, flowIsThrough });
    if (mode !== this.state.mode) this.change({ mode });
  }

  async workShard(stepRunId: number, shard: number): Promise<{ rowsDone: number }> {
    const step = this.runs[stepRunId - this.firstNumber]?.step;
    if (step) await this.scripts[step]?.work?.(shard);
    return { rowsDone: 1 };
  }

  async closeStep(stepRunId: number): Promise<FlowState> {
    return this.end(stepRunId, true);
  }

  async failStep(stepRunId: number, failure: StepFailure): Promise<FlowState> {
    this.log.push(`fail ${failure.code}`);
    return this.end(stepRunId, false);
  }

  private end(stepRunId: number, succeeded: boolean): FlowState {
    const step = this.runs[stepRunId - this.firstNumber]?.step;
    this.running = undefined;
    if (step && isStep(step)) {
      this.point(step, succeeded ? 'SUCCEEDED' : 'FAILED');
      this.afterStep(succeeded);
    } else if (!succeeded) {
      this.change({ mode: 'PAUSED_ON_ERROR', revokeUnfinished: true });
    } else if (step) {
      this.undone.add(step);
    }
    return this.state;
  }

  async recordPause(_ref: unknown, command: FlowCommand): Promise<FlowState> {
    this.outcomes.set(command.commandId, 'APPLIED');
    this.log.push('pause applied');
    if (this.state.mode === 'AUTO_RUNNING') {
      this.change({ mode: this.running === undefined ? 'PAUSED' : 'PAUSE_REQUESTED' });
    }
    return this.state;
  }

  async openRevoke(_ref: unknown, command: FlowCommand | null) {
    if (command && !this.passes(command)) return { kind: 'stop' as const, flow: this.state };
    if (!command && this.state.mode !== 'REVOKING') {
      return { kind: 'stop' as const, flow: this.state };
    }
    if (command) {
      this.revokeUndoes = command.assetRollback === 'UNDO';
      this.change({ mode: 'REVOKING' });
    }
    const undoSteps: UndoStep[] = this.revokeUndoes ? ['undoSettlement', 'undoPosting'] : [];
    const revokeId = this.firstNumber;
    return { kind: 'undo' as const, flow: this.state, revokeId, undoSteps };
  }

  async openUndo(_revokeId: number, step: UndoStep): Promise<OpenedStep> {
    if (this.running !== undefined) return this.work(this.running);
    return this.undone.has(step) ? { kind: 'ended', flow: this.state } : this.open(step);
  }

  async finishRevoke(): Promise<FlowState> {
    const generation = this.state.generation + 1;
    this.undone.clear();
    const steps = { ...this.state.steps };
    for (const step of Object.keys(steps) as StepId[]) steps[step] = 'INVALIDATED';
    this.change({ mode: 'IDLE', readiness: 'STALE', generation, steps, revokeUnfinished: false });
    this.log.push(`generation ${String(generation)}`);
    return this.state;
  }

  async cutDay(_date: unknown, command: FlowCommand) {
    this.outcomes.set(command.commandId, 'APPLIED');
    this.log.push('cut');
    return { kind: 'cut' as const, nextLedgerDate: parseBusinessDate('2025-12-23') };
  }

  async openDay(ledgerDate: string): Promise<void> {
    this.log.push(`open ${ledgerDate}`);
  }

  async tellFlows(): Promise<void> {
    this.log.push('tell flows');
  }
}

const isStep = (step: StepId | UndoStep): step is StepId =>
  step !== 'undoSettlement' && step !== 'undoPosting';
