import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { feeExplanationsOf } from '../../db/queries/fee-explanations.ts';
import { readFees } from '../../db/queries/fees.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { differenceOf } from '../../scripts/explain-fees/recompute-fee.ts';
import { count } from './support/books.ts';
import {
  ETF,
  MON_2025_12_22,
  MON_2025_12_29,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
  TUE_2025_12_30,
} from './support/broker.ts';
import { BY_ORDERS, chargedBy, givePackage, MARGINAL, NEXT_DAY, trade } from './support/monthly.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

const FRI_2026_01_02 = '2026-01-02' as BusinessDate;
const on = (ledgerDate: BusinessDate, generation = 1): Place => ({
  ledgerDate,
  flow: 'HK',
  generation,
});
const MONDAY = on(MON_2025_12_22);

let db: Db;
beforeEach(async () => {
  db = await smallBroker();
  await givePackage(db, 'A0001', MARGINAL);
});
afterEach(() => db.$client.end());

const commissions = () => chargedBy(db, 'COMMISSION');

describe('tiers by the month', () => {
  it('take trades in the order of their time, and split the one that crosses', async () => {
    await trade(db, { orderId: 'O1', at: '03:00:00', thousands: [300] });
    await trade(db, { orderId: 'O2', at: '02:00:00', thousands: [500, 400] });
    await clearFlow(db, MONDAY);
    // 900,000 × 0.0008; then 100,000 × 0.0008 + 200,000 × 0.0005.
    expect(await commissions()).toEqual({ O2: '720.00', O1: '180.00' });
    expect(await count(db, 'month_positions', 'before = 900000')).toBe(1);
  });

  it('show both parts of it', async () => {
    await trade(db, { orderId: 'O1', at: '02:00:00', thousands: [900] });
    await trade(db, { orderId: 'O2', at: '03:00:00', thousands: [300] });
    await clearFlow(db, MONDAY);
    const { rows } = await db.$client.query<{ id: number }>(
      `SELECT contract_id AS id FROM contracts WHERE order_id = 'O2'`,
    );
    const reader = await db.$client.connect();
    const fees = await readFees(reader, rows[0]!.id).finally(() => reader.release());
    const { monthBefore, steps } = fees.find(({ feeCode }) => feeCode === 'COMMISSION')!;
    expect(monthBefore).toBe('900000');
    expect(steps).toMatchObject([
      { step: 'month', before: '900000' },
      { step: 'compute', arithmetic: '100000 × 0.0008 + 200000 × 0.0005', result: '180' },
      { step: 'min', isDeciding: false },
      { step: 'round', result: '180.00' },
    ]);
    // No other line has a place in the month.
    expect(fees.filter((fee) => fee.monthBefore !== null)).toHaveLength(1);
  });

  it('are tried and computed again as they were billed, and behind the month once posted', async () => {
    await trade(db, { orderId: 'O2', at: '03:00:00', thousands: [300] });
    await trade(db, { orderId: 'O1', at: '02:00:00', thousands: [500, 400] });
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    const { rows } = await db.$client.query<{ id: number; orderId: string; fees: string }>(
      'SELECT contract_id AS id, order_id AS "orderId", fee_amount AS fees FROM contracts',
    );
    for (const { id, fees } of rows) {
      expect((await tryFees(db, id)).calculateOutAmount).toBe(fees);
    }
    const differences: unknown[] = [];
    for await (const page of feeExplanationsOf(db.$client, MON_2025_12_22)) {
      const explained = page.flatMap((each) => ('explanation' in each ? [each.explanation] : []));
      expect(explained).toHaveLength(page.length);
      expect(explained.some(({ inputs }) => inputs.monthBefore === '900000')).toBe(true);
      differences.push(...explained.flatMap((each) => differenceOf(each) ?? []));
    }
    expect(differences).toEqual([]);

    await runStep(db, MONDAY, 'posting');
    const first = rows.find(({ orderId }) => orderId === 'O1')!;
    const { items } = await tryFees(db, first.id);
    // Taken back, and behind the 300,000 of O2: 700,000 × 0.0008 + 200,000 × 0.0005.
    expect(items.find(({ feeCode }) => feeCode === 'COMMISSION')?.amount).toBe('660.00');
  });

  it('take the smaller order id first at one instant, whatever the order numbers', async () => {
    await trade(db, { orderId: 'B', at: '02:00:00', thousands: [1000] });
    await trade(db, { orderId: 'A', at: '02:00:00', thousands: [1000] });
    await clearFlow(db, MONDAY);
    expect(await commissions()).toEqual({ A: '800.00', B: '500.00' });
  });

  it('count purchases and sales of all instruments, of one account alone', async () => {
    await givePackage(db, 'A0002', MARGINAL);
    await trade(db, { orderId: 'O1', at: '02:00:00', thousands: [600], side: 'SELL' });
    await trade(db, { orderId: 'O2', at: '02:30:00', thousands: [400], instrumentId: ETF });
    await trade(db, { orderId: 'O3', at: '03:00:00', thousands: [100] });
    await trade(db, { orderId: 'O4', at: '04:00:00', thousands: [100], accountNo: 'A0002' });
    await trade(db, { orderId: 'O5', at: '04:00:00', thousands: [100], accountNo: 'A0003' });
    await clearFlow(db, MONDAY);
    expect(await commissions()).toMatchObject({ O1: '480.00', O2: '320.00', O3: '50.00' });
    expect(await commissions()).toMatchObject({ O4: '80.00' });
  });

  it('count what an earlier attempt has written when one goes on in the middle', async () => {
    for (let n = 1; n <= 5; n += 1) {
      await trade(db, { orderId: `O${n}`, at: `02:0${9 - n}:00`, thousands: [400] });
    }
    await trade(db, { orderId: 'P1', at: '02:00:00', thousands: [400], accountNo: 'A0002' });
    await runStep(db, MONDAY, 'sync');
    const run = await openRun(db, MONDAY, 'billing');
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const stopped = workOne(db, run, 0, { chunkSize: 1, stopAfter: 1 });
      await expect(stopped).rejects.toMatchObject({ code: 'FENCED_OUT' });
    }
    await workOne(db, run, 0, { chunkSize: 1 });
    expect((await closeRun(db, run)).result).toMatchObject({ contracts: 6 });
    // 400,000 and 400,000; 200,000 on each side of the boundary; the rest above it.
    expect(await commissions()).toMatchObject({
      O5: '320.00',
      O4: '320.00',
      O3: '260.00',
      O2: '200.00',
      O1: '200.00',
    });
  });

  it('begin where the ledger dates before ended, and anew with the calendar month', async () => {
    await trade(db, { orderId: 'O1', at: '02:00:00', thousands: [900] });
    await clearFlow(db, MONDAY);
    await rollTo(db, TUE_2025_12_23);
    await trade(db, { orderId: 'O2', at: '02:00:00', thousands: [300], tradeDate: TUE_2025_12_23 });
    await clearFlow(db, on(TUE_2025_12_23));
    await rollTo(db, TUE_2025_12_30);
    await trade(db, { orderId: 'O3', at: '02:00:00', thousands: [100], tradeDate: TUE_2025_12_30 });
    // Late: it counts for December, behind everything that is posted.
    await clearFlow(db, on(TUE_2025_12_30));
    await rollTo(db, FRI_2026_01_02);
    await trade(db, { orderId: 'O4', at: '02:00:00', thousands: [100], tradeDate: FRI_2026_01_02 });
    await trade(db, { orderId: 'O5', at: '01:00:00', thousands: [100], tradeDate: MON_2025_12_29 });
    await clearFlow(db, on(FRI_2026_01_02));
    expect(await commissions()).toEqual({
      O1: '720.00',
      O2: '180.00',
      O3: '50.00',
      O4: '80.00',
      O5: '50.00',
    });
  });

  it('of the next trading day see only the days before', async () => {
    await givePackage(db, 'A0001', NEXT_DAY);
    await trade(db, { orderId: 'O1', at: '02:00:00', thousands: [900] });
    await trade(db, { orderId: 'O2', at: '03:00:00', thousands: [300] });
    await clearFlow(db, MONDAY);
    await rollTo(db, TUE_2025_12_23);
    await trade(db, { orderId: 'O3', at: '02:00:00', thousands: [100], tradeDate: TUE_2025_12_23 });
    await clearFlow(db, on(TUE_2025_12_23));
    expect(await commissions()).toEqual({ O1: '720.00', O2: '240.00', O3: '50.00' });
  });

  it('by orders count each order once, whatever its executions', async () => {
    await givePackage(db, 'A0001', BY_ORDERS);
    for (let n = 1; n <= 6; n += 1) {
      await trade(db, { orderId: `O${n}`, at: `02:0${9 - n}:00`, thousands: [10, 10] });
    }
    await clearFlow(db, MONDAY);
    const fees = await chargedBy(db, 'PLATFORM_FEE');
    expect(fees).toEqual({
      ...Object.fromEntries(['O6', 'O5', 'O4', 'O3', 'O2'].map((id) => [id, '30.00'])),
      O1: '15.00',
    });
  });
});

describe('K.4 26 and 27: a ledger date that is billed again', () => {
  beforeEach(async () => {
    await trade(db, { orderId: 'O1', at: '03:00:00', thousands: [900] });
    await trade(db, { orderId: 'O2', at: '04:00:00', thousands: [300] });
  });
  const early = () => trade(db, { orderId: 'O3', at: '02:00:00', thousands: [200] });

  it('does not count the bills that it takes the place of', async () => {
    await runStep(db, MONDAY, 'sync');
    for (let pass = 1; pass <= 3; pass += 1) await runStep(db, MONDAY, 'billing');
    expect(await commissions()).toEqual({ O1: '720.00', O2: '180.00' });
  });

  it('is tiered as a whole after an undo, by the time of its trades', async () => {
    await clearFlow(db, MONDAY);
    await undoFlow(db, MONDAY);
    await early();
    await clearFlow(db, on(MON_2025_12_22, 2));
    // 200,000, then 900,000 from there on, then 300,000 above the boundary.
    expect(await commissions()).toEqual({ O3: '160.00', O1: '690.00', O2: '150.00' });
  });

  it('keeps what is posted where a revoke kept it: the supplement comes last', async () => {
    await clearFlow(db, MONDAY);
    await early();
    await clearFlow(db, on(MON_2025_12_22, 2));
    expect(await commissions()).toEqual({ O1: '720.00', O2: '180.00', O3: '100.00' });
    // Undone together, nothing is kept any more.
    await undoFlow(db, on(MON_2025_12_22, 2));
    await clearAgain(db, on(MON_2025_12_22, 3));
    expect(await commissions()).toEqual({ O3: '160.00', O1: '690.00', O2: '150.00' });
  });
});
