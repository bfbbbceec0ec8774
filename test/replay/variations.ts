import type { DecisionKind } from '../../domain/tickets/ticket.ts';
import { MemoryTicket } from '../workflows/support/memory-ticket.ts';
import {
  clearDay,
  failIn,
  flowScenario,
  loseIn,
  makeReady,
  pauseIn,
  revokeAndClear,
  thisRun,
  ticketScenario,
  type Scenario,
} from './support/story.ts';

const MARKET_STEPS = ['sync', 'preCheck', 'billing', 'posting', 'settlement'] as const;
const ROLLBACKS = ['UNDO', 'NO_OP'] as const;
const SUPPLEMENTS = ['NO_OP', 'ADD_TO_CLEARING'] as const;

const inShards: readonly Scenario[] = [2, 3, 16, 32].map((shards) =>
  flowScenario(`every step in ${String(shards)} shards`, 'HK', async (bench, flow) => {
    for (const step of MARKET_STEPS) flow.scripts[step] = { shards };
    await clearDay(bench);
    return [bench.handle];
  }),
);

const paused: readonly Scenario[] = MARKET_STEPS.map((step) =>
  flowScenario(`paused in ${step}`, 'US', async (bench) => {
    await pauseIn(bench, step, 3);
    if (bench.flow.state.mode !== 'COMPLETED') await bench.send('start');
    await bench.untilMode('COMPLETED');
    return [bench.handle];
  }),
);

const failed: readonly Scenario[] = MARKET_STEPS.map((step) =>
  flowScenario(`failed in ${step}`, 'HK', async (bench) => {
    await failIn(bench, step, 2);
    return [bench.handle];
  }),
);

const lost: readonly Scenario[] = MARKET_STEPS.map((step) =>
  flowScenario(`lost in ${step}`, 'HK', (bench) => loseIn(bench, step)),
);

const inPasses: readonly Scenario[] = [2, 3, 4].map((passes) =>
  flowScenario(`${String(passes)} passes of sync and check`, 'HK', async (bench) => {
    for (let pass = 1; pass <= passes; pass += 1) {
      for (const step of ['sync', 'preCheck'] as const) {
        const { revision } = bench.flow.state;
        await bench.send('runStep', { step });
        await bench.until(step, (s) => s.revision > revision + 1 && s.mode === 'PAUSED');
      }
    }
    await bench.send('start');
    await bench.untilMode('COMPLETED');
    return [bench.handle];
  }),
);

const revoked: readonly Scenario[] = ROLLBACKS.flatMap((assetRollback) =>
  SUPPLEMENTS.map((supplements) =>
    flowScenario(`revoked with ${assetRollback} and ${supplements}`, 'HK', async (bench) => {
      await clearDay(bench);
      const first = await thisRun(bench);
      await revokeAndClear(bench, { assetRollback, supplements });
      return [first, bench.handle];
    }),
  ),
);

const others: readonly Scenario[] = [
  flowScenario('revoked three times', 'HK', async (bench) => {
    await clearDay(bench);
    const runs = [];
    for (let time = 1; time <= 3; time += 1) {
      runs.push(await thisRun(bench));
      await revokeAndClear(bench, { assetRollback: 'UNDO', supplements: 'NO_OP' });
    }
    return [...runs, bench.handle];
  }),
  flowScenario('hints that change nothing', 'HK', async (bench) => {
    await bench.handle.signal('flowChanged');
    await clearDay(bench);
    await bench.handle.signal('flowChanged');
    await bench.untilCopy('COMPLETED');
    return [bench.handle];
  }),
  flowScenario('a command three times', 'HK', async (bench) => {
    await makeReady(bench);
    for (let time = 1; time <= 3; time += 1) await bench.send('start', { commandId: 'start-1' });
    await bench.untilMode('COMPLETED');
    return [bench.handle];
  }),
  flowScenario('refused, then accepted', 'HK', async (bench) => {
    const expiresAt = new Date(Date.now() - 1).toISOString();
    await bench.send('start', { expiresAt }).catch(() => undefined);
    await clearDay(bench);
    await bench.send('start').catch(() => undefined);
    return [bench.handle];
  }),
  flowScenario('the day end', 'day-end', async (bench) => {
    await clearDay(bench);
    return [bench.handle];
  }),
  flowScenario('closed by the day cut', 'HK', async (bench, flow) => {
    await clearDay(bench);
    const day = await bench.cutDay();
    flow.state = { ...flow.state, mode: 'CLOSED' };
    await bench.handle.signal('flowChanged');
    await bench.handle.result();
    return [bench.handle, day];
  }),
];

const ended: readonly Scenario[] = (['reject', 'withdraw', 'close'] as const).map(
  (kind: DecisionKind) =>
    ticketScenario(
      `a ticket that ends by ${kind}`,
      (id) => new MemoryTicket(id, { nodes: 2, wakesIn: 60_000 }),
      async (handle, ticket) => {
        ticket.decide('approve');
        await handle.signal('approve', { decisionId: 1, node: 0 });
        ticket.decide(kind);
        await handle.signal(kind, { decisionId: 2, node: 1 });
        await handle.result();
      },
    ),
);

const timed: readonly Scenario[] = [0, 2, 3].map((reminders) =>
  ticketScenario(
    `a ticket that expires after ${String(reminders)} reminders`,
    (id) => new MemoryTicket(id, { wakesIn: 1, reminders }),
    async (handle) => {
      await handle.result();
    },
  ),
);

const effects: readonly Scenario[] = (['SUCCEEDED', 'FAILED', 'STALE'] as const).map((end) =>
  ticketScenario(
    `a ticket whose effect is ${end}, told ten times`,
    (id) => new MemoryTicket(id, { end }),
    async (handle, ticket) => {
      ticket.decide('approve');
      for (let time = 1; time <= 10; time += 1) {
        // The later ones may find it closed.
        await handle.signal('approve', { decisionId: 1, node: 0 }).catch(() => undefined);
      }
      await handle.result();
    },
  ),
);

/** Stories that differ from the committed ones in how much, where and how often. */
export const VARIATIONS: readonly Scenario[] = [
  ...inShards,
  ...paused,
  ...failed,
  ...lost,
  ...inPasses,
  ...revoked,
  ...others,
  ...ended,
  ...timed,
  ...effects,
];
