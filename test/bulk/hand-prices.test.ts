import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { confirmHandPrice, editFees, unpinFees } from '../../db/fee-edits.repository.ts';
import { changeFlow, pointStep } from '../../db/flows.repository.ts';
import { readBill, type BillView } from '../../db/queries/contract-bills.ts';
import { readClosing } from '../../db/queries/closing.ts';
import { inTransaction } from '../../db/transaction.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import { addTrade, addTrades, changeFill, MON_2025_12_22, smallBroker } from './support/broker.ts';
import { balancesOf, postedOf, unbalancedJournals } from './support/books.ts';
import { postingBalanceOf } from './support/fee-books.ts';
import { runStep, type Cut, type Place } from './support/run-step.ts';
import { undoFlow } from './support/whole-flow.ts';

const HK: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const generation = (n: number): Place => ({ ...HK, generation: n });
const CODES = ['STAMP', 'COMMISSION', 'TRADING_FEE', 'PLATFORM_FEE', 'SFC_LEVY'] as const;

/** Where people may edit: billed, at rest, nothing posted. */
async function pause(db: Db): Promise<void> {
  await inTransaction(db, async ({ tx }) => {
    await changeFlow(tx, HK, { mode: 'PAUSED' });
    await pointStep(tx, HK, { step: 'billing', status: 'SUCCEEDED' });
    await pointStep(tx, HK, { step: 'posting', status: 'NOT_STARTED' });
  });
}

interface LiveContract {
  readonly contractId: number;
  readonly orderId: string;
}

async function contractsOf(db: Db): Promise<LiveContract[]> {
  const { rows } = await db.$client.query<LiveContract>(
    `SELECT contract_id AS "contractId", order_id AS "orderId" FROM live_contracts
     ORDER BY order_id, contract_id`,
  );
  return rows;
}

const decisionOn = async (db: Db, contractId: number) => ({
  contractId,
  revision: (await readBill(db.$client, contractId)).revision,
  reason: 'a test',
  person: 'operator',
  now: new Date('2025-12-22T10:00:00Z'),
});

type Edit =
  | { readonly action: 'SET'; readonly code: number; readonly cents: number }
  | { readonly action: 'DELETE'; readonly code: number }
  | { readonly action: 'UNPIN' };

/** Sets a fee, whether the contract has it or not; what cannot be done changes nothing. */
async function apply(db: Db, contractId: number, edit: Edit): Promise<void> {
  const bill = await readBill(db.$client, contractId);
  const decision = await decisionOn(db, contractId);
  await inTransaction(db, async (t) => {
    if (edit.action === 'UNPIN') {
      if (bill.handPricedBy !== null) await unpinFees(t, decision);
      return;
    }
    const feeCode = CODES[edit.code] ?? 'STAMP';
    const isCharged = bill.items.some(
      (item) => item.feeCode === feeCode && item.billAmount !== null,
    );
    if (edit.action === 'DELETE') {
      if (isCharged) await editFees(t, decision, { action: 'DELETE', feeCode });
      return;
    }
    const amount = new Decimal(edit.cents).div(100).toFixed(2);
    await editFees(t, decision, { action: isCharged ? 'AMOUNT' : 'ADD', feeCode, amount });
  });
}

/** The journals are those of the bills that the contract views show. */
async function expectBooked(db: Db): Promise<void> {
  for (const { contractId } of await contractsOf(db)) {
    const bill = await readBill(db.$client, contractId);
    const { CLIENT: client = '0', ...others } = await postingBalanceOf(db, contractId);
    expect(new Decimal(client).abs().toFixed(), `net of ${contractId}`).toBe(
      new Decimal(bill.netAmount).abs().toFixed(),
    );
    const booked = Object.entries(others)
      .filter(([holder]) => holder.startsWith('FEE:'))
      .map(([holder, amount]) => [holder, new Decimal(amount).toFixed()]);
    expect(Object.fromEntries(booked)).toEqual(feesOf(bill));
  }
}

const feesOf = ({ items }: BillView): Record<string, string> =>
  Object.fromEntries(
    items
      .filter(({ billAmount }) => billAmount !== null && !new Decimal(billAmount).isZero())
      .map(({ feeCode, billAmount }) => [
        `FEE:${feeCode}`,
        new Decimal(billAmount ?? '0').toFixed(),
      ]),
  );

async function expectSound(db: Db): Promise<void> {
  expect(await unbalancedJournals(db)).toEqual([]);
  expect(await balancesOf(db)).toEqual(await postedOf(db));
  const { invariants } = await readClosing(db, MON_2025_12_22);
  const names = invariants.map(({ name }) => name);
  expect(names).toContain('hand prices add up and are booked as they stand');
  expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
}

const edit = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      action: fc.constant('SET' as const),
      code: fc.nat(4),
      cents: fc.nat(5_000_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ action: fc.constant('DELETE' as const), code: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('UNPIN' as const) }) },
);
const edits = fc.array(fc.tuple(fc.nat(5), edit), { maxLength: 14 });
const cut = fc.record({
  shardPerAccount: fc.boolean(),
  chunkSize: fc.integer({ min: 1, max: 4 }),
});

async function billedBroker(orders: number): Promise<Db> {
  const db = await smallBroker();
  await addTrades(db, orders);
  await runStep(db, HK, 'sync');
  await runStep(db, HK, 'billing');
  await pause(db);
  return db;
}

/** Orders by name, for edits that follow them from contract to contract. */
async function editAll(db: Db, list: readonly (readonly [number, Edit])[]): Promise<void> {
  const contracts = await contractsOf(db);
  for (const [at, one] of list) {
    const contract = contracts[at % contracts.length];
    if (contract) await apply(db, contract.contractId, one);
  }
}

const billsByOrder = async (db: Db): Promise<Map<string, unknown>> =>
  new Map(
    await Promise.all(
      (await contractsOf(db)).map(async ({ contractId, orderId }): Promise<[string, unknown]> => {
        const { items, billAmount, handPricedBy } = await readBill(db.$client, contractId);
        return [orderId, { items, billAmount, handPricedBy }];
      }),
    ),
  );

async function editedDay(
  first: readonly (readonly [number, Edit])[],
  second: readonly (readonly [number, Edit])[],
  how: Cut,
): Promise<void> {
  const db = await billedBroker(6);
  try {
    const opening = await balancesOf(db);
    await editAll(db, first);
    const edited = await billsByOrder(db);
    await runStep(db, HK, 'billing', how);
    expect(await billsByOrder(db)).toEqual(edited);
    await editAll(db, second);
    const said = await billsByOrder(db);
    await runStep(db, HK, 'posting', how);
    await runStep(db, HK, 'settlement', how);
    expect(await billsByOrder(db)).toEqual(said);
    await expectBooked(db);
    await expectSound(db);

    await undoFlow(db, HK, how);
    expect(await balancesOf(db)).toEqual(opening);
    await runStep(db, generation(2), 'billing', how);
    expect(await billsByOrder(db)).toEqual(said);
    await runStep(db, generation(2), 'posting', how);
    await expectBooked(db);
    await expectSound(db);
  } finally {
    await db.$client.end();
  }
}

describe('contracts that people price by hand', () => {
  it('are booked as the bill says, whatever is edited, billed again and revoked', async () => {
    await fc.assert(
      fc.asyncProperty(edits, edits, cut, (first, second, how) => editedDay(first, second, how)),
      { numRuns: 6, seed: 20_251_222, endOnFailure: true },
    );
  });

  it('are some of a day: the others are booked as the rules say', async () => {
    const db = await billedBroker(60);
    const contracts = await contractsOf(db);
    const pinned = contracts.filter((_, at) => at % 9 === 0);
    for (const { contractId } of pinned) {
      await apply(db, contractId, { action: 'SET', code: 1, cents: 1 });
    }
    const how = { shardPerAccount: true, chunkSize: 3, parallel: 3 };
    const billed = await runStep(db, HK, 'billing', how);
    expect(billed.result).toMatchObject({ contracts: 60, handPriced: pinned.length });
    await runStep(db, HK, 'posting', how);
    await runStep(db, HK, 'settlement', how);
    await expectBooked(db);
    await expectSound(db);
    const closing = await readClosing(db, MON_2025_12_22);
    expect(closing.handPrices).toHaveLength(pinned.length);
    expect(closing.contracts.reduce((sum, { handPriced }) => sum + handPriced, 0)).toBe(
      pinned.length,
    );
    await db.$client.end();
  });

  it('keep their price apart from the trades that join after a revoke', async () => {
    const db = await smallBroker();
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['O1-1', '100', '50']] });
    await runStep(db, HK, 'sync');
    await runStep(db, HK, 'billing');
    await pause(db);
    const [first] = await contractsOf(db);
    await apply(db, first?.contractId ?? 0, { action: 'SET', code: 1, cents: 1 });
    await runStep(db, HK, 'posting');
    // A revoke that keeps the postings; another fill of the same order joins.
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['O1-2', '200', '50']] });
    await runStep(db, generation(2), 'sync');
    const billed = await runStep(db, generation(2), 'billing');
    expect(billed.result).toMatchObject({ contracts: 1, handPriced: 0 });
    const [former, joined] = await contractsOf(db);
    expect(former?.contractId).toBe(first?.contractId);
    expect(await readBill(db.$client, joined?.contractId ?? 0)).toMatchObject({
      handPricedBy: null,
    });
    await runStep(db, generation(2), 'posting');
    await expectBooked(db);
    await db.$client.end();
  });

  it('stop billing when the trade is gone, and only giving the price up helps', async () => {
    const db = await billedBroker(2);
    const [first] = await contractsOf(db);
    const contractId = first?.contractId ?? 0;
    await apply(db, contractId, { action: 'SET', code: 1, cents: 1 });
    for (const fill of ['O1-1', 'O1-2']) {
      await changeFill(db, fill, { cancelled: true, at: '2025-12-22T03:00:00Z' });
    }
    await runStep(db, HK, 'sync');
    const stale = { code: 'HAND_PRICE_STALE', details: { contracts: [{ contractId }] } };
    await expect(runStep(db, HK, 'billing')).rejects.toMatchObject(stale);
    const decision = await decisionOn(db, contractId);
    await expect(inTransaction(db, (t) => confirmHandPrice(t, decision))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const { handPrices } = await readClosing(db, MON_2025_12_22);
    expect(handPrices).toMatchObject([{ contractId, orderId: 'O1' }]);
    await inTransaction(db, (t) => unpinFees(t, decision));
    expect((await runStep(db, HK, 'billing')).result).toMatchObject({
      contracts: 1,
      handPriced: 0,
    });
    await db.$client.end();
  });
});
