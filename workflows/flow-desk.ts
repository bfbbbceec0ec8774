import { condition, setHandler } from '@temporalio/workflow';
import type { FlowCommand, FlowInput } from '../domain/clearing/commands.ts';
import { refusalOf, type GuardedCommand, type Refusal } from '../domain/clearing/guards.ts';
import type { FlowState } from '../domain/clearing/flow-state.ts';
import type { FlowMode } from '../domain/clearing/steps.ts';
import { refusalToFailure } from '../temporal/failure.ts';
import { ops } from './activity-proxies.ts';
import {
  flowChangedSignal,
  flowStateQuery,
  flowUpdates,
  type Accepted,
  type FlowCommandKind,
} from './messages.ts';

/** The mode that a flow shows as soon as a command is accepted, before PostgreSQL confirms it. */
const MODE_ON_ACCEPTANCE: Readonly<Partial<Record<FlowCommandKind, FlowMode>>> = {
  start: 'AUTO_RUNNING',
  pause: 'PAUSE_REQUESTED',
  runStep: 'STEP_RUNNING',
  revoke: 'REVOKING',
};

/** How many command ids a run remembers; PostgreSQL remembers all. */
const KNOWN_IDS_MAX = 200;
const QUEUE_MAX = 5;

/**
 * Where messages arrive. Handlers are registered in the constructor, before anything is awaited, so
 * that the first update of a run finds them; they only note down what was accepted.
 */
export class FlowDesk {
  state: FlowState;
  private readonly waiting: FlowCommand[];
  private readonly pauses: FlowCommand[] = [];
  private isRecordingPause = false;
  private hintArrived = false;
  private readonly knownIds: string[];

  constructor(input: FlowInput) {
    this.state = input.state;
    this.knownIds = [...input.knownCommandIds];
    this.waiting = [...(input.waiting ?? [])];
    for (const kind of Object.keys(flowUpdates) as FlowCommandKind[]) {
      setHandler(flowUpdates[kind], (command: FlowCommand) => this.accept(command), {
        // Synchronous on purpose: the promise of an async validator would be dropped.
        validator: (command: FlowCommand) => this.judge(command),
      });
    }
    setHandler(flowChangedSignal, () => {
      this.hintArrived = true;
    });
    setHandler(flowStateQuery, () => this.state);
  }

  /** Known id, then expiry, then the guard. Throws the refusal; nothing is written by it. */
  private judge(command: FlowCommand): void {
    if (this.knownIds.includes(command.commandId)) return;
    const refusal: Refusal | undefined =
      Date.parse(command.expiresAt) < Date.now()
        ? { code: 'COMMAND_EXPIRED', details: { expiresAt: command.expiresAt } }
        : (this.stateRefusal(command) ?? this.queueRefusal(command));
    if (refusal) throw refusalToFailure(refusal);
  }

  /**
   * PostgreSQL commits before this copy hears of it. A command that was sent at a newer revision
   * than ours is let through: the activity that carries it out decides.
   */
  private stateRefusal(command: FlowCommand): Refusal | undefined {
    return command.flowRevision > this.state.revision
      ? undefined
      : refusalOf(guarded(command), this.state, undefined);
  }

  /**
   * A command waits behind another only when PostgreSQL has moved on since: then the other one is
   * decided there, and its answer is on the way to us. A pause goes beside the queue.
   */
  private queueRefusal(command: FlowCommand): Refusal | undefined {
    const [first] = this.waiting;
    const mayWait = command.kind === 'pause' || command.flowRevision > this.state.revision;
    return first === undefined || (mayWait && this.waiting.length < QUEUE_MAX)
      ? undefined
      : { code: 'STEP_IN_PROGRESS', details: { waitingFor: first.kind } };
  }

  private accept(command: FlowCommand): Accepted {
    if (this.knownIds.includes(command.commandId)) return { commandId: command.commandId };
    this.knownIds.push(command.commandId);
    if (this.knownIds.length > KNOWN_IDS_MAX) this.knownIds.shift();
    const mode = MODE_ON_ACCEPTANCE[command.kind as FlowCommandKind];
    if (mode) this.state = { ...this.state, mode };
    if (command.kind === 'start') {
      const startedAt = new Date().toISOString();
      this.state = { ...this.state, startedBy: command.person, startedAt };
    }
    if (command.kind === 'pause') this.pauses.push(command);
    else this.waiting.push(command);
    return { commandId: command.commandId };
  }

  /** Waits for something to do: a command, or undefined after a hint that facts have changed. */
  async nextCommand(): Promise<FlowCommand | undefined> {
    await condition(() => this.waiting.length > 0 || this.hintArrived);
    this.hintArrived = false;
    return this.waiting[0];
  }

  /** The command is dealt with: its outcome is in PostgreSQL, and so is the state. */
  settle(command: FlowCommand | null, state: FlowState): void {
    if (command && this.waiting[0]?.commandId === command.commandId) this.waiting.shift();
    this.learn(state);
  }

  /** Takes over what PostgreSQL says, unless a command was accepted that it cannot know yet. */
  learn(state: FlowState): void {
    const knowsMore = this.waiting.length + this.pauses.length > 0 || this.isRecordingPause;
    if (!knowsMore) this.state = state;
  }

  /** Records pauses as they come, for as long as the run lives, beside whatever the flow does. */
  async recordPauses(): Promise<void> {
    for (;;) {
      await condition(() => this.pauses.length > 0);
      const command = this.pauses.shift();
      if (!command) continue;
      this.isRecordingPause = true;
      const state = await ops.recordPause(this.state, command);
      this.isRecordingPause = false;
      this.learn(state);
    }
  }

  /** Resolves once every accepted pause is in PostgreSQL, where the next step will see it. */
  async pausesRecorded(): Promise<void> {
    await condition(() => this.pauses.length === 0 && !this.isRecordingPause);
  }

  /** What the next run of this workflow is opened with; an accepted command is not lost. */
  handOver(): FlowInput {
    return {
      state: this.state,
      knownCommandIds: this.knownIds,
      waiting: this.waiting,
    };
  }
}

const guarded = (command: FlowCommand): GuardedCommand => ({
  kind: command.kind,
  revision: command.revision,
  step: command.step,
  assetRollback: command.assetRollback,
  supplements: command.supplements,
});
