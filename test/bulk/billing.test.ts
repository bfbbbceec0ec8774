import { afterEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { supplementExecutions, supplements } from '../../db/schema/trades.ts';
import {
  addTrade,
  EQUITY,
  ETF,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
} from './support/broker.ts';
import { billsOf, count, statesOf } from './support/books.ts';
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

async function assetOf(db: Db, code: string): Promise<number> {
  const { rows } = await db.$client.query<{ id: number }>(
    'SELECT asset_id AS id FROM assets WHERE code = $1',
    [code],
  );
  return rows[0]!.id;
}

describe('billing', () => {
  it('prices by the edited order channel and keeps the original beside it', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '1000', '500']] });
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    const before = await billsOf(db);
    await db.$client.query(
      `INSERT INTO order_channel_edits (ledger_date, flow, order_id, channel, editor, current)
       VALUES ($1, 'HK', 'O1', 6, 'operator', true)`,
      [MON_2025_12_22],
    );
    await runStep(db, MONDAY, 'billing');
    const after = await billsOf(db);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await count(db, 'live_contracts', 'order_channel = 6')).toBe(1);
    expect(await count(db, 'live_orders', 'order_channel = 0')).toBe(1);
  });

  it('fails with the account, market and date where no fee schedule is in force', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await db.$client.query('DELETE FROM account_fee_schedules');
    await runStep(db, MONDAY, 'sync');
    await expect(runStep(db, MONDAY, 'billing')).rejects.toMatchObject({
      code: 'FEE_RULE_MISSING',
      details: { accountNo: 'A0001', market: 'HK', tradeDate: MON_2025_12_22 },
    });
    expect(await count(db, 'live_contracts')).toBe(0);
  });

  it('charges no stamp duty on an ETF', async () => {
    const db = await broker();
    const fills = (id: string) => [[id, '1000', '50']] as const;
    await addTrade(db, {
      orderId: 'O1',
      accountNo: 'A0001',
      instrumentId: ETF,
      fills: fills('E1'),
    });
    await addTrade(db, {
      orderId: 'O2',
      accountNo: 'A0001',
      instrumentId: EQUITY,
      fills: fills('E2'),
    });
    await runStep(db, MONDAY, 'sync');
    const billing = await runStep(db, MONDAY, 'billing');
    expect(billing.result['feesByCode']).toMatchObject({ STAMP: '50.00' });
  });
});

describe('supplements of the back office', () => {
  it('are cleared with the dates that they override', async () => {
    const db = await broker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await runStep(db, MONDAY, 'sync');
    const { rows } = await db.$client.query<{ id: number }>(
      'SELECT min(account_id) AS id FROM accounts',
    );
    const [row] = await db
      .insert(supplements)
      .values({
        requestId: 'r1',
        ledgerDate: MON_2025_12_22,
        flow: 'HK',
        generation: 1,
        market: 'HK',
        accountId: rows[0]!.id,
        assetId: await assetOf(db, EQUITY),
        side: 'BUY',
        orderChannel: 1,
        settlementChannel: 'CCASS',
        tradeDate: MON_2025_12_22,
        cashSettlementDate: TUE_2025_12_23,
        securitiesSettlementDate: MON_2025_12_22,
        enteredBy: 'operator',
      })
      .returning();
    await db.insert(supplementExecutions).values({
      supplementId: row!.supplementId,
      executionNo: 1,
      serial: 'S1',
      quantity: '500',
      price: '10',
    });
    const { billing } = await clear(db, MONDAY);
    expect(billing.result).toMatchObject({ contracts: 2 });
    const supplement = `SUP-${row!.supplementId}`;
    expect(await statesOf(db)).toEqual({ O1: 4, [supplement]: 6 });
    await rollTo(db, TUE_2025_12_23);
    await clear(db, TUESDAY);
    expect(await statesOf(db)).toEqual({ O1: 4, [supplement]: 5 });
  });
});
