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
  TUE_2025_12_23,
  TUE_2025_12_30,
  WED_2025_12_24,
} from './support/broker.ts';
import { balancesOf, count, postedOf, statesOf, unbalancedJournals } from './support/books.ts';
import { runStep, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const TUESDAY: Place = { ...MONDAY, ledgerDate: TUE_2025_12_23 };

const opened: Db[] = [];
async function broker(accounts?: number): Promise<Db> {
  const db = await smallBroker(accounts);
  opened.push(db);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.$client.end();
});

async function clear(db: Db, place: Place) {
  const sync = await runStep(db, place, 'sync');
  const billing = await runStep(db, place, 'billing');
  const posting = await runStep(db, place, 'posting');
  const settlement = await runStep(db, place, 'settlement');
  return { sync, billing, posting, settlement };
}

async function exceptionsOf(db: Db): Promise<string[]> {
  const { rows } = await db.$client.query<{ line: string }>(
    "SELECT execution_id || ' ' || reason AS line FROM trade_exceptions ORDER BY 1",
  );
  return rows.map(({ line }) => line);
}

describe('clearing a market', () => {
  it('books each order once, with its fees, and the books balance', async () => {
    const db = await broker();
    await addTrade(db, {
      orderId: 'O1',
      accountNo: 'A0001',
      fills: [
        ['E1', '100', '50.25'],
        ['E2', '300', '60'],
      ],
    });
    await addTrade(db, {
      orderId: 'O2',
      accountNo: 'A0002',
      side: 'SELL',
      fills: [['E3', '200', '55.5']],
    });
    const { sync, billing, posting, settlement } = await clear(db, MONDAY);
    expect(sync.result).toMatchObject({ orders: 2, executions: 3, exceptions: 0 });
    expect(billing.result).toMatchObject({
      contracts: 2,
      executions: 3,
      grossByCurrency: { HKD: '34125' },
    });
    expect(posting.result).toMatchObject({ journals: 2 });
    expect(settlement.status).toBe('SUCCEEDED_EMPTY');
    expect(await statesOf(db)).toEqual({ O1: 4, O2: 4 });
    expect(await unbalancedJournals(db)).toEqual([]);
    expect(await balancesOf(db)).toEqual(await postedOf(db));
  });

  it('ends every step empty where nothing was traded', async () => {
    const db = await broker();
    const { sync, billing, posting, settlement } = await clear(db, MONDAY);
    const statuses = [sync, billing, posting, settlement].map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 4 }, () => 'SUCCEEDED_EMPTY'));
    expect(await count(db, 'step_shards')).toBe(0);
  });

  it('gives the same digests however it is cut into shards and chunks', async () => {
    const digests = [];
    for (const cut of [{}, { shardPerAccount: true, chunkSize: 3, parallel: 3 }]) {
      const db = await broker();
      await addTrades(db, 40);
      const outcomes = [];
      for (const step of ['sync', 'billing', 'posting'] as const) {
        outcomes.push(await runStep(db, MONDAY, step, cut));
      }
      digests.push(outcomes.map(({ result }) => result['digest']));
    }
    expect(digests[0]).toEqual(digests[1]);
  });

  it('settles each leg on the ledger date of its settlement date', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50.25']] });
    await clear(db, MONDAY);
    await rollTo(db, TUE_2025_12_23);
    expect((await clear(db, TUESDAY)).settlement.status).toBe('SUCCEEDED_EMPTY');
    await rollTo(db, MON_2025_12_29);
    const due = await clear(db, { ...MONDAY, ledgerDate: MON_2025_12_29 });
    const { rows } = await db.$client.query(
      `SELECT DISTINCT c.cash_due_date AS due, j.ledger_date AS booked, j.value_date AS value
       FROM contracts c JOIN journals j ON j.source_id = c.contract_id
       WHERE j.kind IN ('cashSettlement', 'securitiesSettlement')`,
    );
    const date = MON_2025_12_29;
    expect(rows).toEqual([{ due: date, booked: date, value: date }]);
    expect(due.settlement.result).toMatchObject({ journals: 2 });
    expect(await statesOf(db)).toEqual({ O1: 5 });
    expect(await balancesOf(db)).toEqual(await postedOf(db));
    expect(await count(db, 'balances', 'bucket = 2 AND amount <> 0')).toBe(0);
  });

  it('is not stopped by trades of an earlier settled date: nothing settles twice', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50.25']] });
    await clear(db, MONDAY);
    await rollTo(db, MON_2025_12_29);
    await clear(db, { ...MONDAY, ledgerDate: MON_2025_12_29 });
    await rollTo(db, TUE_2025_12_30);
    const later = await clear(db, { ...MONDAY, ledgerDate: TUE_2025_12_30 });
    expect(later.settlement.status).toBe('SUCCEEDED_EMPTY');
  });
});

describe('what sync takes', () => {
  it('takes rows in force at the cutoff and leaves later ones for the next ledger date', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await addTrade(db, {
      orderId: 'O2',
      accountNo: 'A0001',
      recordedAt: '2025-12-22T09:00:01Z',
      fills: [['E2', '100', '50']],
    });
    await changeFill(db, 'E1', { price: '51', at: '2025-12-22T10:00:00Z' });
    const monday = await clear(db, MONDAY);
    expect(monday.billing.result).toMatchObject({ grossByCurrency: { HKD: '5000' } });
    await rollTo(db, TUE_2025_12_23);
    const tuesday = await runStep(db, TUESDAY, 'sync');
    expect(tuesday.result).toMatchObject({ orders: 1, executions: 1 });
    const { rows } = await db.$client.query(
      `SELECT order_id AS "orderId", trade_date AS "tradeDate" FROM orders WHERE ledger_date = $1`,
      [TUE_2025_12_23],
    );
    expect(rows).toEqual([{ orderId: 'O2', tradeDate: MON_2025_12_22 }]);
    expect(await exceptionsOf(db)).toEqual(['E1 CHANGED_AFTER_POSTING']);
  });

  it('takes a late trade once', async () => {
    const db = await broker();
    await clear(db, MONDAY);
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await rollTo(db, TUE_2025_12_23);
    expect((await clear(db, TUESDAY)).billing.result).toMatchObject({ contracts: 1 });
    await rollTo(db, WED_2025_12_24);
    const wednesday = await clear(db, { ...MONDAY, ledgerDate: WED_2025_12_24 });
    expect(wednesday.sync.status).toBe('SUCCEEDED_EMPTY');
    expect(await statesOf(db)).toEqual({ O1: 4 });
  });

  it('sets aside what names an unknown account, instrument or order', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await addTrade(db, { orderId: 'O2', accountNo: 'Z9999', fills: [['E2', '100', '50']] });
    await addTrade(db, {
      orderId: 'O3',
      accountNo: 'A0002',
      instrumentId: '99999.HK',
      fills: [['E3', '100', '50']],
    });
    await addTrade(db, { orderId: 'O4', accountNo: 'A0002', fills: [['E4', '100', '50']] });
    await db.$client.query("DELETE FROM front_office.orders WHERE order_id = 'O4'");
    const { sync, billing } = await clear(db, MONDAY);
    expect(sync.result).toMatchObject({ orders: 1, executions: 1, exceptions: 3 });
    expect(await exceptionsOf(db)).toEqual([
      'E2 UNKNOWN_ACCOUNT',
      'E3 UNKNOWN_INSTRUMENT',
      'E4 UNKNOWN_ORDER',
    ]);
    expect(billing.result).toMatchObject({ contracts: 1 });
  });

  it('leaves cancelled executions out', async () => {
    const db = await broker();
    await addTrade(db, {
      orderId: 'O1',
      accountNo: 'A0001',
      fills: [
        ['E1', '100', '50'],
        ['E2', '100', '50'],
      ],
    });
    await changeFill(db, 'E1', { cancelled: true, at: '2025-12-22T03:00:00Z' });
    const { sync } = await clear(db, MONDAY);
    expect(sync.result).toMatchObject({ orders: 1, executions: 1 });
  });

  it('takes text of any script as it is', async () => {
    const db = await broker();
    await addTrade(db, { orderId: '單1\\x', accountNo: 'A0001', fills: [['成交1', '100', '50']] });
    await clear(db, MONDAY);
    expect(await statesOf(db)).toEqual({ '單1\\x': 4 });
  });
});
