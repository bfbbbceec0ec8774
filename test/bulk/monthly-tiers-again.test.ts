import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { shardsOf } from '../../db/step-runs.repository.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { billsOf } from './support/books.ts';
import {
  EQUITY,
  ETF,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
} from './support/broker.ts';
import { BY_ORDERS, givePackage, MARGINAL, trade, type TimedTrade } from './support/monthly.ts';
import { closeRun, openRun, runStep, workOne, type Cut, type Place } from './support/run-step.ts';
import { clearFlow, undoFlow } from './support/whole-flow.ts';

const placeOf = (ledgerDate: BusinessDate, generation = 1): Place => ({
  ledgerDate,
  flow: 'HK',
  generation,
});

/** Two packages with tiers by the month beside one without. */
const PACKAGES = { A0001: MARGINAL, A0002: BY_ORDERS, A0003: MARGINAL } as const;

const timed = fc.record({
  account: fc.constantFrom(1, 1, 2, 2, 3, 4),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  instrumentId: fc.constantFrom(EQUITY, ETF),
  /** Few instants, so that some are shared. */
  minute: fc.integer({ min: 0, max: 5 }),
  thousands: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 3 }),
});
const day = fc.array(timed, { minLength: 8, maxLength: 14 });
/** How the second date is billed: where attempts end, how it is cut, whether it is undone. */
const way = fc.record({
  cut: fc.record({
    shardPerAccount: fc.boolean(),
    chunkSize: fc.integer({ min: 1, max: 2 }),
    parallel: fc.integer({ min: 1, max: 3 }),
  }),
  stops: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 4 }),
  backwards: fc.boolean(),
  undone: fc.boolean(),
});
type Way = typeof way extends fc.Arbitrary<infer T> ? T : never;

async function brokerWith(
  days: readonly (readonly [BusinessDate, typeof day extends fc.Arbitrary<infer T> ? T : never])[],
): Promise<Db> {
  const db = await smallBroker();
  for (const [accountNo, scheduleId] of Object.entries(PACKAGES)) {
    await givePackage(db, accountNo, scheduleId);
  }
  for (const [tradeDate, trades] of days) {
    for (const [at, { account, minute, ...rest }] of trades.entries()) {
      const one: TimedTrade = {
        ...rest,
        orderId: `${tradeDate.slice(-2)}-${at}`,
        accountNo: `A000${account}`,
        tradeDate,
        at: `02:0${minute}:00`,
      };
      await trade(db, one);
    }
  }
  return db;
}

/** Bills shard after shard, each by attempts that end in the middle and one that does not. */
async function billInAttempts(db: Db, place: Place, { cut, stops, backwards }: Way): Promise<void> {
  const run = await openRun(db, place, 'billing', cut);
  const shards = (await shardsOf(db, run.stepRunId)).map(({ shard }) => shard);
  for (const shard of backwards ? shards.reverse() : shards) {
    for (const stopAfter of stops) {
      // An attempt may be through before it is stopped.
      await workOne(db, run, shard, { ...cut, stopAfter }).catch(() => undefined);
    }
    await workOne(db, run, shard, cut);
  }
  await closeRun(db, run);
}

async function billed(db: Db, how: Way | undefined): Promise<string[]> {
  try {
    await clearFlow(db, placeOf(MON_2025_12_22));
    await rollTo(db, TUE_2025_12_23);
    const tuesday = placeOf(TUE_2025_12_23);
    if (how === undefined) {
      await clearFlow(db, tuesday);
      return await billsOf(db);
    }
    const cut: Cut = how.cut;
    await runStep(db, tuesday, 'sync', cut);
    await billInAttempts(db, tuesday, how);
    if (how.undone) {
      for (const step of ['posting', 'settlement'] as const) await runStep(db, tuesday, step, cut);
      await undoFlow(db, tuesday);
      const again = placeOf(TUE_2025_12_23, 2);
      await runStep(db, again, 'sync', cut);
      await billInAttempts(db, again, how);
    }
    return await billsOf(db);
  } finally {
    await db.$client.end();
  }
}

it('any order of shards, retries, an undo and a new run charge what one straight run does', async () => {
  await fc.assert(
    fc.asyncProperty(day, day, way, async (monday, tuesday, how) => {
      const days = [
        [MON_2025_12_22, monday],
        [TUE_2025_12_23, tuesday],
      ] as const;
      const straight = await billed(await brokerWith(days), undefined);
      expect(await billed(await brokerWith(days), how)).toEqual(straight);
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
