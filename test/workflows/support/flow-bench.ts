import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { CommandKind, FlowCommand } from '../../../domain/clearing/commands.ts';
import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import { flowWorkflowId, ledgerDayWorkflowId, TASK_QUEUES } from '../../../temporal/ids.ts';
import { FlowStage } from './flow-stage.ts';
import type { MemoryFlow } from './memory-flow.ts';

/** One flow on a real Temporal server, whose activities are a MemoryFlow. */
export class FlowBench {
  readonly flow: MemoryFlow;
  readonly stage: FlowStage;

  constructor(flow: MemoryFlow, stage: FlowStage) {
    this.flow = flow;
    this.stage = stage;
    stage.add(flow);
  }

  /** With a stage of its own. */
  static async open(flow: MemoryFlow): Promise<FlowBench> {
    const bench = new FlowBench(flow, await FlowStage.open());
    await bench.openFlow();
    return bench;
  }

  get client(): Client {
    return this.stage.client;
  }

  async openFlow(): Promise<void> {
    await this.client.workflow.start('clearingFlow', {
      workflowId: this.workflowId,
      taskQueue: TASK_QUEUES.control,
      args: [{ state: this.flow.state, knownCommandIds: [...this.flow.outcomes.keys()] }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
  }

  /** Opens the ledger day beside the flow and cuts it. */
  async cutDay(): Promise<WorkflowHandle> {
    const { ledgerDate } = this.flow.state;
    const workflowId = ledgerDayWorkflowId(ledgerDate);
    await this.client.workflow.start('ledgerDay', {
      workflowId,
      taskQueue: TASK_QUEUES.control,
      args: [{ ledgerDate }],
    });
    const handle = this.client.workflow.getHandle(workflowId);
    const command = this.command('dayCut', {});
    await handle.executeUpdate('dayCut', { args: [command], updateId: command.commandId });
    await handle.result();
    return handle;
  }

  get workflowId(): string {
    return flowWorkflowId(this.flow.state);
  }

  get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(this.workflowId);
  }

  /** Sends a command; throws what the validator refused it with. */
  async send(kind: CommandKind, extra: Partial<FlowCommand> = {}): Promise<void> {
    const command = this.command(kind, extra);
    const { commandId } = command;
    await this.handle.executeUpdate(kind, { args: [command], updateId: commandId });
  }

  private command(kind: CommandKind, extra: Partial<FlowCommand>): FlowCommand {
    return {
      commandId: randomUUID(),
      kind,
      person: 'operator',
      flowRevision: this.flow.state.revision,
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
      ...extra,
    };
  }

  async until(what: string, holds: (state: FlowState) => boolean): Promise<FlowState> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if (holds(this.flow.state)) return this.flow.state;
      await pause(20);
    }
    throw new Error(`${what} did not come; the flow is ${JSON.stringify(this.flow.state)}`);
  }

  untilMode(mode: FlowState['mode']): Promise<FlowState> {
    return this.until(mode, (state) => state.mode === mode);
  }

  /** Waits until the workflow's own copy, which lags behind, has the mode as well. */
  async untilCopy(mode: FlowState['mode']): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if ((await this.handle.query<FlowState>('flowState')).mode === mode) return;
      await pause(20);
    }
    throw new Error(`the workflow never heard of ${mode}`);
  }

  async close(): Promise<void> {
    await this.end();
    await this.stage.close();
  }

  /** Leaves the stage to others. */
  async end(): Promise<void> {
    await this.handle.terminate('the test is over').catch(() => undefined);
  }
}

/** A door that a test opens: whoever waits at it goes on then. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
