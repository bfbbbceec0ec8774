import { afterEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { foExecutions, foInstruments, foOrders } from '../../db/schema/front-office.ts';
import { accountFeeSchedules } from '../../db/schema/reference.ts';
import { shardsOf } from '../../db/step-runs.repository.ts';
import type { StepRun } from '../../activities/steps/step-definition.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { addTrades, MON_2025_12_22, smallBroker } from './support/broker.ts';
import { balancesOf, postedOf } from './support/books.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';

const US: Place = { ledgerDate: MON_2025_12_22, flow: 'US', generation: 1 };
const HK: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const FRIDAY = '2025-12-19' as BusinessDate;
const AT_NOON = '2025-12-19T17:00:00Z';

let db: Db;
afterEach(() => db.$client.end());

/** Both markets billed: twenty orders in Hong Kong, and ten in New York of the same accounts. */
async function billedBroker(): Promise<void> {
  db = await smallBroker();
  await addTrades(db, 20);
  const { rows } = await db.$client.query<{ id: number }>('SELECT account_id AS id FROM accounts');
  await db.insert(accountFeeSchedules).values(
    rows.map(({ id }) => ({
      accountId: id,
      market: 'US',
      scheduleId: 'sample-us-retail',
      effectiveFrom: '2020-01-01' as BusinessDate,
    })),
  );
  await db.insert(foInstruments).values({
    instrumentId: 'AAPL.US',
    market: 'US',
    type: 'US_EQUITY',
    name: 'Apple',
    currency: 'USD',
    lotSize: 1,
    stampDutyExempt: false,
    recordedAt: AT_NOON,
  });
  for (let n = 1; n <= 10; n += 1) await addUsTrade(`U${n}`, `A000${1 + (n % 5)}`);
  for (const place of [US, HK]) {
    for (const step of ['sync', 'billing'] as const) await runStep(db, place, step);
  }
}

async function addUsTrade(orderId: string, accountNo: string): Promise<void> {
  const row = { version: 1, orderId, market: 'US', cancelled: false, recordedAt: AT_NOON };
  await db.insert(foOrders).values({
    ...row,
    accountNo,
    instrumentId: 'AAPL.US',
    side: 'BUY',
    orderChannel: 0,
    settlementChannel: 'IB',
    quantity: '10',
  });
  await db.insert(foExecutions).values({
    ...row,
    executionId: `${orderId}-1`,
    tradeDate: FRIDAY,
    quantity: '10',
    price: '273.4',
    executedAt: AT_NOON,
  });
}

async function workAll(run: StepRun): Promise<void> {
  for (const { shard } of await shardsOf(db, run.stepRunId)) await workOne(db, run, shard);
}

const damage = (change: string) =>
  db.$client.query(
    `UPDATE balances SET amount = amount ${change} WHERE (ledger_account_id, asset_id, bucket) =
       (SELECT ledger_account_id, asset_id, bucket FROM balances ORDER BY 1, 2, 3 LIMIT 1)`,
  );

describe('a run that posts asserts the balances', () => {
  it('whatever another flow posted since it opened', async () => {
    await billedBroker();
    const hk = await openRun(db, HK, 'posting');
    await expect(workOne(db, hk, 0, { chunkSize: 4, stopAfter: 2 })).rejects.toThrow();
    // Hong Kong stopped half way; New York is posted, and part of it undone and posted again.
    for (const step of ['posting', 'settlement', 'undoPosting'] as const) {
      await runStep(db, US, step);
    }
    await runStep(db, { ...US, generation: 2 }, 'posting');
    await workAll(hk);
    expect((await closeRun(db, hk)).result).toMatchObject({ contracts: 20, journals: 20 });
    expect(await balancesOf(db)).toEqual(await postedOf(db));
  });

  it('also when both opened before either worked', async () => {
    await billedBroker();
    for (const place of [US, HK]) await runStep(db, place, 'posting');
    const undos = [await openRun(db, US, 'undoPosting'), await openRun(db, HK, 'undoPosting')];
    for (const undo of undos) await workAll(undo);
    for (const undo of undos) expect((await closeRun(db, undo)).status).toBe('SUCCEEDED');
    expect(await balancesOf(db)).toEqual([]);
  });

  it('and still finds a balance that nobody posted', async () => {
    await billedBroker();
    const hk = await openRun(db, HK, 'posting');
    await workAll(hk);
    for (const prepare of [async () => undefined, () => runStep(db, US, 'posting')]) {
      await prepare();
      await damage('+ 0.01');
      await expect(closeRun(db, hk)).rejects.toMatchObject({ code: 'BOOKS_OUT_OF_BALANCE' });
      await damage('- 0.01');
    }
    expect((await closeRun(db, hk)).status).toBe('SUCCEEDED');
  });
});
