import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  booksOf,
  contractsOf,
  journalsOf,
  type Books,
  type ContractView,
  type JournalView,
} from './support/books.ts';
import { DayDesk, FlowDesk, statusesOf, stepOf } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { inDatabase, whileFrozen } from './support/in-flight.ts';
import { importAgreeingFiles } from './support/trade-files.ts';
import {
  FRI_2025_12_19,
  MON_2025_12_22,
  startTiny,
  TUE_2025_12_23,
  WED_2025_12_24,
  type Stage,
} from './support/tiny-system.ts';

const UNDO = { assetRollback: 'UNDO', supplements: 'NO_OP' } as const;
const UNDO_AND_ADD = { assetRollback: 'UNDO', supplements: 'ADD_TO_CLEARING' } as const;
const KEEP = { assetRollback: 'NO_OP', supplements: 'NO_OP' } as const;

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

const deskOf = (ledgerDate: string, flow: string): FlowDesk =>
  new FlowDesk(stage.operator, ledgerDate, flow);
const dayOf = (ledgerDate: string): DayDesk => new DayDesk(stage.operator, ledgerDate);
const books = (): Promise<Books> => booksOf(stage.operator);

/** What a contract says to a client; its id and generation are new after an undo. */
const terms = ({ orderId, accountNo, state, feeAmount, netAmount }: ContractView) => ({
  orderId,
  accountNo,
  state,
  feeAmount,
  netAmount,
});

// The scenarios share a system and follow each other through its ledger dates.
describe('Monday the 22nd: what was posted on the date', () => {
  const us = () => deskOf(MON_2025_12_22, 'US');
  const hk = () => deskOf(MON_2025_12_22, 'HK');
  const dayEnd = () => deskOf(MON_2025_12_22, 'day-end');
  const hkContracts = () => contractsOf(stage.operator, MON_2025_12_22, 'HK');
  let opening: Books;
  let cleared: Books;
  let contracts: ContractView[];

  beforeAll(async () => {
    const at = { instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22 };
    const fills = [
      { quantity: '100', price: '613.5' },
      { quantity: '200', price: '614' },
    ];
    await placeOrder(stage.operator, { ...at, accountNo: '20000001', executions: fills });
    await placeOrder(stage.operator, { ...at, accountNo: '20000021', side: 'SELL' });
    const apple = await placeOrder(stage.operator, {
      accountNo: '20000002',
      instrumentId: 'ST/US/AAPL',
      tradeDate: FRI_2025_12_19,
    });
    await importAgreeingFiles(stage.operator, [apple]);
    await us().clear();
  });

  it('before billing there is nothing to revoke', async () => {
    opening = await books();
    await hk().makeReady();
    await hk().mustRunStep('sync');
    expect(await hk().revoke(UNDO)).toMatchObject({ httpStatus: 422, code: 'NOTHING_TO_REVOKE' });
    expect((await hk().run()).mode).toBe('COMPLETED');
    cleared = await books();
    contracts = await hkContracts();
    expect(cleared).not.toEqual(opening);
    expect(contracts.map(({ state }) => state)).toEqual([4, 4]);
  });

  it('an undo restores every balance exactly and raises the generation', async () => {
    const before = await hk().view();
    const view = await hk().mustRevoke(UNDO);
    expect(await books()).toEqual(opening);
    expect(view).toMatchObject({
      mode: 'IDLE',
      readiness: 'STALE',
      generation: before.generation + 1,
      startedBy: null,
    });
    expect(statusesOf(view)).toEqual({
      sync: 'SUCCEEDED',
      preCheck: 'SUCCEEDED_EMPTY',
      billing: 'INVALIDATED',
      posting: 'INVALIDATED',
      settlement: 'INVALIDATED',
    });
    expect(await hkContracts()).toEqual([]);
    expect(await hk().start()).toMatchObject({
      code: 'READINESS_NOT_PASSED',
      details: { readiness: 'STALE' },
    });
  });

  it('each journal is reversed once, posting by posting, and none is changed', async () => {
    const journals = await journalsOf(stage.operator, MON_2025_12_22, 'HK');
    const originals = journals.filter(({ kind }) => kind === 'tradePosting');
    expect(originals).toHaveLength(2);
    for (const original of originals) {
      const reversals = journals.filter((j) => j.reversesJournalId === original.journalId);
      expect(reversals).toHaveLength(1);
      expect(reversals.map(({ kind }) => kind)).toEqual(['tradePostingReversal']);
      expect(reversals.flatMap(mirrored)).toEqual(moves(original));
    }
    expect(journals).toHaveLength(4);
  });

  const moves = ({ postings }: JournalView) =>
    postings
      .map((p) => [p.ledgerAccount, p.asset, p.bucket, p.settlementDate, p.amount].join(' '))
      .toSorted();
  const mirrored = ({ postings, ...journal }: JournalView) =>
    moves({
      ...journal,
      postings: postings.map(({ amount, ...posting }) => ({
        ...posting,
        amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}`,
      })),
    });

  it('the run after an undo makes the same books', async () => {
    const view = await hk().clear();
    expect(stepOf(view, 'sync').pass).toBe(1);
    expect(await books()).toEqual(cleared);
    expect((await hkContracts()).map(terms)).toEqual(contracts.map(terms));
  });

  it('L46 a revoke that keeps the assets moves nothing, and the next run is empty', async () => {
    const kept = await hkContracts();
    const { generation } = await hk().view();
    const view = await hk().mustRevoke(KEEP);
    expect(view).toMatchObject({ mode: 'IDLE', generation: generation + 1, tradesFrozen: true });
    expect(await books()).toEqual(cleared);
    const again = await hk().clear();
    expect(statusesOf(again)).toMatchObject({
      billing: 'SUCCEEDED_EMPTY',
      posting: 'SUCCEEDED_EMPTY',
      settlement: 'SUCCEEDED_EMPTY',
    });
    expect(await books()).toEqual(cleared);
    expect(await hkContracts()).toEqual(kept);
  });

  it('once the day end has begun it is revoked first, then the markets one by one', async () => {
    await dayEnd().clear();
    expect(await us().revoke(UNDO)).toMatchObject({
      code: 'REVOKE_ORDER',
      details: { first: 'day-end' },
    });
    const view = await dayEnd().mustRevoke(KEEP);
    expect(view).toMatchObject({ mode: 'IDLE', readiness: 'STALE', generation: 2 });
    expect(statusesOf(view)).toEqual({ dataSummary: 'INVALIDATED' });
    expect(await dayOf(MON_2025_12_22).cut()).toMatchObject({ code: 'PREVIOUS_FLOW_NOT_DONE' });
    await us().mustRevoke(UNDO_AND_ADD);
    await hk().mustRevoke(UNDO_AND_ADD);
    expect(await us().statuses()).toMatchObject({ sync: 'INVALIDATED', preCheck: 'INVALIDATED' });
    // Hong Kong waits for the United States again.
    expect(await hk().readiness()).toMatchObject({ code: 'PREVIOUS_FLOW_NOT_DONE' });
    await dayOf(MON_2025_12_22).clear();
    expect(await books()).toEqual(cleared);
    await dayOf(MON_2025_12_22).expectInvariants();
  });

  it('a cut date cannot be revoked by its flows', async () => {
    expect(await hk().revoke(UNDO)).toMatchObject({ code: 'LEDGER_DATE_NOT_CURRENT' });
  });
});

describe('Tuesday the 23rd: settlement of earlier contracts, and a posting that failed', () => {
  const us = () => deskOf(TUE_2025_12_23, 'US');
  const hk = () => deskOf(TUE_2025_12_23, 'HK');

  it('an undo takes back the settlement of contracts from earlier dates', async () => {
    const earlier = async () =>
      (await contractsOf(stage.operator, MON_2025_12_22, 'US')).map(({ state }) => state);
    const before = await books();
    expect(await earlier()).toEqual([4]);
    await us().clear();
    const settled = await books();
    expect(await earlier()).toEqual([5]);
    await us().mustRevoke(UNDO);
    expect(await earlier()).toEqual([4]);
    expect(await books()).toEqual(before);
    await us().clear();
    expect(await earlier()).toEqual([5]);
    expect(await books()).toEqual(settled);
  });

  it('a posting that began and did not succeed can only be undone', async () => {
    await placeOrder(stage.operator, {
      accountNo: '20000003',
      instrumentId: 'ST/HK/5',
      tradeDate: TUE_2025_12_23,
      executions: [{ quantity: '400', price: '119.5' }],
    });
    const before = await books();
    await hk().makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk().mustRunStep(step);
    // Somebody changes a balance behind the ledger's back: the step's own assertion finds it.
    const damage = (change: string) =>
      inDatabase(
        stage.system,
        `UPDATE balances SET amount = amount ${change} WHERE (ledger_account_id, asset_id, bucket) =
           (SELECT ledger_account_id, asset_id, bucket FROM balances ORDER BY 1, 2, 3 LIMIT 1)`,
      );
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk().path}/start`);
      await hk().until('a running posting', (v) => stepOf(v, 'posting').status === 'RUNNING');
      await damage('+ 1');
    });
    const failed = await hk().waitForMode('PAUSED_ON_ERROR');
    expect(stepOf(failed, 'posting')).toMatchObject({
      status: 'FAILED',
      failure: { code: 'BOOKS_OUT_OF_BALANCE' },
    });
    expect(await hk().revoke(KEEP)).toMatchObject({
      code: 'REVOKE_NEEDS_UNDO',
      details: { posting: 'FAILED' },
    });
    await damage('- 1');
    const view = await hk().mustRevoke(UNDO);
    expect(view).toMatchObject({ mode: 'IDLE', generation: 2 });
    expect(await books()).toEqual(before);
    await hk().clear();
  });

  it('after a revoke that froze the trades, new orders belong to the next ledger date', async () => {
    await hk().mustRevoke(KEEP);
    const late = await placeOrder(stage.operator, {
      accountNo: '20000004',
      instrumentId: 'ST/HK/5',
      tradeDate: TUE_2025_12_23,
    });
    await hk().makeReady();
    expect(await hk().runStep('sync')).toMatchObject({ code: 'SUPPLEMENT_WINDOW_CLOSED' });
    await hk().run();
    await deskOf(TUE_2025_12_23, 'day-end').clear();
    expect(await dayOf(TUE_2025_12_23).cut()).toMatchObject({ status: 'APPLIED' });
    expect(await ordersOn(TUE_2025_12_23)).not.toContain(late.orderId);
    await dayOf(WED_2025_12_24).clear();
    expect(await ordersOn(WED_2025_12_24)).toEqual([late.orderId]);
    for (const date of [TUE_2025_12_23, WED_2025_12_24]) await dayOf(date).expectInvariants();
  });

  const ordersOn = async (ledgerDate: string) =>
    (await contractsOf(stage.operator, ledgerDate, 'HK')).map(({ orderId }) => orderId);
});
