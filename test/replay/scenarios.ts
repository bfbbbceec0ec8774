import { archiveWorkflowId, TASK_QUEUES } from '../../temporal/ids.ts';
import { gate } from '../workflows/support/flow-bench.ts';
import { businessFailure } from '../workflows/support/memory-flow.ts';
import { MemoryTicket } from '../workflows/support/memory-ticket.ts';
import {
  clearDay,
  failIn,
  flowScenario,
  historiesOf,
  loseIn,
  makeReady,
  pauseIn,
  revokeAndClear,
  thisRun,
  ticketScenario,
  type Scenario,
} from './support/story.ts';

const MARKET_STEPS = ['sync', 'preCheck', 'billing', 'posting', 'settlement'] as const;
const UNDONE = { assetRollback: 'UNDO', supplements: 'NO_OP' } as const;

/** One story an outcome: what an open history can hold when a release comes. These are committed. */
export const SCENARIOS: readonly Scenario[] = [
  flowScenario('clean-day', 'HK', async (bench) => {
    await clearDay(bench);
    return [bench.handle];
  }),
  flowScenario('empty-market', 'US', async (bench, flow) => {
    for (const step of MARKET_STEPS) flow.scripts[step] = { shards: 0 };
    await clearDay(bench);
    return [bench.handle];
  }),
  flowScenario('eight-shards', 'HK', async (bench, flow) => {
    for (const step of ['billing', 'posting'] as const) flow.scripts[step] = { shards: 8 };
    await clearDay(bench);
    return [bench.handle];
  }),
  flowScenario('paused-and-resumed', 'HK', async (bench) => {
    await pauseIn(bench, 'sync');
    await bench.send('start');
    await bench.untilMode('COMPLETED');
    return [bench.handle];
  }),
  flowScenario('failed-and-started-again', 'HK', async (bench) => {
    await failIn(bench, 'billing');
    return [bench.handle];
  }),
  flowScenario('step-by-step', 'HK', async (bench) => {
    for (const step of ['sync', 'preCheck', 'billing'] as const) {
      await bench.send('runStep', { step });
      await bench.until(step, (s) => s.mode === 'PAUSED' && s.steps[step] === 'SUCCEEDED');
    }
    return [bench.handle];
  }),
  flowScenario('revoked-and-cleared-again', 'HK', async (bench) => {
    await clearDay(bench);
    const first = await thisRun(bench);
    await revokeAndClear(bench, UNDONE);
    return [first, bench.handle];
  }),
  flowScenario('undo-parked', 'HK', async (bench, flow) => {
    flow.scripts.undoPosting = {
      work: () => {
        throw businessFailure('BOOKS_OUT_OF_BALANCE');
      },
    };
    await clearDay(bench);
    await bench.send('revoke', UNDONE);
    await bench.untilMode('PAUSED_ON_ERROR');
    return [bench.handle];
  }),
  flowScenario('opened-in-the-middle', 'HK', async (bench) => {
    const [, again] = await loseIn(bench, 'posting');
    return again ? [again] : [];
  }),
  flowScenario('opened-in-a-revoke', 'HK', async (bench, flow) => {
    const door = gate();
    flow.scripts.undoSettlement = { work: () => door.opened };
    await clearDay(bench);
    await bench.send('revoke', UNDONE);
    await bench.until('the undo', () => flow.log.includes('open undoSettlement'));
    await bench.handle.terminate('lost');
    await bench.openFlow();
    const reopened = await thisRun(bench);
    door.open();
    await bench.until('generation 2', (state) => state.generation === 2);
    await makeReady(bench);
    return [reopened, bench.handle];
  }),
  flowScenario('day-cut', 'HK', async (bench) => {
    await clearDay(bench);
    return [await bench.cutDay()];
  }),
  ticketScenario(
    'ticket-approved',
    (id) => new MemoryTicket(id, { nodes: 2 }),
    async (handle, ticket) => {
      ticket.decide('approve');
      await handle.signal('approve', { decisionId: 1, node: 0 });
      ticket.decide('approve');
      await handle.signal('approve', { decisionId: 2, node: 1 });
      await handle.result();
    },
  ),
  ticketScenario(
    'ticket-expired',
    (id) => new MemoryTicket(id, { wakesIn: 1, reminders: 1 }),
    async (handle) => {
      await handle.result();
    },
  ),
  {
    name: 'archived',
    async play(stage, at) {
      const run = { workflowId: 'clearing/2025-12-22/HK', runId: `run-${String(at)}` };
      const handle = await stage.client.workflow.start('archiveHistory', {
        workflowId: archiveWorkflowId(run.workflowId, run.runId),
        taskQueue: TASK_QUEUES.control,
        args: [run],
      });
      await handle.result();
      return historiesOf([handle]);
    },
  },
];
