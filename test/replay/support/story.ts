import type { WorkflowHandle } from '@temporalio/client';
import { addDays } from '../../../domain/calendar/business-date.ts';
import type { StepId } from '../../../domain/clearing/steps.ts';
import { TASK_QUEUES, ticketWorkflowId } from '../../../temporal/ids.ts';
import type { History } from '../../../temporal/run-facts.ts';
import { FlowBench, gate } from '../../workflows/support/flow-bench.ts';
import type { FlowStage } from '../../workflows/support/flow-stage.ts';
import {
  businessFailure,
  MemoryFlow,
  MON_2025_12_22,
  NUMBERS,
} from '../../workflows/support/memory-flow.ts';
import type { MemoryTicket } from '../../workflows/support/memory-ticket.ts';

export interface PlayedRun {
  readonly workflowId: string;
  readonly history: History;
}

/** A story, played on a stage that other stories share. */
export interface Scenario {
  readonly name: string;
  /** `at` sets it apart from the others: a ledger date and numbers of its own. */
  readonly play: (stage: FlowStage, at: number) => Promise<readonly PlayedRun[]>;
}

type Handles = readonly WorkflowHandle[];

/** A story of one flow; it says whose histories to keep. */
export const flowScenario = (
  name: string,
  flow: string,
  story: (bench: FlowBench, flow: MemoryFlow) => Promise<Handles>,
): Scenario => ({
  name,
  async play(stage, at) {
    const ledgerDate = addDays(MON_2025_12_22, at);
    const memory = new MemoryFlow(flow, { ledgerDate }, at * NUMBERS);
    const bench = new FlowBench(memory, stage);
    await bench.openFlow();
    return historiesOf(await story(bench, memory));
  },
});

/** A story of one ticket. */
export const ticketScenario = (
  name: string,
  open: (ticketId: string) => MemoryTicket,
  story: (handle: WorkflowHandle, ticket: MemoryTicket) => Promise<void>,
): Scenario => ({
  name,
  async play(stage, at) {
    const ticket = open(`ticket-${String(at)}`);
    stage.addTicket(ticket);
    const handle = await stage.client.workflow.start('approvalTicket', {
      workflowId: ticketWorkflowId(ticket.ticketId),
      taskQueue: TASK_QUEUES.control,
      args: [ticket.progress],
    });
    await story(handle, ticket);
    return historiesOf([handle]);
  },
});

/** The histories of these runs; then whatever is still open ends, and asks the server no more. */
export async function historiesOf(handles: Handles): Promise<PlayedRun[]> {
  const runs: PlayedRun[] = [];
  for (const handle of handles) {
    runs.push({ workflowId: handle.workflowId, history: await handle.fetchHistory() });
  }
  for (const { workflowId, client } of handles) {
    // Most have ended by themselves.
    await client
      .getHandle(workflowId)
      .terminate('the story is over')
      .catch(() => undefined);
  }
  return runs;
}

/** A handle on exactly the run that is open now: a revoke continues as another one. */
export async function thisRun(bench: FlowBench): Promise<WorkflowHandle> {
  const { runId } = await bench.handle.describe();
  return bench.client.workflow.getHandle(bench.workflowId, runId);
}

/** As the API does: the next command goes out once PostgreSQL shows the outcome of this one. */
export async function makeReady(bench: FlowBench): Promise<void> {
  const { revision } = bench.flow.state;
  await bench.send('readiness');
  await bench.until('readiness', (state) => state.revision > revision);
}

export async function clearDay(bench: FlowBench): Promise<void> {
  await makeReady(bench);
  await bench.send('start');
  await bench.untilMode('COMPLETED');
}

/** One click, a pause while `step` is at work, and on. */
export async function pauseIn(bench: FlowBench, step: StepId, shards = 2): Promise<void> {
  const door = gate();
  bench.flow.scripts[step] = { shards, work: () => door.opened };
  await bench.send('start');
  await bench.until(step, (state) => state.steps[step] === 'RUNNING');
  await bench.send('pause');
  await bench.untilMode('PAUSE_REQUESTED');
  door.open();
  await bench.until('a rest', ({ mode }) => mode === 'PAUSED' || mode === 'COMPLETED');
}

/** One click that fails in `step`, and once more when that is mended. */
export async function failIn(bench: FlowBench, step: StepId, shards = 1): Promise<void> {
  const work = () => {
    throw businessFailure('FEE_RULE_MISSING');
  };
  bench.flow.scripts[step] = { shards, work };
  await bench.send('start');
  await bench.untilMode('PAUSED_ON_ERROR');
  bench.flow.scripts[step] = { shards };
  await bench.send('start');
  await bench.untilMode('COMPLETED');
}

/** A revoke to its end, readiness, and the day again. */
export async function revokeAndClear(
  bench: FlowBench,
  options: {
    readonly assetRollback: 'UNDO' | 'NO_OP';
    readonly supplements: 'NO_OP' | 'ADD_TO_CLEARING';
  },
): Promise<void> {
  const { generation } = bench.flow.state;
  await bench.send('revoke', options);
  await bench.until('the next generation', (state) => state.generation === generation + 1);
  await bench.send('readiness');
  await bench.until('readiness', (state) => state.readiness === 'PASSED');
  await bench.send('start');
  await bench.untilMode('COMPLETED');
}

/** Temporal loses the run while `step` is at work; another one takes over. */
export async function loseIn(bench: FlowBench, step: StepId): Promise<Handles> {
  const door = gate();
  bench.flow.scripts[step] = { work: () => door.opened };
  await bench.send('start');
  await bench.until(step, (state) => state.steps[step] === 'RUNNING');
  const lost = await thisRun(bench);
  await lost.terminate('lost');
  await bench.openFlow();
  door.open();
  await bench.untilMode('COMPLETED');
  return [lost, bench.handle];
}
