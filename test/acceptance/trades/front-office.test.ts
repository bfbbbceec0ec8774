import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/api.ts';
import { DayDesk, stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, sendOrders, type PlacedOrder } from '../support/front-office.ts';
import { MON_2025_12_22, startTiny, TUE_2025_12_23, type Stage } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import {
  contractOf,
  contractsOf,
  contractsOfOrder,
  exceptionsOf,
  ordersOf,
  type ExceptionRow,
} from './reads.ts';

const TENCENT = 'ST/HK/700';
const NEW_LISTING = 'ST/HK/2675';
const NO_FEE_SCHEDULE = '20000030';
/** The cutoff of Monday is 17:00 in Hong Kong. */
const MON_16_30 = '2025-12-22T16:30:00+08:00';
const MON_16_59 = '2025-12-22T16:59:00+08:00';
const MON_17_30 = '2025-12-22T17:30:00+08:00';

const order = (asked: Partial<Parameters<typeof orderOf>[0]> & { accountNo: string }) =>
  orderOf({ instrumentId: TENCENT, tradeDate: MON_2025_12_22, ...asked });
const repeated = order({ accountNo: '20000001' });
const corrected = order({ accountNo: '20000002' });
const cancelled = order({ accountNo: '20000003' });
const withdrawn = order({ accountNo: '20000004' });
const lateTrade = order({ accountNo: '20000005', recordedAt: MON_17_30 });
const changedLate = order({ accountNo: '20000006' });
const changedUnseen = order({ accountNo: '20000007' });
const ofTomorrow = order({ accountNo: '20000008', tradeDate: TUE_2025_12_23 });
const listedLater = order({ accountNo: '20000009', instrumentId: NEW_LISTING });
const listedLast = order({ accountNo: '20000010', instrumentId: 'ST/HK/2676' });
const unpriced = order({ accountNo: NO_FEE_SCHEDULE });

let stage: Stage;
let hk: FlowDesk;
beforeAll(async () => {
  stage = await startTiny();
  hk = stage.day.flow('HK');
});
afterAll(() => stage.stop());

type Intake = Problem & { added: number; replaced: number; unchanged: number };
const send = (kind: string, row: object): Promise<Answer<Intake>> =>
  stage.operator.ask('POST', `/front-office/${kind}`, { body: { ...row } });

/** The row of an order, or of its first execution, as the front office sends it. */
const orderRow = (placed: PlacedOrder, more: object = {}) => ({
  orderId: placed.orderId,
  version: 1,
  accountNo: placed.accountNo,
  instrumentId: placed.instrumentId,
  side: placed.side,
  orderChannel: placed.orderChannel,
  settlementChannel: placed.settlementChannel,
  quantity: '100',
  recordedAt: placed.recordedAt,
  ...more,
});
const executionRow = (placed: PlacedOrder, more: object = {}) => ({
  ...placed.executions[0],
  orderId: placed.orderId,
  tradeDate: placed.tradeDate,
  version: 1,
  recordedAt: placed.recordedAt,
  ...more,
});
const instrumentRow = (instrumentId: string) => ({
  instrumentId,
  version: 1,
  type: 'EQUITY',
  name: 'Listed today',
  currency: 'HKD',
  lotSize: 100,
});

const refusedWith = async (answer: Promise<Answer<Problem>>): Promise<unknown[]> => {
  const { status, body } = await answer;
  return [status, body.code, body.details['errors']];
};
const bookedPrices = async (): Promise<Record<string, string>> => {
  const contracts = await contractsOf(stage.operator, MON_2025_12_22);
  return Object.fromEntries(contracts.map(({ orderId, grossAmount }) => [orderId, grossAmount]));
};
const reasonsOf = (exceptions: readonly ExceptionRow[]) =>
  exceptions.map(({ orderId, reason }) => [orderId, reason]).sort();

// The scenarios share a system and follow each other through two ledger dates.
describe('what the front office sends', () => {
  it('a repetition changes nothing, and a higher version replaces', async () => {
    await sendOrders(stage.operator, [repeated, corrected, cancelled, withdrawn]);
    const again = await send('executions', executionRow(repeated));
    expect(again).toMatchObject({ status: 200, body: { added: 0, unchanged: 1 } });
    const better = executionRow(corrected, { version: 2, price: '101', recordedAt: MON_16_30 });
    expect((await send('executions', better)).body).toMatchObject({ replaced: 1 });
    expect((await send('executions', better)).body).toMatchObject({ unchanged: 1 });
    const cancel = { version: 2, cancelled: true, recordedAt: MON_16_30 };
    expect((await send('executions', executionRow(cancelled, cancel))).status).toBe(200);
    expect((await send('orders', orderRow(withdrawn, cancel))).status).toBe(200);
  });

  it('the same version with other content is a conflict, and a lower one is stale', async () => {
    const first = await send('executions', executionRow(corrected));
    expect(first).toMatchObject({ status: 200, body: { unchanged: 1 } });
    for (const [kind, row, code, status] of [
      ['orders', orderRow(repeated, { side: 'SELL' }), 'DUPLICATE_ID_OTHER_CONTENT', 409],
      ['executions', executionRow(repeated, { price: '9' }), 'DUPLICATE_ID_OTHER_CONTENT', 409],
      ['executions', executionRow(corrected, { price: '9' }), 'STALE_VERSION', 409],
    ] as const) {
      expect(await refusedWith(send(kind, row))).toMatchObject([
        status,
        code,
        [{ row: 1, field: 'version', code }],
      ]);
    }
    // The refused price did not stay: the first content is still the repetition.
    const again = await send('executions', executionRow(repeated));
    expect(again.body).toMatchObject({ unchanged: 1 });
  });

  it('an account without a fee schedule fails billing by name, and nothing is half billed', async () => {
    const others = [lateTrade, changedLate, changedUnseen, ofTomorrow, listedLater, listedLast];
    await sendOrders(stage.operator, [...others, unpriced]);
    await stage.day.flow('US').clear();
    await hk.makeReady();
    const view = await hk.run();
    expect(view.mode).toBe('PAUSED_ON_ERROR');
    expect(stepOf(view, 'billing')).toMatchObject({
      status: 'FAILED',
      failure: { code: 'FEE_RULE_MISSING', details: { accountNo: NO_FEE_SCHEDULE } },
    });
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toEqual([]);
    expect(await ordersOf(stage.operator, MON_2025_12_22, '&billed=true')).toEqual([]);
    const { fees, journals } = await stage.day.closing();
    expect([fees, journals]).toEqual([[], []]);
    const cancel = { version: 2, cancelled: true, recordedAt: MON_16_30 };
    expect((await send('executions', executionRow(unpriced, cancel))).status).toBe(200);
  });

  it('an unknown instrument and a withdrawn order are listed, and the first is cured', async () => {
    expect(reasonsOf(await exceptionsOf(stage.operator, MON_2025_12_22))).toEqual(
      [
        [listedLater.orderId, 'UNKNOWN_INSTRUMENT'],
        [listedLast.orderId, 'UNKNOWN_INSTRUMENT'],
        [withdrawn.orderId, 'ORDER_CANCELLED'],
      ].sort(),
    );
    expect((await send('instruments', instrumentRow(NEW_LISTING))).status).toBe(200);
    await hk.mustRunStep('sync');
    const listed = await exceptionsOf(stage.operator, MON_2025_12_22);
    expect(reasonsOf(listed)).toEqual(
      [
        [listedLast.orderId, 'UNKNOWN_INSTRUMENT'],
        [withdrawn.orderId, 'ORDER_CANCELLED'],
      ].sort(),
    );
    expect(listed.find(({ orderId }) => orderId === listedLast.orderId)?.details).toMatchObject({
      instrumentId: 'ST/HK/2676',
      accountNo: listedLast.accountNo,
    });
    expect((await hk.run()).mode).toBe('COMPLETED');
    expect(await bookedPrices()).toEqual({
      [repeated.orderId]: '10000',
      [corrected.orderId]: '10100',
      [changedLate.orderId]: '10000',
      [changedUnseen.orderId]: '10000',
      [listedLater.orderId]: '10000',
    });
    await stage.day.expectInvariants();
  });

  it('an instrument that arrives after posting is taken by the run after a revoke', async () => {
    await send('instruments', instrumentRow('ST/HK/2676'));
    const later = { version: 2, price: '102', recordedAt: MON_16_30 };
    expect((await send('executions', executionRow(repeated, later))).status).toBe(200);
    await hk.mustRevoke({ assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' });
    const view = await hk.clear();
    expect(stepOf(view, 'billing').result).toMatchObject({ contracts: 1 });
    expect(await bookedPrices()).toMatchObject({
      [repeated.orderId]: '10000',
      [listedLast.orderId]: '10000',
    });
    // The posted contract stays; that the front office says otherwise is listed.
    const exceptions = await exceptionsOf(stage.operator, MON_2025_12_22);
    expect(reasonsOf(exceptions)).toEqual(
      [
        [repeated.orderId, 'CHANGED_AFTER_POSTING'],
        [withdrawn.orderId, 'ORDER_CANCELLED'],
      ].sort(),
    );
    const changed = exceptions.find(({ orderId }) => orderId === repeated.orderId);
    expect(changed?.details).toMatchObject({ bookedVersion: 1, version: 2, cancelled: false });
    const { exceptions: counted } = await stage.day.closing();
    expect(counted).toMatchObject([
      { flow: 'HK', reason: 'CHANGED_AFTER_POSTING', count: 1 },
      { flow: 'HK', reason: 'ORDER_CANCELLED', count: 1 },
    ]);
    await stage.day.expectInvariants();
  });
});

describe('Tuesday the 23rd, what came after the cutoff of Monday', () => {
  const tuesday = () => new DayDesk(stage.operator, TUE_2025_12_23);

  it('a late trade and a trade of the date itself are booked, each once', async () => {
    await stage.day.flow('day-end').clear();
    expect(await stage.day.cut()).toMatchObject({ status: 'APPLIED' });
    // One was recorded after the cutoff, the other before it but told only now.
    const after = { version: 2, quantity: '200', recordedAt: MON_17_30 };
    const before = { version: 2, cancelled: true, recordedAt: MON_16_59 };
    expect((await send('executions', executionRow(changedLate, after))).status).toBe(200);
    expect((await send('executions', executionRow(changedUnseen, before))).status).toBe(200);
    await tuesday().flow('US').clear();
    await tuesday().flow('HK').clear();
    const booked = await contractsOf(stage.operator, TUE_2025_12_23);
    expect(booked.map(({ orderId, tradeDate }) => [orderId, tradeDate]).sort()).toEqual(
      [
        [lateTrade.orderId, MON_2025_12_22],
        [ofTomorrow.orderId, TUE_2025_12_23],
      ].sort(),
    );
    for (const { orderId } of [lateTrade, changedLate, changedUnseen, repeated, listedLast]) {
      expect(await contractsOfOrder(stage.operator, orderId)).toHaveLength(1);
    }
    expect(await contractOf(stage.operator, changedLate.orderId)).toMatchObject({
      ledgerDate: MON_2025_12_22,
      quantity: '100',
    });
  });

  it('a change of a trade of Monday is listed on Tuesday, whenever it was recorded', async () => {
    const changed = (await exceptionsOf(stage.operator, TUE_2025_12_23)).filter(
      ({ reason }) => reason === 'CHANGED_AFTER_POSTING',
    );
    expect(reasonsOf(changed)).toEqual(
      [
        [changedLate.orderId, 'CHANGED_AFTER_POSTING'],
        [changedUnseen.orderId, 'CHANGED_AFTER_POSTING'],
      ].sort(),
    );
    for (const date of [MON_2025_12_22, TUE_2025_12_23]) {
      await new DayDesk(stage.operator, date).expectInvariants();
    }
  });
});
