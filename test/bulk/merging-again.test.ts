import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { readClosing } from '../../db/queries/closing.ts';
import { shardsOf } from '../../db/step-runs.repository.ts';
import { balancesOf, billsOf, postedOf } from './support/books.ts';
import { addTrade, EQUITY, ETF, MON_2025_12_22, smallBroker } from './support/broker.ts';
import { enterFee, enterMergeRule, mergedContracts } from './support/merging.ts';
import { BY_ORDERS, chargedBy, givePackage } from './support/monthly.ts';
import { closeRun, openRun, runStep, workOne, type Cut, type Place } from './support/run-step.ts';
import { clearFlow, undoFlow } from './support/whole-flow.ts';

const HK: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const AGAIN: Place = { ...HK, generation: 2 };

interface Order {
  readonly account: number;
  readonly side: 'BUY' | 'SELL';
  readonly instrumentId: string;
  readonly channel: number;
  /** Few instants, so that some are shared. */
  readonly minute: number;
  readonly lots: readonly number[];
}

const order: fc.Arbitrary<Order> = fc.record({
  account: fc.constantFrom(1, 1, 2, 3),
  side: fc.constantFrom('BUY', 'BUY', 'SELL'),
  instrumentId: fc.constantFrom(EQUITY, EQUITY, ETF),
  channel: fc.integer({ min: 0, max: 4 }),
  minute: fc.integer({ min: 0, max: 4 }),
  lots: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 3 }),
});
const day = fc.array(order, { minLength: 10, maxLength: 24 });
const buckets = fc.constantFrom<readonly number[][]>(
  [[0, 1, 2, 3]],
  [
    [0, 1],
    [2, 3],
  ],
  [[0], [4]],
);
const cut = fc.record({
  shardPerAccount: fc.boolean(),
  chunkSize: fc.integer({ min: 1, max: 3 }),
  parallel: fc.integer({ min: 1, max: 3 }),
});

const idOf = (at: number): string => `O${String(at).padStart(2, '0')}`;

/** Account 3 pays a package that no rule names. */
async function brokerWith(orders: readonly Order[], items: readonly number[][]): Promise<Db> {
  const db = await smallBroker();
  await givePackage(db, 'A0002', BY_ORDERS);
  await givePackage(db, 'A0003', 'sample-hk-vip');
  await enterMergeRule(db, {
    packages: ['sample-hk-retail', BY_ORDERS],
    items: items.map((orderSources, at) => ({ orderSources, mergeTag: `tag ${at}` })),
  });
  const rate = { kind: 'rate', rate: '0.000777' } as const;
  await enterFee(db, 'TRADING_FEE', { unit: 'contract', formula: rate, min: '9.00' });
  for (const [at, { account, channel, minute, lots, ...rest }] of orders.entries()) {
    await addTrade(db, {
      ...rest,
      ...{ orderId: idOf(at), accountNo: `A000${account}`, orderChannel: channel },
      recordedAt: `2025-12-22T02:0${minute}:00Z`,
      fills: lots.map((lot, fill) => [`${idOf(at)}-${fill}`, String(lot * 100), '7.77']),
    });
  }
  return db;
}

/** By words of its own: orders that agree in all of this are one contract, the first by time first. */
function expectedContracts(orders: readonly Order[], items: readonly number[][]): string[] {
  const groups = new Map<string, { readonly id: string; readonly minute: number }[]>();
  for (const [at, { account, side, instrumentId, channel, minute }] of orders.entries()) {
    const bucket = items.findIndex((sources) => sources.includes(channel));
    const isAlone = account === 3 || bucket === -1;
    const name = isAlone ? idOf(at) : `${account} ${side} ${instrumentId} ${bucket}`;
    groups.set(name, [...(groups.get(name) ?? []), { id: idOf(at), minute }]);
  }
  return [...groups.values()]
    .map((group) =>
      [...group]
        .sort((a, b) => a.minute - b.minute || (a.id < b.id ? -1 : 1))
        .map(({ id }) => id)
        .join('+'),
    )
    .sort();
}

async function billInAttempts(db: Db, place: Place, how: Cut): Promise<void> {
  const run = await openRun(db, place, 'billing', how);
  for (const { shard } of await shardsOf(db, run.stepRunId)) {
    // An attempt may be through before it is stopped.
    await workOne(db, run, shard, { ...how, stopAfter: 1 }).catch(() => undefined);
    await workOne(db, run, shard, how);
  }
  await closeRun(db, run);
}

async function expectSound(db: Db): Promise<void> {
  expect(await balancesOf(db)).toEqual(await postedOf(db));
  const { invariants } = await readClosing(db, MON_2025_12_22);
  expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
}

it('a day is merged as its keys say, however it is cut, and again after an undo', async () => {
  await fc.assert(
    fc.asyncProperty(day, buckets, cut, async (orders, items, how) => {
      const straight = await brokerWith(orders, items);
      const db = await brokerWith(orders, items);
      try {
        await clearFlow(straight, HK);
        const expected = expectedContracts(orders, items);
        const contracts = await mergedContracts(straight);
        expect(contracts.map((each) => each.orders)).toEqual(expected);
        const fees = await chargedBy(straight, 'TRADING_FEE');
        for (const { orders: ids, gross } of contracts) {
          const lots = ids.split('+').flatMap((id) => orders[Number(id.slice(1))]?.lots ?? []);
          // 100 shares at 7.77.
          const amount = lots.reduce((sum, lot) => sum + lot * 777, 0);
          expect(gross).toBe(String(amount));
          const cents = Math.max(900, Math.floor((amount * 777 + 5_000) / 10_000));
          expect(fees[ids.slice(0, 3)]).toBe((cents / 100).toFixed(2));
        }
        const bills = await billsOf(straight);
        await expectSound(straight);

        const opening = await balancesOf(db);
        await runStep(db, HK, 'sync', how);
        await billInAttempts(db, HK, how);
        expect(await billsOf(db)).toEqual(bills);
        for (const step of ['posting', 'settlement'] as const) await runStep(db, HK, step, how);
        await undoFlow(db, HK, how);
        expect(await balancesOf(db)).toEqual(opening);
        await runStep(db, AGAIN, 'sync', how);
        await billInAttempts(db, AGAIN, how);
        for (const step of ['posting', 'settlement'] as const) await runStep(db, AGAIN, step, how);
        expect(await billsOf(db)).toEqual(bills);
        await expectSound(db);
      } finally {
        await straight.$client.end();
        await db.$client.end();
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
}, 180_000);
