import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { confirmHandPrice, editFees, unpinFees } from '../../db/fee-edits.repository.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { changeFlow, pointStep } from '../../db/flows.repository.ts';
import { readClosing } from '../../db/queries/closing.ts';
import { readBill } from '../../db/queries/contract-bills.ts';
import { orderChannelEdits } from '../../db/schema/trades.ts';
import { inTransaction } from '../../db/transaction.ts';
import { balancesOf, postedOf } from './support/books.ts';
import { MON_2025_12_22, smallBroker } from './support/broker.ts';
import { enterMergeRule, mergedContracts, ordersOf } from './support/merging.ts';
import { trade } from './support/monthly.ts';
import { runStep, type Place } from './support/run-step.ts';
import { undoFlow } from './support/whole-flow.ts';

const HK: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const SECOND: Place = { ...HK, generation: 2 };

let db: Db;
beforeEach(async () => {
  db = await smallBroker();
  await enterMergeRule(db);
  for (const [at, orderId] of ['O1', 'O2'].entries()) {
    await trade(db, { orderId, at: `02:0${at}:00`, thousands: [10, 20] });
  }
  await runStep(db, HK, 'sync');
  await runStep(db, HK, 'billing');
  await pause();
});
afterEach(() => db.$client.end());

/** Where people may edit: billed, at rest, nothing posted. */
async function pause(): Promise<void> {
  await inTransaction(db, async ({ tx }) => {
    await changeFlow(tx, HK, { mode: 'PAUSED' });
    await pointStep(tx, HK, { step: 'billing', status: 'SUCCEEDED' });
    await pointStep(tx, HK, { step: 'posting', status: 'NOT_STARTED' });
  });
}

async function contractOf(orders: string): Promise<number> {
  const found = (await mergedContracts(db)).find((each) => each.orders === orders);
  if (found === undefined) throw new Error(`no contract ${orders}`);
  return found.contractId;
}

const decisionOn = async (contractId: number) => ({
  ...{ contractId, reason: 'a test', person: 'operator' },
  revision: (await readBill(db.$client, contractId)).revision,
  now: new Date('2025-12-22T10:00:00Z'),
});

async function priceByHand(orders: string): Promise<number> {
  const contractId = await contractOf(orders);
  const decision = await decisionOn(contractId);
  const edit = { action: 'AMOUNT', feeCode: 'COMMISSION', amount: '1.23' } as const;
  await inTransaction(db, (t) => editFees(t, decision, edit));
  return contractId;
}

async function commissionOf(orders: string): Promise<string | null | undefined> {
  const { items } = await readBill(db.$client, await contractOf(orders));
  return items.find(({ feeCode }) => feeCode === 'COMMISSION')?.billAmount;
}

const editChannel = (orderId: string) =>
  db.insert(orderChannelEdits).values({
    ...{ ledgerDate: MON_2025_12_22, flow: 'HK', orderId, channel: 6, current: true },
    ...{ editor: 'operator', editedAt: '2025-12-22T09:00:00Z' },
  });

async function expectSound(): Promise<void> {
  expect(await balancesOf(db)).toEqual(await postedOf(db));
  const { invariants } = await readClosing(db, MON_2025_12_22);
  expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
}

describe('a merged contract that is priced by hand', () => {
  it('is of all its orders, over a second pass, posting and an undo', async () => {
    await priceByHand('O1+O2');
    expect((await runStep(db, HK, 'billing')).result).toMatchObject({ handPriced: 1 });
    expect(await commissionOf('O1+O2')).toBe('1.23');
    for (const step of ['posting', 'settlement'] as const) await runStep(db, HK, step);
    await expectSound();
    await undoFlow(db, HK);
    expect((await runStep(db, SECOND, 'billing')).result).toMatchObject({ handPriced: 1 });
    expect(await commissionOf('O1+O2')).toBe('1.23');
    await runStep(db, SECOND, 'posting');
    await expectSound();
  });

  it('keeps its price when another order of the key comes behind a posting that stays', async () => {
    await priceByHand('O1+O2');
    await runStep(db, HK, 'posting');
    await trade(db, { orderId: 'O3', at: '03:00:00', thousands: [10] });
    await runStep(db, SECOND, 'sync');
    expect((await runStep(db, SECOND, 'billing')).result).toMatchObject({ handPriced: 0 });
    await runStep(db, SECOND, 'posting');
    expect(await ordersOf(db)).toEqual(['O1+O2', 'O3']);
    expect(await commissionOf('O1+O2')).toBe('1.23');
    await expectSound();
  });

  it('stops billing when another order joins, until a person says that the price holds', async () => {
    const contractId = await priceByHand('O1+O2');
    await trade(db, { orderId: 'O3', at: '01:00:00', thousands: [10] });
    await runStep(db, HK, 'sync');
    const stale = { code: 'HAND_PRICE_STALE', details: { contracts: [{ contractId }] } };
    await expect(runStep(db, HK, 'billing')).rejects.toMatchObject(stale);
    const decision = await decisionOn(contractId);
    await inTransaction(db, (t) => confirmHandPrice(t, decision));
    expect((await runStep(db, HK, 'billing')).result).toMatchObject({ handPriced: 1 });
    expect(await ordersOf(db)).toEqual(['O3+O1+O2']);
    expect(await commissionOf('O3+O1+O2')).toBe('1.23');
    // Now it is the price of all three.
    expect((await runStep(db, HK, 'billing')).result).toMatchObject({ handPriced: 1 });
    await runStep(db, HK, 'posting');
    await expectSound();
  });

  it('stops billing when an edit of the channel takes an order out', async () => {
    const contractId = await priceByHand('O1+O2');
    await editChannel('O2');
    const stale = { code: 'HAND_PRICE_STALE', details: { contracts: [{ contractId }] } };
    await expect(runStep(db, HK, 'billing')).rejects.toMatchObject(stale);
    const decision = await decisionOn(contractId);
    await inTransaction(db, (t) => unpinFees(t, decision));
    expect((await runStep(db, HK, 'billing')).result).toMatchObject({ handPriced: 0 });
    expect(await ordersOf(db)).toEqual(['O1', 'O2']);
  });

  it('stops billing when its orders were priced apart, one of them by hand', async () => {
    await editChannel('O2');
    await runStep(db, HK, 'billing');
    const contractId = await priceByHand('O1');
    await editChannel('O1');
    const stale = { code: 'HAND_PRICE_STALE', details: { contracts: [{ contractId }] } };
    await expect(runStep(db, HK, 'billing')).rejects.toMatchObject(stale);
    const decision = await decisionOn(contractId);
    await inTransaction(db, (t) => confirmHandPrice(t, decision));
    await expect(
      decisionOn(contractId).then((again) => inTransaction(db, (t) => confirmHandPrice(t, again))),
    ).rejects.toMatchObject({ code: 'HAND_PRICE_NOT_STALE' });
    await runStep(db, HK, 'billing');
    expect(await commissionOf('O1+O2')).toBe('1.23');
  });

  it('is tried with all its orders', async () => {
    const { items, calculateOutAmount } = await readBill(db.$client, await contractOf('O1+O2'));
    const trial = await tryFees(db, await contractOf('O1+O2'));
    expect(trial.calculateOutAmount).toBe(calculateOutAmount);
    expect(trial.items.map(({ feeCode, amount }) => [feeCode, amount])).toEqual(
      items.map((item) => [item.feeCode, item.calculateOutAmount]),
    );
  });
});
