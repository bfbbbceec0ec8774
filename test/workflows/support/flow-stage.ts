import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type {
  ArchiveActivities,
  BatchActivities,
  OpsActivities,
  TicketActivities,
} from '../../../activities/contract.ts';
import type { FlowRef } from '../../../domain/clearing/flow-state.ts';
import { flowWorkflowId, TASK_QUEUES } from '../../../temporal/ids.ts';
import { bundlePath, freshNamespace, quietRuntime } from '../../support/temporal.ts';
import type { MemoryFlow } from './memory-flow.ts';
import type { MemoryTicket } from './memory-ticket.ts';

/** Fixed identities, so that recorded histories name no machine. */
const CLIENT_IDENTITY = 'recorder-client';
const WORKER_IDENTITY = 'recorder-worker';

/** A namespace of a real Temporal server with workers that serve every flow put on it. */
export class FlowStage {
  private workers: Worker[] = [];
  private runs: Promise<void>[] = [];
  private readonly flows: MemoryFlow[] = [];
  private readonly tickets: MemoryTicket[] = [];
  readonly client: Client;
  private readonly native: NativeConnection;
  private readonly connection: Connection;
  private readonly namespace: string;

  private constructor(wire: {
    client: Client;
    native: NativeConnection;
    connection: Connection;
    namespace: string;
  }) {
    this.client = wire.client;
    this.native = wire.native;
    this.connection = wire.connection;
    this.namespace = wire.namespace;
  }

  static async open(): Promise<FlowStage> {
    quietRuntime();
    const address = inject('temporalAddress');
    const namespace = await freshNamespace();
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, namespace, identity: CLIENT_IDENTITY });
    const native = await NativeConnection.connect({ address });
    const stage = new FlowStage({ client, native, connection, namespace });
    await stage.startWorkers();
    return stage;
  }

  /** A flow is found by its id, its step runs and revokes by the numbers that it gives them. */
  add(flow: MemoryFlow): void {
    this.flows.push(flow);
  }

  addTicket(ticket: MemoryTicket): void {
    this.tickets.push(ticket);
  }

  async startWorkers(): Promise<void> {
    const shared = {
      connection: this.native,
      namespace: this.namespace,
      identity: WORKER_IDENTITY,
    };
    const activities = this.activities();
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

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.native.close();
    await this.connection.close();
  }

  private activities(): OpsActivities & BatchActivities & TicketActivities & ArchiveActivities {
    const of = (ref: FlowRef) => this.flow((f) => flowWorkflowId(f.state) === flowWorkflowId(ref));
    const withNumber = (id: number) => this.flow((f) => f.hasNumber(id));
    const onDate = (date: string) => this.flow(({ state }) => state.ledgerDate === date);
    const ticket = (id: string) => {
      const found = this.tickets.find(({ ticketId }) => ticketId === id);
      if (!found) throw new Error(`no ticket ${id}`);
      return found;
    };
    return {
      loadFlowState: async (ref) => of(ref).loadFlowState(),
      runReadiness: async (ref, command) => of(ref).runReadiness(ref, command),
      openStep: async (ref, command) => of(ref).openStep(ref, command),
      recordPause: async (ref, command) => of(ref).recordPause(ref, command),
      openRevoke: async (ref, command) => of(ref).openRevoke(ref, command),
      closeStep: async (id) => withNumber(id).closeStep(id),
      failStep: async (id, failure) => withNumber(id).failStep(id, failure),
      workShard: async (id, shard) => withNumber(id).workShard(id, shard),
      openUndo: async (id, step) => withNumber(id).openUndo(id, step),
      finishRevoke: async (id) => withNumber(id).finishRevoke(),
      cutDay: async (date, command) => onDate(date).cutDay(date, command),
      openDay: async () => undefined,
      tellFlows: async (date) => onDate(date).tellFlows(),
      advanceTicket: async (id) => ticket(id).advance(),
      executeTicket: async (id) => ticket(id).execute(),
      archiveHistory: async () => undefined,
    };
  }

  private flow(is: (flow: MemoryFlow) => boolean): MemoryFlow {
    const found = this.flows.find(is);
    if (!found) throw new Error('no such flow is on the stage');
    return found;
  }
}
