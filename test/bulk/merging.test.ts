import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { feeExplanationsOf } from '../../db/queries/fee-explanations.ts';
import { readContract, readContracts } from '../../db/queries/contracts.ts';
import { readFees, type FeeView } from '../../db/queries/fees.ts';
import { orderChannelEdits } from '../../db/schema/trades.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { Explanation } from '../../scripts/explain-fees/explained-terms.ts';
import { differenceOf } from '../../scripts/explain-fees/recompute-fee.ts';
import { billsOf, count } from './support/books.ts';
import {
  addTrade,
  changeOrder,
  EQUITY,
  ETF,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
  type Trade,
} from './support/broker.ts';
import {
  enterFee,
  enterMergeRule,
  MERGE_RULE,
  mergedContracts,
  ordersOf,
} from './support/merging.ts';
import { BY_ORDERS, chargedBy, givePackage, trade, type TimedTrade } from './support/monthly.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

const on = (ledgerDate: BusinessDate, generation = 1): Place => ({
  ...{ ledgerDate, flow: 'HK', generation },
});
const MONDAY = on(MON_2025_12_22);

let db: Db;
beforeEach(async () => {
  db = await smallBroker();
});
afterEach(() => db.$client.end());

/** Orders of one account for one instrument, each a minute after the one before it. */
async function place(
  ids: readonly string[],
  changes: Partial<TimedTrade & Pick<Trade, 'stage'>> = {},
): Promise<void> {
  for (const [minute, orderId] of ids.entries()) {
    await trade(db, { orderId, at: `02:0${minute}:00`, thousands: [10], ...changes });
  }
}

async function bill(): Promise<void> {
  await runStep(db, MONDAY, 'sync');
  await runStep(db, MONDAY, 'billing');
}

async function editChannel(orderId: string, channel: number): Promise<void> {
  await db.insert(orderChannelEdits).values({
    ...{ ledgerDate: MON_2025_12_22, flow: 'HK', orderId, channel, current: true },
    ...{ editor: 'operator', editedAt: '2025-12-22T09:00:00Z' },
  });
}

async function feesOf(contractId: number, feeCode: string): Promise<FeeView[]> {
  const fees = await readFees(db.$client, contractId);
  return fees.filter((fee) => fee.feeCode === feeCode);
}

/** Every fee follows from its explanation alone. Returns how many there are. */
async function expectRecomputed(): Promise<number> {
  let fees = 0;
  for await (const page of feeExplanationsOf(db.$client, MON_2025_12_22)) {
    for (const each of page) {
      if (!('explanation' in each)) throw each.fault;
      const read = JSON.parse(JSON.stringify(each.explanation)) as Explanation;
      expect(differenceOf(read)).toBeUndefined();
      fees += 1;
    }
  }
  expect(fees).toBe(await count(db, 'fees'));
  return fees;
}

describe('D.3: three orders of 10,000, each filled in three executions', () => {
  /** 33 + 33 + 34 shares at 100 each. */
  const THREE_FILLS = { thousands: [3.3, 3.3, 3.4] };
  beforeEach(async () => {
    const rate = { kind: 'rate', rate: '0.00033' } as const;
    await enterFee(db, 'PLATFORM_FEE', { unit: 'contract', formula: rate });
    await enterFee(db, 'COMMISSION', { unit: 'order', formula: rate });
    await enterFee(db, 'TRADING_FEE', { unit: 'execution', formula: rate });
    await place(['O1', 'O2', 'O3'], THREE_FILLS);
  });

  it('merged pay one fee of the contract, three of orders, nine of executions', async () => {
    await enterMergeRule(db);
    await bill();
    const [contract, ...others] = await mergedContracts(db);
    expect(others).toEqual([]);
    expect(contract).toMatchObject({ orders: 'O1+O2+O3', gross: '30000' });
    const id = contract!.contractId;
    expect(await feesOf(id, 'PLATFORM_FEE')).toMatchObject([
      { executionNo: 0, orderId: null, metric: '30000', amount: '9.90' },
    ]);
    expect(await feesOf(id, 'COMMISSION')).toMatchObject(
      ['O1', 'O2', 'O3'].map((orderId) => ({ orderId, executionNo: 0, amount: '3.30' })),
    );
    // 3,300 × 0.00033 = 1.089 and 3,400 × 0.00033 = 1.122: each is rounded.
    const executions = await feesOf(id, 'TRADING_FEE');
    expect(executions.map(({ amount }) => amount)).toEqual(
      ['O1', 'O2', 'O3'].flatMap(() => ['1.09', '1.09', '1.12']),
    );
    expect(executions.map(({ executionNo }) => executionNo)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(executions[4]).toMatchObject({ orderId: 'O2', executionId: 'O2-2025-12-22-02:01:00-2' });
  });

  it('are three contracts where nothing merges them, and billing looks for no rule', async () => {
    await enterMergeRule(db, { packages: ['sample-hk-vip'] });
    await enterMergeRule(db, { mergeRuleId: 'us', market: 'US' });
    await bill();
    expect(await ordersOf(db)).toEqual(['O1', 'O2', 'O3']);
    expect((await chargedBy(db, 'PLATFORM_FEE'))['O1']).toBe('3.30');
    expect(await count(db, 'merged_orders')).toBe(0);
  });

  it('show all their orders, and are found by each of them', async () => {
    await enterMergeRule(db);
    await bill();
    const [contract] = await mergedContracts(db);
    const { orderId, orderIds, executionCount } = await readContract(
      db.$client,
      contract!.contractId,
    );
    expect({ orderId, orderIds, executionCount }).toEqual({
      ...{ orderId: 'O1', orderIds: ['O1', 'O2', 'O3'], executionCount: 9 },
    });
    for (const each of orderIds) {
      const { items } = await readContracts(db.$client, { orderId: each, limit: 10 });
      expect(items.map((item) => item.contractId)).toEqual([contract!.contractId]);
    }
  });

  it('are computed again from their explanations', async () => {
    await enterMergeRule(db);
    await bill();
    expect(await expectRecomputed()).toBeGreaterThan(13);
  });
});

describe('EMS orders inside a merged contract', () => {
  it('are charged once for all their orders, explained and tried', async () => {
    await enterMergeRule(db);
    const rate = { kind: 'rate', rate: '0.0001' } as const;
    await enterFee(db, 'PLATFORM_FEE', { unit: 'emsOrder', formula: rate, min: '1.50' });
    const each = { kind: 'perEmsOrder', amount: '7' } as const;
    await enterFee(db, 'TRADING_FEE', { unit: 'contract', formula: each });
    await place(['O1', 'O2', 'O3', 'O4']);
    await db.$client.query(`UPDATE front_office.orders SET ems_order_no = 'EMS'
      WHERE order_id IN ('O2', 'O4')`);
    await bill();
    const [contract] = await mergedContracts(db);
    const id = contract!.contractId;
    expect(await feesOf(id, 'PLATFORM_FEE')).toMatchObject([
      { orderId: 'O1', metric: '10000', amount: '1.50' },
      { orderId: 'O2', metric: '20000', amount: '2.00' },
      { orderId: 'O3', metric: '10000', amount: '1.50' },
    ]);
    expect(await feesOf(id, 'TRADING_FEE')).toMatchObject([{ metric: '3', amount: '21.00' }]);
    await expectRecomputed();
    const trial = await tryFees(db, id);
    expect(trial.calculateOutAmount).toBe(contract!.fees);
  });
});

describe('orders share a contract', () => {
  beforeEach(() => enterMergeRule(db));

  it('in the order of time, whatever their numbers', async () => {
    await place(['O2', 'O1', 'O3']);
    await bill();
    expect(await ordersOf(db)).toEqual(['O2+O1+O3']);
  });

  it('of one account, instrument, side and bucket of channels', async () => {
    await place(['A1', 'A2']);
    await place(['B1', 'B2'], { side: 'SELL' });
    await place(['C1', 'C2'], { instrumentId: ETF });
    await place(['D1', 'D2'], { accountNo: 'A0002' });
    const channel = async (orderId: string, orderChannel: number) =>
      addTrade(db, {
        ...{ orderId, orderChannel, accountNo: 'A0001', recordedAt: '2025-12-22T05:00:00Z' },
        fills: [[`${orderId}-1`, '100', '100']],
      });
    await channel('E1', 6);
    await channel('E2', 7);
    await channel('F1', 9);
    await channel('F2', 9);
    await bill();
    expect(await ordersOf(db)).toEqual(['A1+A2', 'B1+B2', 'C1+C2', 'D1+D2', 'E1+E2', 'F1', 'F2']);
  });

  it.each([
    [false, ['G1+G2', 'O1+O2']],
    [true, ['G1+G2+O1+O2']],
  ])('of the grey market and of others: greyMarketMerge %s', async (isTogether, expected) => {
    if (isTogether) await enterMergeRule(db, { version: 2, greyMarketMerge: true });
    await place(['G1', 'G2'], { stage: 'GREY' });
    await place(['O1', 'O2'], { at: '04:00:00' });
    await bill();
    expect(await ordersOf(db)).toEqual(expected);
    const { rows } = await db.$client.query(
      `SELECT stage FROM live_contracts WHERE order_id = 'G1'`,
    );
    expect(rows).toEqual([{ stage: 'GREY' }]);
  });

  it('without those that sync sets aside', async () => {
    await place(['O1', 'O2', 'O3']);
    await changeOrder(db, 'O1', { cancelled: true, at: '2025-12-22T03:00:00Z' });
    await bill();
    expect(await ordersOf(db)).toEqual(['O2+O3']);
    expect(await count(db, 'trade_exceptions')).toBe(1);
  });

  it('L27: leave it by an edit of the channel, which changes the minimum as well', async () => {
    const formula = { kind: 'rate', rate: '0.0001' } as const;
    await enterFee(db, 'PLATFORM_FEE', { unit: 'contract', formula, min: '15.00' });
    await place(['O1', 'O2', 'O3']);
    await bill();
    expect(await chargedBy(db, 'PLATFORM_FEE')).toEqual({ O1: '15.00' });
    await editChannel('O1', 6);
    await runStep(db, MONDAY, 'billing');
    expect(await ordersOf(db)).toEqual(['O1', 'O2+O3']);
    expect(await chargedBy(db, 'PLATFORM_FEE')).toEqual({ O1: '15.00', O2: '15.00' });
    // Priced by the channel of the leading order.
    const { rows } = await db.$client.query(
      'SELECT order_channel AS channel FROM live_contracts ORDER BY order_id',
    );
    expect(rows).toEqual([{ channel: 6 }, { channel: 0 }]);
  });

  it('of one trade date, also on a later ledger date', async () => {
    await rollTo(db, TUE_2025_12_23);
    await place(['O1', 'O2']);
    await place(['O3', 'O4'], { tradeDate: TUE_2025_12_23 });
    const tuesday = on(TUE_2025_12_23);
    await clearFlow(db, tuesday);
    expect(await ordersOf(db)).toEqual(['O1+O2', 'O3+O4']);
  });

  it('as one attempt does when several end in the middle', async () => {
    await place(['O1', 'O2', 'O3']);
    await place(['P1', 'P2'], { side: 'SELL' });
    await place(['Q1'], { accountNo: 'A0002' });
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    const straight = await billsOf(db);
    const run = await openRun(db, MONDAY, 'billing');
    const stopped = workOne(db, run, 0, { chunkSize: 1, stopAfter: 1 });
    await expect(stopped).rejects.toMatchObject({ code: 'FENCED_OUT' });
    await workOne(db, run, 0, { chunkSize: 1 });
    expect((await closeRun(db, run)).result).toMatchObject({ contracts: 3, executions: 6 });
    expect(await billsOf(db)).toEqual(straight);
  });
});

describe('which rule merges', () => {
  it('is that of the trade date, and of what its ledger date knew', async () => {
    await enterMergeRule(db, { effectiveFrom: TUE_2025_12_23 });
    await place(['O1', 'O2']);
    await clearFlow(db, MONDAY);
    expect(await ordersOf(db)).toEqual(['O1', 'O2']);
    await undoFlow(db, MONDAY);
    // A correction of the rule, entered while Tuesday is open: Monday does not know it.
    await enterMergeRule(db, { version: 2 }, TUE_2025_12_23);
    await clearAgain(db, on(MON_2025_12_22, 2));
    expect(await ordersOf(db)).toEqual(['O1', 'O2']);
    await undoFlow(db, on(MON_2025_12_22, 2));
    await enterMergeRule(db, { version: 3 });
    await clearAgain(db, on(MON_2025_12_22, 3));
    expect(await ordersOf(db)).toEqual(['O1+O2']);
  });

  it('is none once it is void, or merges nothing', async () => {
    await enterMergeRule(db);
    await enterMergeRule(db, { version: 2, voided: true });
    await place(['O1', 'O2']);
    await bill();
    expect(await ordersOf(db)).toEqual(['O1', 'O2']);
    await enterMergeRule(db, { version: 3, merge: false, items: [] });
    await runStep(db, MONDAY, 'billing');
    expect(await ordersOf(db)).toEqual(['O1', 'O2']);
    expect(MERGE_RULE.merge).toBe(true);
  });
});

describe('a merged contract and what comes later', () => {
  beforeEach(() => enterMergeRule(db));

  it('stays as it was posted where a revoke kept it; an undo merges all of them', async () => {
    await place(['O1', 'O2']);
    await clearFlow(db, MONDAY);
    await trade(db, { orderId: 'O3', at: '01:00:00', thousands: [10] });
    await clearFlow(db, on(MON_2025_12_22, 2));
    expect(await ordersOf(db)).toEqual(['O1+O2', 'O3']);
    await undoFlow(db, on(MON_2025_12_22, 2));
    await clearAgain(db, on(MON_2025_12_22, 3));
    expect(await ordersOf(db)).toEqual(['O3+O1+O2']);
  });

  it('counts each of its orders in a month', async () => {
    await givePackage(db, 'A0001', BY_ORDERS);
    await enterMergeRule(db, { mergeRuleId: 'by-orders', packages: [BY_ORDERS] });
    await place(['O1', 'O2', 'O3', 'O4']);
    await place(['P1', 'P2'], { side: 'SELL', at: '04:00:00' });
    await clearFlow(db, MONDAY);
    // Orders 1 to 5 of the month pay 30.00, the sixth 15.00.
    expect(await chargedBy(db, 'PLATFORM_FEE')).toEqual({
      ...{ O1: '30.00 30.00 30.00 30.00', P1: '30.00 15.00' },
    });
    await rollTo(db, TUE_2025_12_23);
    await place(['Q1'], { tradeDate: TUE_2025_12_23, instrumentId: EQUITY });
    await clearFlow(db, on(TUE_2025_12_23));
    expect((await chargedBy(db, 'PLATFORM_FEE'))['Q1']).toBe('15.00');
  });
});
