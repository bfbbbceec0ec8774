import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DayDesk, FlowDesk, statusesOf, stepOf } from './support/desk.ts';
import { orderOf, placeOrder, sendOrders } from './support/front-office.ts';
import { inDatabase, whileFrozen } from './support/in-flight.ts';
import { importAgreeingFiles, rowsFor, sendTradeFile } from './support/trade-files.ts';
import {
  FRI_2025_12_26,
  MON_2025_12_29,
  startTiny,
  WED_2025_12_24,
  type Stage,
} from './support/tiny-system.ts';
import type { ReadinessView } from './support/views.ts';

const TENCENT = 'ST/HK/700';
const NO_FEE_SCHEDULE = '20000030';

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny({ firstLedgerDate: WED_2025_12_24 });
});
afterAll(() => stage.stop());

const deskOf = (ledgerDate: string, flow: string): FlowDesk =>
  new FlowDesk(stage.operator, ledgerDate, flow);

/** The date has no more to show: the day end and the cut, so that the next one opens. */
async function finish(ledgerDate: string): Promise<void> {
  const day = new DayDesk(stage.operator, ledgerDate);
  await day.flow('day-end').clear();
  expect(await day.cut()).toMatchObject({ status: 'APPLIED' });
  expect(await day.view()).toMatchObject({ status: 'CUT' });
}

describe('Wednesday the 24th, steps that fail', () => {
  const hk = () => deskOf(WED_2025_12_24, 'HK');
  const reconciled = orderOf({
    accountNo: '20000001',
    instrumentId: TENCENT,
    tradeDate: WED_2025_12_24,
    settlementChannel: 'CCASS',
  });
  const file = { settlementChannel: 'CCASS', tradeDate: WED_2025_12_24 };

  it('L17 a failed item of severity 0 is kept as a reminder and stops nobody', async () => {
    await deskOf(WED_2025_12_24, 'US').clear();
    await sendOrders(stage.operator, [reconciled]);
    await stage.operator.must(`${hk().path}/readiness`);
    expect(await hk().view()).toMatchObject({ readiness: 'BLOCKED' });
    expect(await hk().start()).toMatchObject({
      code: 'READINESS_NOT_PASSED',
      details: { failedItems: ['ready_trade_file'] },
    });
    await inDatabase(
      stage.system,
      `UPDATE readiness_items SET severity = 0 WHERE item = 'ready_trade_file'`,
    );
    await hk().makeReady();
    const { items } = await stage.operator.get<ReadinessView>(`${hk().path}/readiness`);
    expect(items.find(({ item }) => item === 'ready_trade_file')).toMatchObject({
      severity: 0,
      passed: false,
      details: { missing: [{ settlementChannel: 'CCASS', tradeDate: WED_2025_12_24 }] },
    });
    expect(await hk().start()).toMatchObject({ status: 'APPLIED' });
    await hk().settled();
  });

  it('L9 a start without fixing repeats the failed check only, and fails again', async () => {
    const [row] = rowsFor([reconciled]);
    if (!row) throw new Error('no row');
    await sendTradeFile(stage.operator, file, [{ ...row, amount: '9999' }]);
    const first = await hk().run();
    expect(first.mode).toBe('PAUSED_ON_ERROR');
    const second = await hk().run();
    expect(second.mode).toBe('PAUSED_ON_ERROR');
    expect(statusesOf(second)).toEqual({
      sync: 'SUCCEEDED',
      preCheck: 'BLOCKED_BY_CHECK',
      billing: 'NOT_STARTED',
      posting: 'NOT_STARTED',
      settlement: 'NOT_STARTED',
    });
    expect(stepOf(second, 'sync').pass).toBe(1);
    expect(stepOf(second, 'preCheck').pass).toBe((stepOf(first, 'preCheck').pass ?? 0) + 1);
  });

  it('a file that agrees lets the check pass', async () => {
    const { body } = await sendTradeFile(stage.operator, file, rowsFor([reconciled]));
    expect(body).toMatchObject({ status: 'CURRENT', rowCount: 1 });
    await hk().mustRunStep('preCheck');
  });

  it('L4 a failure wins over a pause, and nothing is half billed', async () => {
    const unpriced = orderOf({
      accountNo: NO_FEE_SCHEDULE,
      instrumentId: TENCENT,
      tradeDate: WED_2025_12_24,
    });
    await sendOrders(stage.operator, [unpriced]);
    await hk().mustRunStep('sync');
    await hk().mustRunStep('preCheck');
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk().path}/start`);
      await hk().until('a running billing', (view) => stepOf(view, 'billing').status === 'RUNNING');
      expect(await hk().pause()).toMatchObject({ status: 'APPLIED' });
    });
    const view = await hk().waitForMode('PAUSED_ON_ERROR');
    expect(stepOf(view, 'billing')).toMatchObject({
      status: 'FAILED',
      failure: { code: 'FEE_RULE_MISSING', details: { accountNo: NO_FEE_SCHEDULE } },
    });
    expect(await contractsOf(WED_2025_12_24)).toEqual([]);
    expect(await ordersBilled(WED_2025_12_24)).toEqual([]);

    // The front office withdraws it; the rest is billed.
    const { orderId, recordedAt, executions } = unpriced;
    await stage.operator.post('/front-office/executions', {
      items: executions.map((execution) => ({
        ...execution,
        orderId,
        tradeDate: WED_2025_12_24,
        recordedAt,
        version: 2,
        cancelled: true,
      })),
    });
    await hk().mustRunStep('sync');
    expect((await hk().run()).mode).toBe('COMPLETED');
    expect(await contractsOf(WED_2025_12_24)).toHaveLength(1);
    await finish(WED_2025_12_24);
  });

  const contractsOf = (ledgerDate: string) =>
    stage.operator.list<object>(`/contracts?ledgerDate=${ledgerDate}`);
  const ordersBilled = (ledgerDate: string) =>
    stage.operator.list<object>(`/orders?ledgerDate=${ledgerDate}&billed=true`);
});

describe('Friday the 26th, a holiday in Hong Kong', () => {
  it('L60 the closed market runs empty and the date still rolls one day', async () => {
    const order = await placeOrder(stage.operator, {
      accountNo: '20000002',
      instrumentId: 'ST/US/AAPL',
      tradeDate: WED_2025_12_24,
    });
    await importAgreeingFiles(stage.operator, [order]);
    const us = await deskOf(FRI_2025_12_26, 'US').clear();
    expect(stepOf(us, 'billing').status).toBe('SUCCEEDED');
    const hk = deskOf(FRI_2025_12_26, 'HK');
    await hk.makeReady();
    const { items } = await stage.operator.get<ReadinessView>(`${hk.path}/readiness`);
    expect(items.every(({ passed }) => passed)).toBe(true);
    const { mode, steps } = await hk.run();
    expect(mode).toBe('COMPLETED');
    expect(steps.map(({ step, status }) => [step, status])).toEqual([
      ['sync', 'SUCCEEDED_EMPTY'],
      ['preCheck', 'SUCCEEDED_EMPTY'],
      ['billing', 'SUCCEEDED_EMPTY'],
      ['posting', 'SUCCEEDED_EMPTY'],
      // What Hong Kong traded on the 22nd and 23rd settles on trading days only.
      ['settlement', 'SUCCEEDED_EMPTY'],
    ]);
    await finish(FRI_2025_12_26);
    expect(await stage.day.current()).toBe(MON_2025_12_29);
  });
});
