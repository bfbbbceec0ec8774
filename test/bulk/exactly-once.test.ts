import { afterEach, describe, expect, it } from 'vitest';
import { STEP_DEFINITIONS } from '../../activities/steps/index.ts';
import type { Db } from '../../db/client.ts';
import { claimShard } from '../../db/fence.ts';
import { addTrades, MON_2025_12_22, smallBroker } from './support/broker.ts';
import { balancesOf, billsOf, count, postedOf } from './support/books.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const STEPS = ['sync', 'billing', 'posting'] as const;
const TRADES = 30;

const opened: Db[] = [];
async function broker(): Promise<Db> {
  const db = await smallBroker();
  opened.push(db);
  await addTrades(db, TRADES);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.$client.end();
});

/** What a day without trouble ends with. */
async function undisturbed(): Promise<{ bills: string[]; balances: string[] }> {
  const db = await broker();
  for (const step of STEPS) await runStep(db, MONDAY, step);
  return { bills: await billsOf(db), balances: await balancesOf(db) };
}

describe('an attempt that ends between two chunks', () => {
  it('is followed by one that goes on behind it, in every step: the same books', async () => {
    const expected = await undisturbed();
    const db = await broker();
    for (const step of STEPS) {
      const run = await openRun(db, MONDAY, step);
      for (let chunks = 1; chunks <= 3; chunks += 1) {
        const attempt = workOne(db, run, 0, { chunkSize: 4, stopAfter: 1 });
        await expect(attempt).rejects.toMatchObject({ code: 'FENCED_OUT' });
      }
      await workOne(db, run, 0, { chunkSize: 4 });
      expect((await closeRun(db, run)).status).toBe('SUCCEEDED');
    }
    expect(await billsOf(db)).toEqual(expected.bills);
    expect(await balancesOf(db)).toEqual(expected.balances);
    expect(await balancesOf(db)).toEqual(await postedOf(db));
  });

  it('shows no contract before its run succeeded', async () => {
    const db = await broker();
    await runStep(db, MONDAY, 'sync');
    const run = await openRun(db, MONDAY, 'billing');
    await expect(workOne(db, run, 0, { chunkSize: 4, stopAfter: 1 })).rejects.toThrow();
    expect(await count(db, 'contracts')).toBeGreaterThan(0);
    expect(await count(db, 'live_contracts')).toBe(0);
  });
});

describe('a zombie', () => {
  it('commits nothing once another attempt has taken the shard, in every step', async () => {
    const expected = await undisturbed();
    const db = await broker();
    for (const step of STEPS) {
      const run = await openRun(db, MONDAY, step);
      const old = await claimShard(db, run.stepRunId, 0);
      if (old.kind !== 'claimed') throw new Error('the shard is taken');
      await workOne(db, run, 0, { chunkSize: 7 });
      const zombie = STEP_DEFINITIONS[step].workShard({
        db,
        run,
        claim: old.claim,
        heartbeat: () => undefined,
        isCancelled: () => false,
      });
      await expect(zombie).rejects.toMatchObject({ code: 'FENCED_OUT' });
      await closeRun(db, run);
    }
    expect(await billsOf(db)).toEqual(expected.bills);
    expect(await balancesOf(db)).toEqual(expected.balances);
  });
});

describe('billing twice', () => {
  it('bills once: the later pass counts, the former one is discarded', async () => {
    const db = await broker();
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    const once = await billsOf(db);
    await runStep(db, MONDAY, 'billing');
    expect(await billsOf(db)).toEqual(once);
    await runStep(db, MONDAY, 'posting');
    expect(await count(db, 'journals')).toBe(TRADES);
  });

  it('finds nothing once its contracts are posted', async () => {
    const db = await broker();
    for (const step of STEPS) await runStep(db, MONDAY, step);
    const again = { ...MONDAY, generation: 2 };
    expect((await runStep(db, again, 'billing')).status).toBe('SUCCEEDED_EMPTY');
    expect((await runStep(db, again, 'posting')).status).toBe('SUCCEEDED_EMPTY');
    expect(await count(db, 'live_contracts')).toBe(TRADES);
  });
});
