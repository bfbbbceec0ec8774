import type { WorkflowHandle } from '@temporalio/client';
import { FlowBench, gate } from '../workflows/support/flow-bench.ts';
import { businessFailure, MemoryFlow } from '../workflows/support/memory-flow.ts';

/** Plays one story on a real server and says whose histories to keep. */
export interface Scenario {
  readonly name: string;
  play(): Promise<{ readonly bench: FlowBench; readonly handles: readonly WorkflowHandle[] }>;
}

const scenario = (
  name: string,
  flow: () => MemoryFlow,
  story: (bench: FlowBench, flow: MemoryFlow) => Promise<readonly WorkflowHandle[]>,
): Scenario => ({
  name,
  async play() {
    const memory = flow();
    const bench = await FlowBench.open(memory);
    try {
      return { bench, handles: await story(bench, memory) };
    } catch (error) {
      await bench.close();
      throw error;
    }
  },
});

/** A handle on exactly the run that is open now: a revoke continues as another one. */
async function thisRun(bench: FlowBench): Promise<WorkflowHandle> {
  const { runId } = await bench.handle.describe();
  return bench.client.workflow.getHandle(bench.workflowId, runId);
}

async function clearDay(bench: FlowBench): Promise<void> {
  await makeReady(bench);
  await bench.send('start');
  await bench.untilMode('COMPLETED');
}

/** As the API does: the next command goes out once PostgreSQL shows the outcome of this one. */
async function makeReady(bench: FlowBench): Promise<void> {
  const { revision } = bench.flow.state;
  await bench.send('readiness');
  await bench.until('readiness', (state) => state.revision > revision);
}

const undone = { assetRollback: 'UNDO', supplements: 'NO_OP' } as const;

/** One story an outcome: what an open history can hold when a release comes. */
export const SCENARIOS: readonly Scenario[] = [
  scenario(
    'clean-day',
    () => new MemoryFlow(),
    async (bench) => {
      await clearDay(bench);
      return [bench.handle];
    },
  ),
  scenario('empty-market', emptyMarket, async (bench) => {
    await clearDay(bench);
    return [bench.handle];
  }),
  scenario(
    'eight-shards',
    () => sharded(8),
    async (bench) => {
      await clearDay(bench);
      return [bench.handle];
    },
  ),
  scenario(
    'paused-and-resumed',
    () => new MemoryFlow(),
    async (bench, flow) => {
      const door = gate();
      flow.scripts.sync = { shards: 2, work: () => door.opened };
      await bench.send('start');
      await bench.until('sync', (state) => state.steps.sync === 'RUNNING');
      await bench.send('pause');
      await bench.untilMode('PAUSE_REQUESTED');
      door.open();
      await bench.untilMode('PAUSED');
      await bench.send('start');
      await bench.untilMode('COMPLETED');
      return [bench.handle];
    },
  ),
  scenario(
    'failed-and-started-again',
    () => new MemoryFlow(),
    async (bench, flow) => {
      flow.scripts.billing = {
        work: () => {
          throw businessFailure('FEE_RULE_MISSING');
        },
      };
      await bench.send('start');
      await bench.untilMode('PAUSED_ON_ERROR');
      flow.scripts.billing = {};
      await bench.send('start');
      await bench.untilMode('COMPLETED');
      return [bench.handle];
    },
  ),
  scenario(
    'step-by-step',
    () => new MemoryFlow(),
    async (bench) => {
      for (const step of ['sync', 'preCheck', 'billing'] as const) {
        await bench.send('runStep', { step });
        await bench.until(step, (s) => s.mode === 'PAUSED' && s.steps[step] === 'SUCCEEDED');
      }
      return [bench.handle];
    },
  ),
  scenario(
    'revoked-and-cleared-again',
    () => new MemoryFlow(),
    async (bench) => {
      await clearDay(bench);
      const first = await thisRun(bench);
      await bench.send('revoke', undone);
      await bench.until('generation 2', (state) => state.generation === 2);
      await bench.send('readiness');
      await bench.until('readiness', (state) => state.readiness === 'PASSED');
      await bench.send('start');
      await bench.untilMode('COMPLETED');
      return [first, bench.handle];
    },
  ),
  scenario(
    'undo-parked',
    () => new MemoryFlow(),
    async (bench, flow) => {
      flow.scripts.undoPosting = {
        work: () => {
          throw businessFailure('BOOKS_OUT_OF_BALANCE');
        },
      };
      await clearDay(bench);
      await bench.send('revoke', undone);
      await bench.untilMode('PAUSED_ON_ERROR');
      return [bench.handle];
    },
  ),
  scenario(
    'opened-in-the-middle',
    () => new MemoryFlow(),
    async (bench, flow) => {
      const door = gate();
      flow.scripts.posting = { work: () => door.opened };
      await bench.send('start');
      await bench.until('posting', (state) => state.steps.posting === 'RUNNING');
      await bench.handle.terminate('lost');
      await bench.openFlow();
      door.open();
      await bench.untilMode('COMPLETED');
      return [bench.handle];
    },
  ),
  scenario(
    'opened-in-a-revoke',
    () => new MemoryFlow(),
    async (bench, flow) => {
      const door = gate();
      flow.scripts.undoSettlement = { work: () => door.opened };
      await clearDay(bench);
      await bench.send('revoke', undone);
      await bench.until('the undo', () => flow.log.includes('open undoSettlement'));
      await bench.handle.terminate('lost');
      await bench.openFlow();
      const reopened = await thisRun(bench);
      door.open();
      await bench.until('generation 2', (state) => state.generation === 2);
      await makeReady(bench);
      return [reopened, bench.handle];
    },
  ),
  scenario(
    'day-cut',
    () => new MemoryFlow(),
    async (bench) => {
      await clearDay(bench);
      return [await bench.cutDay()];
    },
  ),
];

function emptyMarket(): MemoryFlow {
  const flow = new MemoryFlow('US');
  for (const step of ['sync', 'preCheck', 'billing', 'posting', 'settlement'] as const) {
    flow.scripts[step] = { shards: 0 };
  }
  return flow;
}

function sharded(shards: number): MemoryFlow {
  const flow = new MemoryFlow();
  flow.scripts.billing = { shards };
  flow.scripts.posting = { shards };
  return flow;
}
