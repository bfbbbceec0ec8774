import { afterEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import {
  addTrade,
  addTrades,
  changeFill,
  MON_2025_12_22,
  MON_2025_12_29,
  rollTo,
  smallBroker,
} from './support/broker.ts';
import { balancesOf, billsOf, count, postedOf, statesOf } from './support/books.ts';
import { openRun, closeRun, runStep, workOne, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const SECOND: Place = { ...MONDAY, generation: 2 };
const DUE: Place = { ...MONDAY, ledgerDate: MON_2025_12_29 };

const opened: Db[] = [];
async function broker(trades: number): Promise<Db> {
  const db = await smallBroker();
  opened.push(db);
  await addTrades(db, trades);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.$client.end();
});

const undo = (db: Db, place: Place): Promise<void> => undoFlow(db, place, { chunkSize: 3 });

describe('undo', () => {
  it('restores the balances exactly and leaves the first journals where they are', async () => {
    const db = await broker(20);
    await clearFlow(db, MONDAY);
    const journals = await count(db, 'journals');
    await undo(db, MONDAY);
    expect(await balancesOf(db)).toEqual([]);
    expect(await postedOf(db)).toEqual([]);
    expect(await count(db, 'journals')).toBe(2 * journals);
    expect(await count(db, 'journals', 'reverses_journal_id IS NOT NULL')).toBe(journals);
  });

  it('returns contracts of an earlier date to 4, and the next run settles them again', async () => {
    const db = await broker(20);
    await clearFlow(db, MONDAY);
    const before = await balancesOf(db);
    await rollTo(db, MON_2025_12_29);
    await addTrade(db, {
      orderId: 'N1',
      accountNo: 'A0001',
      tradeDate: MON_2025_12_29,
      fills: [['N1-1', '100', '10']],
    });
    await clearFlow(db, DUE);
    const after = await balancesOf(db);
    await undo(db, DUE);
    expect(await balancesOf(db)).toEqual(before);
    expect(new Set(Object.values(await statesOf(db)))).toEqual(new Set([4]));

    const again = { ...DUE, generation: 2 };
    await clearAgain(db, again);
    expect(await balancesOf(db)).toEqual(after);
    expect(await balancesOf(db)).toEqual(await postedOf(db));
  });

  it('goes on where an attempt stopped', async () => {
    const db = await broker(20);
    await clearFlow(db, MONDAY);
    const run = await openRun(db, MONDAY, 'undoPosting');
    await expect(workOne(db, run, 0, { chunkSize: 5, stopAfter: 2 })).rejects.toThrow();
    await workOne(db, run, 0, { chunkSize: 5 });
    expect((await closeRun(db, run)).status).toBe('SUCCEEDED');
    expect(await balancesOf(db)).toEqual([]);
  });

  it('bills the same amounts when the flow runs again', async () => {
    const db = await broker(20);
    await clearFlow(db, MONDAY);
    const bills = await billsOf(db);
    const balances = await balancesOf(db);
    await undo(db, MONDAY);
    await clearAgain(db, SECOND);
    expect(await billsOf(db)).toEqual(bills);
    expect(await balancesOf(db)).toEqual(balances);
  });
});

describe('a run after a revoke that kept the postings', () => {
  it('bills and posts only what is new', async () => {
    const db = await broker(10);
    await clearFlow(db, MONDAY);
    const old = await billsOf(db);
    await addTrade(db, { orderId: 'X1', accountNo: 'A0003', fills: [['X1-1', '100', '10']] });
    // A further fill of an order that is posted becomes a contract of its own.
    await addTrade(db, { orderId: 'O1', accountNo: 'A0002', fills: [['O1-3', '100', '10']] });
    await changeFill(db, 'O2-1', { price: '1', at: '2025-12-22T05:00:00Z' });
    await changeFill(db, 'O3-1', { cancelled: true, at: '2025-12-22T05:00:00Z' });

    const sync = await runStep(db, SECOND, 'sync');
    expect(sync.result).toMatchObject({
      orders: 2,
      executions: 2,
      exceptionsByReason: { CHANGED_AFTER_POSTING: 2 },
    });
    const billing = await runStep(db, SECOND, 'billing');
    expect(billing.result).toMatchObject({ contracts: 2, executions: 2 });
    const posting = await runStep(db, SECOND, 'posting');
    expect(posting.result).toMatchObject({ journals: 2 });
    const bills = await billsOf(db);
    expect(bills).toHaveLength(12);
    expect(bills).toEqual(expect.arrayContaining(old));
    expect(await count(db, 'live_orders')).toBe(12);
    expect(await balancesOf(db)).toEqual(await postedOf(db));
  });

  it('can be undone as a whole, and run again with the same trades', async () => {
    const db = await broker(10);
    await clearFlow(db, MONDAY);
    await addTrade(db, { orderId: 'X1', accountNo: 'A0003', fills: [['X1-1', '100', '10']] });
    await clearFlow(db, SECOND);
    const balances = await balancesOf(db);
    await undo(db, SECOND);
    expect(await balancesOf(db)).toEqual([]);
    const third = { ...MONDAY, generation: 3 };
    expect((await runStep(db, third, 'billing')).result).toMatchObject({ contracts: 11 });
    await runStep(db, third, 'posting');
    expect(await balancesOf(db)).toEqual(balances);
  });
});
