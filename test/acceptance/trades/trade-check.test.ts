import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decimal } from '../../../domain/money/decimal.ts';
import { stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { whileFrozen } from '../support/in-flight.ts';
import { rowsFor, sendTradeFile, type FileRow, type ImportedFile } from '../support/trade-files.ts';
import { FRI_2025_12_19, MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import type { FlowView, Problem } from '../support/views.ts';
import {
  checkOf,
  contractsOf,
  differencesOf,
  mustEnterSupplement,
  type CheckRow,
  type DifferenceRow,
} from './reads.ts';

const TENCENT = 'ST/HK/700';
const fillOf = (executionId: string) => ({ quantity: '100', price: '612.345', executionId });
const inHongKong = (accountNo: string, settlementChannel: string, serial: string) =>
  orderOf({
    accountNo,
    instrumentId: TENCENT,
    tradeDate: MON_2025_12_22,
    settlementChannel,
    executions: [fillOf(serial)],
  });
const known = inHongKong('20000001', 'CCASS', 'S-KNOWN');
const missing = inHongKong('20000002', 'CCASS', 'S-MISSING');
const secondSeat = inHongKong('20000003', 'CCASS2', 'S-SECOND');
const inNewYork = (accountNo: string, settlementChannel: string, price: string) =>
  orderOf({
    accountNo,
    instrumentId: 'ST/US/AAPL',
    tradeDate: FRI_2025_12_19,
    settlementChannel,
    executions: [
      { quantity: '70', price },
      { quantity: '30', price },
    ],
  });
const byOrder = inNewYork('20000004', 'IB', '273.67');
const byInstrument = [
  inNewYork('20000005', 'IBFX', '273.5'),
  inNewYork('20000006', 'IBFX', '273.7'),
];

let stage: Stage;
let hk: FlowDesk;
let us: FlowDesk;
beforeAll(async () => {
  stage = await startTiny();
  hk = stage.day.flow('HK');
  us = stage.day.flow('US');
  await sendOrders(stage.operator, [known, secondSeat, byOrder, ...byInstrument]);
});
afterAll(() => stage.stop());

async function importFile(settlementChannel: string, rows: readonly FileRow[]) {
  const tradeDate = settlementChannel.startsWith('IB') ? FRI_2025_12_19 : MON_2025_12_22;
  const { status, body } = await sendTradeFile(
    stage.operator,
    { settlementChannel, tradeDate },
    rows,
  );
  expect([status, body.status]).toEqual([200, 'CURRENT']);
  return body;
}

/** The amount of the first row moved by so much. */
const moved = (rows: readonly FileRow[], by: string): FileRow[] =>
  rows.map((row, index) =>
    index === 0 ? { ...row, amount: new Decimal(row.amount).plus(by).toFixed() } : row,
  );

async function runStep(flow: FlowDesk, step: string): Promise<FlowView> {
  await stage.operator.must(`${flow.path}/steps/${step}/run`);
  return flow.settled();
}

/** One pre-check, and what it found of a channel. */
async function check(
  flow: FlowDesk,
  channel: string,
): Promise<{ status: string; summary: CheckRow; differences: readonly DifferenceRow[] }> {
  const { status } = stepOf(await runStep(flow, 'preCheck'), 'preCheck');
  const summary = await checkOf(stage.operator, MON_2025_12_22, channel);
  return { status, summary, differences: await differencesOf(stage.operator, summary.taskId) };
}

// The scenarios share a system and follow each other: New York first, then Hong Kong.
describe('New York, by order and by instrument', () => {
  it('orders match by their sums, and a desk that knows no ids by instrument', async () => {
    await importFile('IB', rowsFor([byOrder]));
    const anonymous = rowsFor(byInstrument).map((row) => ({ ...row, serial: '', order_id: '' }));
    await importFile('IBFX', anonymous);
    await us.makeReady();
    await runStep(us, 'sync');
    const { status, summary, differences } = await check(us, 'IB');
    expect([status, summary.taskStatus, summary.taskNum]).toEqual(['SUCCEEDED', 'PASSED', 0]);
    expect(differences).toEqual([]);
    expect(await checkOf(stage.operator, MON_2025_12_22, 'IBFX')).toMatchObject({
      taskStatus: 'PASSED',
      details: { matchMode: 'instrument', fileRows: 4 },
    });
  });

  it('a file that is imported again replaces the former one, and the check is repeated', async () => {
    const [former] = await stage.operator.list<ImportedFile>('/trade-files?settlementChannel=IB');
    const second = await importFile('IB', moved(rowsFor([byOrder]), '0.06'));
    expect(second).toMatchObject({ replacedFileId: former?.fileId, preCheckInvalidated: true });
    expect(await us.step('preCheck')).toMatchObject({ status: 'INVALIDATED' });
    const files = await stage.operator.list<ImportedFile>('/trade-files?settlementChannel=IB');
    expect(files.map(({ fileId, status }) => [fileId, status])).toEqual([
      [second.fileId, 'CURRENT'],
      [former?.fileId, 'REPLACED'],
    ]);
    const failed = await check(us, 'IB');
    expect([failed.status, failed.summary.taskNum]).toEqual(['BLOCKED_BY_CHECK', 1]);
    expect(failed.differences).toMatchObject([
      {
        verified: 'order',
        resultTag: 'mismatch',
        toleranceStatus: 'EXCEEDED',
        amount: '-0.06',
        quantity: '0',
        clearingId: byOrder.orderId,
      },
    ]);

    await importFile('IB', moved(rowsFor([byOrder]), '-0.05'));
    const again = { settlementChannel: 'IB', tradeDate: FRI_2025_12_19 };
    const repeated = await sendTradeFile(stage.operator, again, moved(rowsFor([byOrder]), '-0.05'));
    expect(repeated.body).toMatchObject({ unchanged: true, preCheckInvalidated: false });
    const passed = await check(us, 'IB');
    expect([passed.status, passed.summary.taskNum]).toEqual(['SUCCEEDED', 0]);
    expect(passed.differences).toMatchObject([{ toleranceStatus: 'WITHIN', amount: '0.05' }]);
    expect((await us.run()).mode).toBe('COMPLETED');
  });
});

describe('Hong Kong, by execution', () => {
  it('L29 an execution that only the counterparty has parks the flow', async () => {
    await importFile('CCASS', rowsFor([known, missing]));
    await importFile('CCASS2', rowsFor([secondSeat]));
    await hk.makeReady();
    const view = await hk.run();
    expect(view.mode).toBe('PAUSED_ON_ERROR');
    expect(stepOf(view, 'preCheck')).toMatchObject({
      status: 'BLOCKED_BY_CHECK',
      failure: { code: 'CHECK_NOT_PASSED' },
    });
    expect(stepOf(view, 'billing').status).toBe('NOT_STARTED');
    const summary = await checkOf(stage.operator, MON_2025_12_22, 'CCASS');
    expect(summary).toMatchObject({ taskStatus: 'FAILED', taskNum: 1, current: true });
    expect(await differencesOf(stage.operator, summary.taskId)).toMatchObject([
      {
        resultTag: 'counterpartyOnly',
        verified: 'execution',
        clearingId: null,
        otherId: 'S-MISSING',
        quantity: '-100',
        amount: '-61234.5',
      },
    ]);
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toEqual([]);
  });

  it('L30 the front office adds the order, and the old summary stays as history', async () => {
    const failed = await checkOf(stage.operator, MON_2025_12_22, 'CCASS');
    await sendOrders(stage.operator, [missing]);
    await runStep(hk, 'sync');
    const { status, summary, differences } = await check(hk, 'CCASS');
    expect([status, summary.taskStatus, differences]).toEqual(['SUCCEEDED', 'PASSED', []]);
    const all = await stage.operator.list<CheckRow>(
      `/checks?ledgerDate=${MON_2025_12_22}&flow=HK&includeEarlier=true`,
    );
    const ofChannel = all.filter(({ settlementChannel }) => settlementChannel === 'CCASS');
    expect(ofChannel).toEqual([{ ...failed, current: false }, summary]);
    expect(await differencesOf(stage.operator, failed.taskId)).toHaveLength(1);
  });

  it('L31 a difference of 0.03 passes with a tolerance of 0.05 and fails with none', async () => {
    await importFile('CCASS', moved(rowsFor([known, missing]), '0.03'));
    await importFile('CCASS2', moved(rowsFor([secondSeat]), '0.03'));
    const exact = await check(hk, 'CCASS');
    expect([exact.status, exact.summary.taskStatus]).toEqual(['BLOCKED_BY_CHECK', 'FAILED']);
    expect(exact.differences).toMatchObject([
      { resultTag: 'mismatch', toleranceStatus: null, amount: '-0.03', clearingId: 'S-KNOWN' },
    ]);
    const tolerant = await checkOf(stage.operator, MON_2025_12_22, 'CCASS2');
    expect([tolerant.taskStatus, tolerant.taskNum]).toEqual(['PASSED', 0]);
    expect(await differencesOf(stage.operator, tolerant.taskId)).toMatchObject([
      { resultTag: 'matched', toleranceStatus: 'WITHIN', amount: '-0.03' },
    ]);
    await importFile('CCASS', rowsFor([known, missing]));
    expect((await check(hk, 'CCASS')).status).toBe('SUCCEEDED');
  });

  it('L32 a supplement without a serial is balanced by its instrument', async () => {
    const { orderId } = await mustEnterSupplement(stage.operator, MON_2025_12_22, {
      accountNo: '20000007',
      settlementChannel: 'CCASS2',
      executions: [{ quantity: '200', price: '612.5' }],
    });
    const [row] = rowsFor([secondSeat]);
    if (!row) throw new Error('no row');
    const theirs = { ...row, serial: 'S-PHONE', quantity: '200', price: '612.5', amount: '122500' };
    await importFile('CCASS2', [row, theirs]);
    await runStep(hk, 'sync');
    const { status, summary, differences } = await check(hk, 'CCASS2');
    expect([status, summary.taskStatus, summary.taskNum]).toEqual(['SUCCEEDED', 'PASSED', 0]);
    expect(summary.details).toMatchObject({ balancedByInstrument: 2 });
    const found = differences.map(({ resultTag, downgradeStatus, clearingId, otherId }) => [
      resultTag,
      downgradeStatus,
      clearingId ?? otherId,
    ]);
    expect(found.sort()).toEqual([
      ['counterpartyOnly', 'BALANCED', 'S-PHONE'],
      ['localOnly', 'BALANCED', `${orderId}-1`],
    ]);
  });

  it('without the fuzzy setting the same supplement fails, and with its serial it matches', async () => {
    const { supplementId } = await mustEnterSupplement(stage.operator, MON_2025_12_22, {
      settlementChannel: 'CCASS',
      executions: [{ quantity: '100', price: '612.345' }],
    });
    const [row] = rowsFor([known]);
    if (!row) throw new Error('no row');
    await importFile('CCASS', [...rowsFor([known, missing]), { ...row, serial: 'S-DEALER' }]);
    await runStep(hk, 'sync');
    const failed = await check(hk, 'CCASS');
    expect([failed.status, failed.summary.taskNum]).toEqual(['BLOCKED_BY_CHECK', 2]);
    expect(failed.differences.map(({ downgradeStatus }) => downgradeStatus)).toEqual([null, null]);

    await stage.operator.ask('DELETE', `/supplements/${supplementId}`);
    await mustEnterSupplement(stage.operator, MON_2025_12_22, {
      settlementChannel: 'CCASS',
      executions: [{ serial: 'S-DEALER', quantity: '100', price: '612.345' }],
    });
    await runStep(hk, 'sync');
    expect((await check(hk, 'CCASS')).status).toBe('SUCCEEDED');
  });

  it('the same serial twice in a file is a duplicate', async () => {
    const rows = rowsFor([known, missing]);
    const [row] = rows;
    if (!row) throw new Error('no row');
    const dealer = { ...row, serial: 'S-DEALER' };
    await importFile('CCASS', [...rows, dealer, row]);
    const { status, differences } = await check(hk, 'CCASS');
    expect(status).toBe('BLOCKED_BY_CHECK');
    expect(differences).toMatchObject([{ resultTag: 'duplicate', otherId: 'S-KNOWN' }]);
    await importFile('CCASS', [...rows, dealer]);
  });

  it('no file lands while the flow runs', async () => {
    const before = await stage.operator.list('/trade-files');
    await whileFrozen(stage.system, 'batch', async () => {
      await stage.operator.must(`${hk.path}/start`);
      await hk.until(
        'a running pre-check',
        (view) => stepOf(view, 'preCheck').status === 'RUNNING',
      );
      const target = { settlementChannel: 'CCASS', tradeDate: MON_2025_12_22 };
      const { status, body } = await sendTradeFile(stage.operator, target, rowsFor([known]));
      expect([status, (body as unknown as Problem).code]).toEqual([409, 'STEP_IN_PROGRESS']);
    });
    expect((await hk.settled()).mode).toBe('COMPLETED');
    expect(await stage.operator.list('/trade-files')).toEqual(before);
  });

  it('a file that comes after billing changes nothing that was concluded', async () => {
    const late = await importFile('CCASS', rowsFor([known]));
    expect(late.preCheckInvalidated).toBe(false);
    expect(await hk.step('preCheck')).toMatchObject({ status: 'SUCCEEDED' });
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toHaveLength(5);
    await stage.day.expectInvariants();
  });
});
