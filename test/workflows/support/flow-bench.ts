import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { CommandKind, FlowCommand } from '../../../domain/clearing/commands.ts';
import type { FlowState } from '../../../domain/clearing/flow-state.ts';
import { flowWorkflowId, ledgerDayWorkflowId, TASK_QUEUES } from '../../../temporal/ids.ts';
import { bundlePath, freshNamespace } from '../../support/temporal.ts';
import type { MemoryFlow } from './memory-flow.ts';

/** Fixed identities, so that recorded histories name no machine. */
const CLIENT_IDENTITY = 'recorder-client';
const WORKER_IDENTITY = 'recorder-worker';

/** One flow on a real Temporal server, with workers whose activities are a MemoryFlow. */
export class FlowBench {
  private workers: Worker[] = [];
  private runs: Promise<void>[] = [];
  readonly flow: MemoryFlow;
  readonly client: Client;
  private readonly native: NativeConnection;
  private readonly connection: Connection;
  private readonly namespace: string;

  private constructor(
    flow: MemoryFlow,
    wire: { client: Client; native: NativeConnection; connection: Connection; namespace: string },
  ) {
    this.flow = flow;
    this.client = wire.client;
    this.native = wire.native;
    this.connection = wire.connection;
    this.namespace = wire.namespace;
  }

  static async open(flow: MemoryFlow): Promise<FlowBench> {
    quietRuntime();
    const address = inject('temporalAddress');
    const namespace = await freshNamespace();
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, namespace, identity: CLIENT_IDENTITY });
    const native = await NativeConnection.connect({ address });
    const bench = new FlowBench(flow, { client, native, connection, namespace });
    await bench.startWorkers();
    await bench.openFlow();
    return bench;
  }

  async startWorkers(): Promise<void> {
    const shared = {
      connection: this.native,
      namespace: this.namespace,
      identity: WORKER_IDENTITY,
    };
    const activities = this.flow.activities();
    this.workers = await Promise.all([
      Worker.create({
        ...shared,
        taskQueue: TASK_QUEUES.control,
        workflowBundle: { codePath: await bundlePath() },
        stickyQueueScheduleToStartTimeout: '1s',
      }),
      Worker.create({ ...shared, taskQueue: TASK_QUEUES.ops, activities }),
      Worker.create({ ...shared, taskQueue: TASK_QUEUES.batch, activities }),
    ]);
    this.runs = this.workers.map((worker) => worker.run());
  }

  async stopWorkers(): Promise<void> {
    for (const worker of this.workers) worker.shutdown();
    await Promise.all(this.runs);
    this.workers = [];
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
    const deadline = Date.now() + 20_000;
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
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      if ((await this.handle.query<FlowState>('flowState')).mode === mode) return;
      await pause(20);
    }
    throw new Error(`the workflow never heard of ${mode}`);
  }

  async close(): Promise<void> {
    await this.handle.terminate('the test is over').catch(() => undefined);
    await this.stopWorkers();
    await this.native.close();
    await this.connection.close();
  }
}

let isQuiet = false;
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
}

/** A door that a test opens: whoever waits at it goes on then. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
