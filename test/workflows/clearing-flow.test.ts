import { afterEach, describe, expect, it } from 'vitest';
import { refusalFromFailure } from '../../temporal/failure.ts';
import { FlowBench, gate } from './support/flow-bench.ts';
import { businessFailure, MemoryFlow } from './support/memory-flow.ts';

let bench: FlowBench | undefined;
const open = async (flow: MemoryFlow): Promise<FlowBench> => {
  bench = await FlowBench.open(flow);
  return bench;
};
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const codeOf = async (sent: Promise<void>): Promise<string> => {
  const failure: unknown = await sent.then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure === undefined ? 'accepted' : refusalFromFailure(failure).code;
};

describe('clearingFlow on a real Temporal server', () => {
  it('runs every step in order after one start', async () => {
    const flow = new MemoryFlow();
    const { send, untilMode } = bound(await open(flow));
    await send('start');
    await untilMode('COMPLETED');
    expect(flow.log).toEqual([
      'start applied',
      'open sync',
      'open preCheck',
      'open billing',
      'open posting',
      'open settlement',
    ]);
  });

  it('stops after the step in flight when it is paused, and goes on at the next', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.sync = { shards: 3, work: () => door.opened };
    const { send, until, untilMode } = bound(await open(flow));
    await send('start');
    await until('sync', (state) => state.steps.sync === 'RUNNING');
    await send('pause');
    await untilMode('PAUSE_REQUESTED');
    expect(flow.state.steps.sync).toBe('RUNNING');
    door.open();
    await untilMode('PAUSED');
    expect(flow.state.steps).toEqual({ sync: 'SUCCEEDED' });
    await send('start');
    await untilMode('COMPLETED');
    expect(flow.log.filter((line) => line === 'open sync')).toHaveLength(1);
  });

  it('lets a failure win over a pause', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.billing = {
      shards: 2,
      work: async (shard) => {
        await door.opened;
        if (shard === 1) throw businessFailure('FEE_RULE_MISSING');
      },
    };
    const { send, until, untilMode } = bound(await open(flow));
    await send('start');
    await until('billing', (state) => state.steps.billing === 'RUNNING');
    await send('pause');
    door.open();
    await untilMode('PAUSED_ON_ERROR');
    expect(flow.state.steps.billing).toBe('FAILED');
    expect(flow.log).toContain('fail FEE_RULE_MISSING');
  });

  it('refuses a second start at the validator and leaves the first alone', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.sync = { work: () => door.opened };
    const { send, untilMode } = bound(await open(flow));
    // Both saw the flow at the same revision; of a later one the activity would decide.
    const flowRevision = flow.state.revision;
    await send('start', { commandId: 'start-1' });
    const second = send('start', { commandId: 'start-2', flowRevision });
    expect(await codeOf(second)).toBe('ALREADY_RUNNING');
    await send('start', { commandId: 'start-1' });
    door.open();
    await untilMode('COMPLETED');
    expect(flow.log.filter((line) => line === 'start applied')).toHaveLength(1);
  });

  it('refuses a command that expired before it arrived', async () => {
    const { send } = bound(await open(new MemoryFlow()));
    const expiresAt = new Date(Date.now() - 1).toISOString();
    expect(await codeOf(send('start', { expiresAt }))).toBe('COMMAND_EXPIRED');
  });

  it('refuses a stale revision', async () => {
    const { send } = bound(await open(new MemoryFlow()));
    expect(await codeOf(send('start', { revision: 0 }))).toBe('VERSION_CONFLICT');
  });

  it('takes an empty market through without a shard', async () => {
    const flow = new MemoryFlow();
    for (const step of ['sync', 'preCheck', 'billing', 'posting', 'settlement'] as const) {
      flow.scripts[step] = { shards: 0 };
    }
    const { send, untilMode } = bound(await open(flow));
    await send('start');
    const state = await untilMode('COMPLETED');
    expect(new Set(Object.values(state.steps))).toEqual(new Set(['SUCCEEDED_EMPTY']));
  });

  it('undoes in reverse order, raises the generation and clears again as a new run', async () => {
    const flow = new MemoryFlow();
    const { send, until, untilMode, handle } = bound(await open(flow));
    await send('start');
    await untilMode('COMPLETED');
    const firstRun = (await handle.describe()).runId;
    await send('revoke', { assetRollback: 'UNDO', supplements: 'NO_OP' });
    await until('the next generation', (state) => state.generation === 2);
    expect(flow.log.slice(-4)).toEqual([
      'revoke applied',
      'open undoSettlement',
      'open undoPosting',
      'generation 2',
    ]);
    await send('readiness');
    await until('readiness', (state) => state.readiness === 'PASSED');
    await send('start');
    await untilMode('COMPLETED');
    expect((await handle.describe()).runId).not.toBe(firstRun);
  });

  it('parks a revoke whose undo fails, and goes on with it when asked again', async () => {
    const flow = new MemoryFlow();
    let isBroken = true;
    flow.scripts.undoPosting = {
      work: () => {
        if (isBroken) throw businessFailure('BOOKS_OUT_OF_BALANCE');
      },
    };
    const { send, until, untilMode, untilCopy } = bound(await open(flow));
    await send('start');
    await untilMode('COMPLETED');
    await send('revoke', { assetRollback: 'UNDO' });
    await untilMode('PAUSED_ON_ERROR');
    await untilCopy('PAUSED_ON_ERROR');
    expect(await codeOf(send('start'))).toBe('REVOKE_UNFINISHED');
    isBroken = false;
    await send('revoke', { assetRollback: 'UNDO' });
    await until('the next generation', (state) => state.generation === 2);
  });

  it('goes on after its workers were away in the middle of a step', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.posting = { shards: 4, work: () => door.opened };
    const { send, until, untilMode, stopWorkers, startWorkers } = bound(await open(flow));
    await send('start');
    await until('posting', (state) => state.steps.posting === 'RUNNING');
    door.open();
    await stopWorkers();
    await startWorkers();
    await untilMode('COMPLETED');
    expect(flow.log.filter((line) => line === 'open posting')).toHaveLength(1);
  });

  it('is opened again from its state when Temporal has lost it', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.billing = { work: () => door.opened };
    const { send, until, untilMode, handle, openFlow } = bound(await open(flow));
    await send('start');
    await until('billing', (state) => state.steps.billing === 'RUNNING');
    await handle.terminate('lost');
    await openFlow();
    door.open();
    await untilMode('COMPLETED');
    expect(flow.log.filter((line) => line === 'open billing')).toHaveLength(1);
  });

  it('goes on with a revoke that Temporal has lost, and continues as a new run', async () => {
    const flow = new MemoryFlow();
    const door = gate();
    flow.scripts.undoPosting = { work: () => door.opened };
    const { send, until, untilMode, handle, openFlow } = bound(await open(flow));
    await send('start');
    await untilMode('COMPLETED');
    await send('revoke', { assetRollback: 'UNDO', supplements: 'NO_OP' });
    await until('the second undo', () => flow.log.includes('open undoPosting'));
    await handle.terminate('lost');
    await openFlow();
    const { runId } = await handle.describe();
    door.open();
    await until('the next generation', (state) => state.generation === 2);
    // A command of the next generation finds its own run, as after any other revoke.
    await send('readiness');
    await until('readiness', (state) => state.readiness === 'PASSED');
    expect((await handle.describe()).runId).not.toBe(runId);
    expect(flow.log.filter((line) => line.startsWith('open undo'))).toEqual([
      'open undoSettlement',
      'open undoPosting',
    ]);
  });

  it('ends when its ledger date is cut', async () => {
    const flow = new MemoryFlow();
    const { handle } = bound(await open(flow));
    flow.state = { ...flow.state, mode: 'CLOSED' };
    await handle.signal('flowChanged');
    await handle.result();
  });
});

function bound(b: FlowBench) {
  return {
    send: b.send.bind(b),
    until: b.until.bind(b),
    untilMode: b.untilMode.bind(b),
    untilCopy: b.untilCopy.bind(b),
    stopWorkers: () => b.stage.stopWorkers(),
    startWorkers: () => b.stage.startWorkers(),
    openFlow: b.openFlow.bind(b),
    handle: b.handle,
  };
}
