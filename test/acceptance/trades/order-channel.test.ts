import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, placeOrder, sendOrders, type PlacedOrder } from '../support/front-office.ts';
import { whileFrozen } from '../support/in-flight.ts';
import { importAgreeingFiles } from '../support/trade-files.ts';
import { FRI_2025_12_19, MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import {
  contractOf,
  contractsOf,
  expectExplained,
  feesOf,
  ordersOf,
  type FeeRow,
  type OrderRow,
} from './reads.ts';

const APP = 0;
const WTT = 6;
const WEB = 9;

const hongKong = (
  asked: Partial<Parameters<typeof orderOf>[0]> & { accountNo: string },
): PlacedOrder =>
  orderOf({ instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22, orderChannel: 3, ...asked });
const HUNDRED_THOUSAND = [{ quantity: '1000', price: '100' }];

/** 80.00 of commission through a dealer, 30.00 through the app. */
const byDealer = hongKong({
  accountNo: '20000001',
  orderChannel: WTT,
  executions: HUNDRED_THOUSAND,
});
const alsoByDealer = hongKong({
  accountNo: '20000002',
  orderChannel: WTT,
  executions: HUNDRED_THOUSAND,
});
const reconciled = hongKong({ accountNo: '20000003', settlementChannel: 'CCASS' });
const share = hongKong({ accountNo: '20000004' });
const fund = hongKong({ accountNo: '20000004', instrumentId: 'ETF/HK/2800' });
const flagged = hongKong({ accountNo: '20000004', instrumentId: 'ST/HK/4335' });
/** 3,333, 3,373.37 and 3,414.14: each line of each of them is rounded alone. */
const THREE_FILLS = ['33.33', '33.7337', '34.1414'].map((price) => ({ quantity: '100', price }));
const inParts = ['20000005', '20000006', '20000007'].map((accountNo) =>
  hongKong({ accountNo, executions: THREE_FILLS }),
);

let stage: Stage;
let hk: FlowDesk;
beforeAll(async () => {
  stage = await startTiny();
  hk = stage.day.flow('HK');
});
afterAll(() => stage.stop());

const edit = (orderId: string, manualOpEntrustWay: unknown) =>
  stage.operator.ask<Problem & OrderRow>('POST', `/orders/${orderId}/channel`, {
    body: { ledgerDate: MON_2025_12_22, manualOpEntrustWay },
  });
async function orderRow(orderId: string): Promise<OrderRow> {
  const [row] = await ordersOf(stage.operator, MON_2025_12_22, `&orderId=${orderId}`);
  if (!row) throw new Error(`no order ${orderId}`);
  return row;
}
const feeRows = async (orderId: string): Promise<readonly FeeRow[]> =>
  feesOf(stage.operator, (await contractOf(stage.operator, orderId)).contractId);
const amountsOf = async (orderId: string, feeCode: string): Promise<string[]> =>
  (await feeRows(orderId)).filter((fee) => fee.feeCode === feeCode).map(({ amount }) => amount);

// The scenarios share a system and follow each other, from sync to a revoke.
describe('the order channel of a trade', () => {
  it('the front office and the counterparties send the day', async () => {
    await stage.operator.post('/front-office/instruments', {
      instrumentId: 'ST/US/FLAGGED',
      version: 1,
      type: 'US_EQUITY',
      name: 'A share of New York with the flag of Hong Kong',
      currency: 'USD',
      lotSize: 1,
      stampDutyExempt: true,
    });
    const newYork = await Promise.all(
      ['ST/US/AAPL', 'ST/US/FLAGGED'].map((instrumentId) =>
        placeOrder(stage.operator, {
          accountNo: '20000008',
          instrumentId,
          tradeDate: FRI_2025_12_19,
        }),
      ),
    );
    const all = [byDealer, alsoByDealer, reconciled, share, fund, flagged, ...inParts];
    await sendOrders(stage.operator, all);
    await importAgreeingFiles(stage.operator, [...newYork, reconciled]);
    await stage.day.flow('US').clear();
    await hk.makeReady();
    await hk.mustRunStep('sync');
    const [apple, other] = await Promise.all(newYork.map(({ orderId }) => feeRows(orderId)));
    const lines = (fees: readonly FeeRow[] | undefined) =>
      fees?.map(({ feeCode, amount, clamp }) => [feeCode, amount, clamp]);
    expect(lines(other)).toEqual(lines(apple));
  });

  it('L28 a value outside of 0 to 9 is refused', async () => {
    for (const value of [10, -1, 1.5, 'APP', null]) {
      const { status, body } = await edit(byDealer.orderId, value);
      expect([value, status, body.code]).toEqual([value, 400, 'BAD_REQUEST']);
      expect(JSON.stringify(body.details)).toContain('manualOpEntrustWay');
    }
    expect(await orderRow(byDealer.orderId)).toMatchObject({ manualOpEntrustWay: null });
    const unknown = await edit('NO-SUCH-ORDER', APP);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('L24 an edited channel survives another sync, and the pre-check has to be repeated', async () => {
    expect((await edit(alsoByDealer.orderId, WEB)).status).toBe(200);
    await hk.mustRunStep('preCheck');
    expect(await hk.mustRunStep('sync')).toMatchObject({ pass: 2 });
    expect(await hk.step('preCheck')).toMatchObject({ status: 'INVALIDATED' });
    expect(await orderRow(alsoByDealer.orderId)).toMatchObject({
      opEntrustWay: WTT,
      manualOpEntrustWay: WEB,
      orderChannel: WEB,
    });
  });

  it('L25 while the flow runs an edit is refused with the hint to pause', async () => {
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk.path}/start`);
      await hk.until(
        'a running pre-check',
        (view) => stepOf(view, 'preCheck').status === 'RUNNING',
      );
      const { status, body } = await edit(byDealer.orderId, APP);
      expect([status, body.code]).toEqual([409, 'STEP_IN_PROGRESS']);
      expect(body.details).toMatchObject({ mode: 'AUTO_RUNNING', hint: 'pause first' });
      await stage.operator.must(`${hk.path}/pause`);
    });
    await hk.waitForMode('PAUSED');
    expect(await hk.step('billing')).toMatchObject({ status: 'NOT_STARTED' });
    expect(await orderRow(byDealer.orderId)).toMatchObject({ manualOpEntrustWay: null });
  });

  it('L21 the fee follows the edited channel, and the original one is kept', async () => {
    const answer = await edit(byDealer.orderId, APP);
    expect(answer.body).toMatchObject({ orderChannel: WTT, manualOpEntrustWay: APP });
    const before = await orderRow(byDealer.orderId);
    expect(before).toMatchObject({
      opEntrustWay: WTT,
      manualOpEntrustWay: APP,
      editor: 'operator',
      editedAt: '2025-12-31T02:00:00.000Z',
      billed: false,
    });
    await hk.mustRunStep('billing');
    expect(await orderRow(byDealer.orderId)).toEqual({ ...before, billed: true });
    expect(await amountsOf(byDealer.orderId, 'COMMISSION')).toEqual(['30.00']);
    expect(await amountsOf(alsoByDealer.orderId, 'COMMISSION')).toEqual(['30.00']);
    expect(await contractOf(stage.operator, byDealer.orderId)).toMatchObject({ orderChannel: APP });
  });

  it('L22 after billing the channel cannot be edited', async () => {
    const before = await orderRow(byDealer.orderId);
    const { status, body } = await edit(byDealer.orderId, WEB);
    expect([status, body.code]).toEqual([422, 'ORDER_ALREADY_BILLED']);
    expect(await orderRow(byDealer.orderId)).toEqual(before);
  });

  it('L23 after billing a sync needs a revoke, and the snapshot stays as it is', async () => {
    const before = await ordersOf(stage.operator, MON_2025_12_22);
    const missed = hongKong({ accountNo: '20000009' });
    await sendOrders(stage.operator, [missed]);
    const { httpStatus, code } = await hk.runStep('sync');
    expect([httpStatus, code]).toEqual([422, 'RESYNC_AFTER_BILLING_REQUIRES_REVOKE']);
    expect(await hk.step('sync')).toMatchObject({ status: 'SUCCEEDED', pass: 2 });
    expect(await ordersOf(stage.operator, MON_2025_12_22)).toEqual(before);
  });

  it('L41 funds and flagged shares pay no stamp duty; New York ignores the flag', async () => {
    expect(await amountsOf(share.orderId, 'STAMP')).toEqual(['10.00']);
    for (const { orderId, because } of [
      { orderId: fund.orderId, because: 'exempt-type' },
      { orderId: flagged.orderId, because: 'exempt-instrument' },
    ]) {
      const [stamp] = (await feeRows(orderId)).filter(({ feeCode }) => feeCode === 'STAMP');
      expect(stamp).toMatchObject({ amount: '0.00', clamp: 'waived', choice: { waiver: because } });
    }
    const newYork = await contractsOf(stage.operator, MON_2025_12_22, 'US');
    expect(newYork).toHaveLength(2);
    const fees = await Promise.all(
      newYork.map(({ contractId }) => feesOf(stage.operator, contractId)),
    );
    expect(fees.flat().filter(({ clamp }) => clamp === 'waived')).toEqual([]);
    expect(new Set(newYork.map(({ feeAmount }) => feeAmount)).size).toBe(1);
  });

  it('L43 three orders of three fills make nine rows of a fee per execution', async () => {
    const fees = (await Promise.all(inParts.map(({ orderId }) => feeRows(orderId)))).flat();
    const rowsOf = (code: string) => fees.filter(({ feeCode }) => feeCode === code);
    const tradingFees = rowsOf('TRADING_FEE');
    expect(tradingFees).toHaveLength(9);
    expect(new Set(tradingFees.map(({ executionId }) => executionId)).size).toBe(9);
    // 3,333 × 0.0000565 = 0.1883145, and so on; the sum of an order would round to 0.57.
    expect(tradingFees.slice(0, 3).map(({ amount }) => amount)).toEqual(['0.19', '0.19', '0.19']);
    expect(rowsOf('STAMP').map(({ amount }) => amount)).toEqual(Array(9).fill('4.00'));
    // 10,120.51 × 0.0003 = 3.036153: one row an order.
    expect(rowsOf('COMMISSION').map(({ amount }) => amount)).toEqual(['3.04', '3.04', '3.04']);
  });

  it('every fee explains itself and every contract balances', async () => {
    expect((await hk.run()).mode).toBe('COMPLETED');
    for (const flow of ['HK', 'US']) {
      for (const contract of await contractsOf(stage.operator, MON_2025_12_22, flow)) {
        await expectExplained(stage.operator, contract);
      }
    }
    await stage.day.expectInvariants();
  });

  it('a revoke that keeps the postings keeps the channel; an undo opens it again', async () => {
    await hk.mustRevoke({ assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' });
    expect((await edit(byDealer.orderId, WTT)).body.code).toBe('ORDER_ALREADY_BILLED');
    await hk.clear();
    await hk.mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    expect((await edit(byDealer.orderId, WTT)).status).toBe(200);
    await hk.clear();
    expect(await amountsOf(byDealer.orderId, 'COMMISSION')).toEqual(['80.00']);
    expect(await amountsOf(alsoByDealer.orderId, 'COMMISSION')).toEqual(['30.00']);
    const { items } = await stage.operator.get<{ items: object[] }>(
      `/orders/${byDealer.orderId}/channel-edits?ledgerDate=${MON_2025_12_22}`,
    );
    expect(items).toMatchObject([
      { manualOpEntrustWay: APP, current: false },
      { manualOpEntrustWay: WTT, current: true },
    ]);
    await stage.day.expectInvariants();
  });
});
