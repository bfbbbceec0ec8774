import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DayDesk, stepOf } from '../support/desk.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import {
  MON_2025_12_22,
  startTiny,
  TUE_2025_12_23,
  WED_2025_12_24,
  type Stage,
} from '../support/tiny-system.ts';
import {
  contractOf,
  contractsOf,
  contractsOfOrder,
  enterSupplement,
  expectExplained,
  journalsOf,
  mustEnterSupplement,
  ordersOf,
  sum,
  type ContractRow,
} from './reads.ts';

const TENCENT = 'ST/HK/700';
const MON_2025_12_15 = '2025-12-15';
const FRI_2025_12_12 = '2025-12-12';
const SAT_2025_12_20 = '2025-12-20';

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

const dayOf = (ledgerDate: string): DayDesk => new DayDesk(stage.operator, ledgerDate);
const hk = (ledgerDate = MON_2025_12_22) => dayOf(ledgerDate).flow('HK');
const supplement = (asked: Readonly<Record<string, unknown>> = {}, ledgerDate = MON_2025_12_22) =>
  enterSupplement(stage.operator, ledgerDate, asked);
const supplements = () => stage.operator.list<{ orderId: string }>('/supplements');

const order = (accountNo: string, tradeDate = MON_2025_12_22) =>
  orderOf({ accountNo, instrumentId: TENCENT, tradeDate });
const first = order('20000001');
const second = order('20000002');
const late = order('20000003');
/** The supplement whose securities settle before its cash. */
let atOnce = '';
let stateOnMonday: number | null = null;

/** What a contract came to, without the ids of the run that made it. */
const billOf = ({ orderId, feeAmount, netAmount, tradeDate, executionCount }: ContractRow) => ({
  orderId,
  feeAmount,
  netAmount,
  tradeDate,
  executionCount,
});
const byOrder = (a: ContractRow, b: ContractRow): number => a.orderId.localeCompare(b.orderId);
const billsOf = async (ledgerDate = MON_2025_12_22) =>
  (await contractsOf(stage.operator, ledgerDate)).sort(byOrder).map(billOf);

/** Cash of a client, settled and unsettled together, against what the contracts say. */
async function cashOf(accountNo: string): Promise<string> {
  const [hkd] = await stage.operator.list<{ settled: string; unsettled: string }>(
    `/balances?accountNo=${accountNo}&currency=HKD`,
  );
  return sum([hkd?.settled ?? '0', hkd?.unsettled ?? '0']);
}

// The scenarios share a system and follow each other, one generation after the other.
describe('Monday the 22nd, supplements and revokes', () => {
  let fromFiveDaysBack = '';

  it('L48 a supplement for a closed account is refused and nothing is written', async () => {
    const { status, body } = await supplement({ accountNo: '20000028' });
    expect([status, body.code]).toEqual([422, 'ACCOUNT_CLOSED']);
    expect(body.details).toMatchObject({ accountNo: '20000028' });
    expect(await supplements()).toEqual([]);
  });

  it('L49 five trading days back is the oldest trade date of a supplement', async () => {
    const tooOld = await supplement({ tradeDate: FRI_2025_12_12 });
    expect([tooOld.status, tooOld.body.code]).toEqual([422, 'TRADE_DATE_TOO_OLD']);
    expect(tooOld.body.details).toMatchObject({ earliest: MON_2025_12_15 });
    const closed = await supplement({ tradeDate: SAT_2025_12_20 });
    expect(closed.body.code).toBe('TRADE_DATE_CLOSED');
    expect(await supplements()).toEqual([]);
    const accepted = await mustEnterSupplement(stage.operator, MON_2025_12_22, {
      tradeDate: MON_2025_12_15,
    });
    expect(accepted).toMatchObject({ ledgerDate: MON_2025_12_22, tradeDate: MON_2025_12_15 });
    fromFiveDaysBack = accepted.orderId;
  });

  it('serials are unique within a supplement, and a void one is not cleared', async () => {
    const twice = { serial: 'S1', quantity: '100', price: '1' };
    const { status, body } = await supplement({ executions: [twice, twice] });
    expect([status, body.code]).toEqual([400, 'DUPLICATE_SERIAL']);
    expect(body.details).toMatchObject({ errors: [{ row: 2, field: 'serial' }] });
    const mistake = await mustEnterSupplement(stage.operator, MON_2025_12_22);
    const voided = await stage.operator.ask('DELETE', `/supplements/${mistake.supplementId}`);
    expect(voided).toMatchObject({ status: 200, body: { voidedBy: 'operator' } });
    const again = await stage.operator.ask('DELETE', `/supplements/${mistake.supplementId}`);
    expect(again.body).toEqual(voided.body);
  });

  it('supplements are billed, posted and settled with the rest', async () => {
    const { orderId } = await mustEnterSupplement(stage.operator, MON_2025_12_22, {
      accountNo: '20000006',
      securitiesSettlementDate: MON_2025_12_22,
      cashSettlementDate: TUE_2025_12_23,
    });
    atOnce = orderId;
    await sendOrders(stage.operator, [first, second]);
    await dayOf(MON_2025_12_22).flow('US').clear();
    await hk().makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk().mustRunStep(step);
    expect((await contractOf(stage.operator, atOnce)).state).toBe(3);
    const { mode } = await hk().run();
    expect(mode).toBe('COMPLETED');
    const contract = await contractOf(stage.operator, atOnce);
    expect(contract).toMatchObject({
      source: 'BACK_OFFICE',
      securitiesSettlementDate: MON_2025_12_22,
    });
    expect((await contractOf(stage.operator, first.orderId)).state).toBe(4);
    // A trade date of last Monday was due on the 17th.
    expect((await contractOf(stage.operator, fromFiveDaysBack)).state).toBe(5);
    await expectExplained(stage.operator, contract);
  });

  it('L45 once billing is done a supplement is refused', async () => {
    const before = await supplements();
    const { status, body } = await supplement();
    expect([status, body.code]).toEqual([422, 'SUPPLEMENT_WINDOW_CLOSED']);
    expect(await supplements()).toEqual(before);
  });

  it('L46 after NO_OP and ADD_TO_CLEARING only the supplement is billed and posted', async () => {
    const old = (await contractsOf(stage.operator, MON_2025_12_22)).sort(byOrder);
    const oldJournals = await Promise.all(
      old.map(({ contractId }) => journalsOf(stage.operator, contractId)),
    );
    const revoked = await hk().mustRevoke({
      assetRollback: 'NO_OP',
      supplements: 'ADD_TO_CLEARING',
    });
    expect(revoked).toMatchObject({ mode: 'IDLE', readiness: 'STALE', generation: 2 });
    const added = await mustEnterSupplement(stage.operator, MON_2025_12_22);
    expect(added.generation).toBe(2);
    const view = await hk().clear();
    expect(stepOf(view, 'sync').result).toMatchObject({ orders: 1, executions: 1 });
    expect(stepOf(view, 'billing').result).toMatchObject({ contracts: 1 });
    expect(stepOf(view, 'posting').result).toMatchObject({ contracts: 1, journals: 1 });
    const now = await contractsOf(stage.operator, MON_2025_12_22);
    expect(now).toHaveLength(old.length + 1);
    const kept = now.filter(({ orderId }) => orderId !== added.orderId).sort(byOrder);
    expect(kept).toEqual(old);
    expect(
      await Promise.all(kept.map(({ contractId }) => journalsOf(stage.operator, contractId))),
    ).toEqual(oldJournals);
    const { contractId, state } = await contractOf(stage.operator, added.orderId);
    expect(state).toBe(4);
    expect(await journalsOf(stage.operator, contractId)).toHaveLength(1);
    await dayOf(MON_2025_12_22).expectInvariants();
  });

  it('an empty run after NO_OP leaves every contract as it was', async () => {
    const before = await contractsOf(stage.operator, MON_2025_12_22);
    await hk().mustRevoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    const view = await hk().clear();
    expect(view.steps.map(({ step, status }) => [step, status])).toEqual([
      ['sync', 'SUCCEEDED'],
      ['preCheck', 'SUCCEEDED_EMPTY'],
      ['billing', 'SUCCEEDED_EMPTY'],
      ['posting', 'SUCCEEDED_EMPTY'],
      ['settlement', 'SUCCEEDED_EMPTY'],
    ]);
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toEqual(before);
  });

  it('two revokes in a row, the second with UNDO: each trade is billed exactly once', async () => {
    const before = await billsOf();
    const cash = await cashOf('20000005');
    const old = await contractsOf(stage.operator, MON_2025_12_22);
    await hk().mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    // All of it is reversed: no contract counts, and the client has what it had.
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toEqual([]);
    expect(await cashOf('20000005')).toBe('10000000');
    for (const { contractId } of old) {
      const journals = await journalsOf(stage.operator, contractId);
      const reversals = journals.filter(({ kind }) => kind.endsWith('Reversal'));
      expect(reversals).toHaveLength(journals.length / 2);
    }
    const view = await hk().clear();
    expect(stepOf(view, 'billing').result).toMatchObject({ contracts: old.length });
    expect(stepOf(view, 'posting').result).toMatchObject({ contracts: old.length });
    expect(await billsOf()).toEqual(before);
    expect(await cashOf('20000005')).toBe(cash);
    const now = await contractsOf(stage.operator, MON_2025_12_22);
    expect(now.map(({ generation }) => generation)).toEqual(old.map(() => 4));
    await dayOf(MON_2025_12_22).expectInvariants();
  });

  it('after NO_OP of the supplements the window is closed and new trades wait', async () => {
    const { body } = await supplement();
    expect(body.code).toBe('SUPPLEMENT_WINDOW_CLOSED');
    await hk().mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    const again = await supplement();
    expect([again.status, again.body.code]).toEqual([422, 'SUPPLEMENT_WINDOW_CLOSED']);
    expect(again.body.details).toMatchObject({ tradesFrozen: true });
    await hk().makeReady();
    expect(await hk().runStep('sync')).toMatchObject({ code: 'SUPPLEMENT_WINDOW_CLOSED' });
    await sendOrders(stage.operator, [late]);
    expect((await hk().run()).mode).toBe('COMPLETED');
    expect(await contractsOfOrder(stage.operator, late.orderId)).toEqual([]);
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toHaveLength(5);
  });

  it('trades that an earlier snapshot took stay posted beside a later one', async () => {
    const before = await contractsOf(stage.operator, MON_2025_12_22);
    await hk().mustRevoke({ assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' });
    const added = await mustEnterSupplement(stage.operator, MON_2025_12_22);
    await hk().clear();
    const now = await contractsOf(stage.operator, MON_2025_12_22);
    // The order that waited is of this trade date, so it joins with the supplement.
    const joined = [added.orderId, late.orderId];
    expect(now.filter(({ orderId }) => !joined.includes(orderId))).toEqual(before);
    expect(now).toHaveLength(before.length + 2);
    const orders = await ordersOf(stage.operator, MON_2025_12_22, '&flow=HK');
    expect(orders.map(({ orderId }) => orderId).sort()).toEqual(
      now.map(({ orderId }) => orderId).sort(),
    );
    expect(orders.every(({ billed }) => billed)).toBe(true);
    await dayOf(MON_2025_12_22).expectInvariants();
    ({ state: stateOnMonday } = await contractOf(stage.operator, atOnce));
    await dayOf(MON_2025_12_22).flow('day-end').clear();
    expect(await dayOf(MON_2025_12_22).cut()).toMatchObject({ status: 'APPLIED' });
  });
});

describe('Tuesday the 23rd, trades that come after a revoke without supplements', () => {
  const onTime = order('20000007', TUE_2025_12_23);
  const waiting = order('20000008', TUE_2025_12_23);

  it('bills that were not posted are dropped and priced again', async () => {
    await sendOrders(stage.operator, [onTime]);
    await dayOf(TUE_2025_12_23).flow('US').clear();
    await hk(TUE_2025_12_23).makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) {
      await hk(TUE_2025_12_23).mustRunStep(step);
    }
    const dropped = await contractOf(stage.operator, onTime.orderId);
    await hk(TUE_2025_12_23).mustRevoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    expect(await contractsOf(stage.operator, TUE_2025_12_23)).toEqual([]);
    expect(await stage.operator.get(`/contracts/${dropped.contractId}`)).toMatchObject({
      state: null,
    });
    const [unbilled] = await ordersOf(stage.operator, TUE_2025_12_23, '&flow=HK');
    expect(unbilled).toMatchObject({ orderId: onTime.orderId, billed: false });
    const { body } = await supplement({}, TUE_2025_12_23);
    expect(body.code).toBe('SUPPLEMENT_WINDOW_CLOSED');
    await sendOrders(stage.operator, [waiting]);
    await hk(TUE_2025_12_23).clear();
    expect((await billsOf(TUE_2025_12_23)).map(({ orderId }) => orderId)).toEqual([onTime.orderId]);
  });

  it('L67 securities settle on the ledger date, state 6, and the cash on the next, state 5', async () => {
    expect(stateOnMonday).toBe(6);
    const contract = await contractOf(stage.operator, atOnce);
    expect(contract).toMatchObject({ state: 5, ledgerDate: MON_2025_12_22 });
    const settled = (await journalsOf(stage.operator, contract.contractId))
      .filter(({ kind }) => kind.endsWith('Settlement'))
      .map(({ kind, ledgerDate }) => [kind, ledgerDate]);
    expect(settled).toEqual([
      ['securitiesSettlement', MON_2025_12_22],
      ['cashSettlement', TUE_2025_12_23],
    ]);
  });

  it('a trade that came after the freeze is booked on the next ledger date, once', async () => {
    await dayOf(TUE_2025_12_23).flow('day-end').clear();
    expect(await dayOf(TUE_2025_12_23).cut()).toMatchObject({ status: 'APPLIED' });
    await dayOf(WED_2025_12_24).flow('US').clear();
    const view = await hk(WED_2025_12_24).clear();
    expect(stepOf(view, 'sync').result).toMatchObject({ orders: 1, executions: 1 });
    const found = await contractsOfOrder(stage.operator, waiting.orderId);
    expect(found.map(({ ledgerDate, tradeDate }) => [ledgerDate, tradeDate])).toEqual([
      [WED_2025_12_24, TUE_2025_12_23],
    ]);
    for (const date of [MON_2025_12_22, TUE_2025_12_23, WED_2025_12_24]) {
      await dayOf(date).expectInvariants();
    }
  });
});
