import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Db } from '../../../db/client.ts';
import type { Api } from '../support/api.ts';
import { stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { rowsFor, sendTradeFile } from '../support/trade-files.ts';
import { FRI_2025_12_19, MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import type { ReadinessView } from '../support/views.ts';
import { checkOf, contractsOf, type CheckRow } from '../trades/reads.ts';
import { ask, decide, ended, granted, mustAsk, type Asked } from './consent.ts';

const inHongKong = (accountNo: string) =>
  orderOf({
    accountNo,
    instrumentId: 'ST/HK/700',
    tradeDate: MON_2025_12_22,
    settlementChannel: 'CCASS',
  });
const ours = inHongKong('20000001');
const theirs = inHongKong('20000002');
const alsoTheirs = inHongKong('20000003');
const inNewYork = orderOf({
  accountNo: '20000004',
  instrumentId: 'ST/US/AAPL',
  tradeDate: FRI_2025_12_19,
});

let stage: Stage;
let hk: FlowDesk;
let us: FlowDesk;
let approver: Api;
let admin: Api;
/** For what has no route: the calendars. */
let db: Db;
beforeAll(async () => {
  stage = await startTiny();
  hk = stage.day.flow('HK');
  us = stage.day.flow('US');
  [approver, admin] = await Promise.all([stage.as('approver'), stage.as('admin')]);
  db = connect(stage.system.databaseUrl, { poolSize: 1 });
  await sendOrders(stage.operator, [ours, inNewYork]);
});
afterAll(async () => {
  await db.$client.end();
  await stage.stop();
});

const passItem = (flow: string, item: string): Asked => ({
  key: 'clearing.before_clearing_ready.fix_result',
  target: { ledgerDate: MON_2025_12_22, flow, item },
});

async function readinessOf(flow: FlowDesk, item: string) {
  const view = await stage.operator.get<ReadinessView>(`${flow.path}/readiness`);
  return { state: view.state, item: view.items.find((each) => each.item === item) };
}

// The scenarios share a system and follow each other: New York first, then Hong Kong.
describe('readiness', () => {
  it('L16 an item of severity 2 is not passed by hand; once it is true, readiness passes', async () => {
    const covered = (until: string) =>
      db.$client.query(
        `UPDATE calendar_coverage SET covered_to = $1
         WHERE market = 'US' AND covered_to = (SELECT max(covered_to) FROM calendar_coverage)`,
        [until],
      );
    const { rows } = await db.$client.query<{ until: string }>(
      `SELECT max(covered_to) AS until FROM calendar_coverage`,
    );
    await covered('2025-12-22');
    await stage.operator.must(`${us.path}/readiness`);
    expect(await readinessOf(us, 'ready_calendar')).toMatchObject({
      state: 'BLOCKED',
      item: { severity: 2, passed: false },
    });
    const { status, body } = await ask(stage.operator, passItem('US', 'ready_calendar'));
    expect([status, body.code]).toEqual([422, 'MANUAL_PASS_REFUSED']);
    expect((await us.start()).code).toBe('READINESS_NOT_PASSED');

    await db.$client.query(
      `UPDATE calendar_coverage SET covered_to = $1
       WHERE market = 'US' AND covered_to = '2025-12-22'`,
      [rows[0]?.until],
    );
    await stage.operator.must(`${us.path}/readiness`);
    expect((await readinessOf(us, 'ready_calendar')).item).toMatchObject({ passed: true });
  });

  it('L15 an item of severity 1 passes by hand, and not by the hand of its maker', async () => {
    expect(await readinessOf(us, 'ready_trade_file')).toMatchObject({
      state: 'BLOCKED',
      item: { severity: 1, passed: false, fixStatus: 'NONE' },
    });
    const { ticketId } = await mustAsk(stage.operator, passItem('US', 'ready_trade_file'));
    for (const account of ['operator', 'operator.approver'] as const) {
      const own = await decide(await stage.as(account), ticketId, 'approve');
      expect([account, own.status, own.body.code]).toEqual([account, 403, 'SELF_APPROVAL']);
    }
    const { status } = await decide(approver, ticketId, 'approve');
    expect(status).toBe(200);
    expect(await ended(approver, ticketId)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await readinessOf(us, 'ready_trade_file')).item).toMatchObject({
      passed: false,
      fixStatus: 'MANUALLY_PASSED',
      manualPass: { ticketId, maker: 'operator', approvers: ['approver'] },
    });
    await us.makeReady();
    expect((await readinessOf(us, 'ready_trade_file')).state).toBe('PASSED');
  });

  it('L18 its settings change before the tasks of a day have started, and not after', async () => {
    const wanted = (severity: number): Asked => ({
      key: 'clearing.update_system_config.exec',
      target: { setting: 'readiness.ready_trade_file' },
      payload: { value: { severity, enabled: true } },
    });
    const ticket = await granted(admin, approver, wanted(1));
    expect(ticket.result).toMatchObject({ version: 1, severity: 1 });
    await sendTradeFile(
      stage.operator,
      { settlementChannel: 'IB', tradeDate: FRI_2025_12_19 },
      rowsFor([inNewYork]),
    );
    expect((await us.run()).mode).toBe('COMPLETED');
    const { status, body } = await ask(admin, wanted(0));
    expect([status, body.code]).toEqual([409, 'DAY_TASKS_STARTED']);
  });
});

describe('a check', () => {
  const importFile = async (...orders: readonly (typeof ours)[]): Promise<void> => {
    const target = { settlementChannel: 'CCASS', tradeDate: MON_2025_12_22 };
    const { status } = await sendTradeFile(stage.operator, target, rowsFor(orders));
    expect(status).toBe(200);
  };
  const checkAgain = async (): Promise<string> => {
    await stage.operator.must(`${hk.path}/steps/preCheck/run`);
    return stepOf(await hk.settled(), 'preCheck').status;
  };
  const seen = (): Promise<CheckRow & Readonly<Record<string, unknown>>> =>
    checkOf(stage.operator, MON_2025_12_22, 'CCASS') as never;
  const passCheck = async (): Promise<Asked> => ({
    key: 'clearing.clearing_check.fix_result',
    target: { taskId: (await seen()).taskId },
  });

  it('L33 whose pass is waiting for consent takes no second click', async () => {
    await importFile(ours, theirs);
    await hk.makeReady();
    expect((await hk.run()).mode).toBe('PAUSED_ON_ERROR');
    const { ticketId } = await mustAsk(stage.operator, await passCheck());
    expect(await seen()).toMatchObject({ fixStatus: 'PENDING', fixTicketId: ticketId });
    for (const person of [stage.operator, await stage.as('operator2')]) {
      const { status, body } = await ask(person, await passCheck());
      expect([status, body.code]).toEqual([409, 'TICKET_PENDING']);
      expect(body.details).toMatchObject({ ticketId, maker: 'operator' });
    }
    await decide(approver, ticketId, 'reject');
    expect((await ended(stage.operator, ticketId)).status).toBe('REJECTED');
    expect(await seen()).toMatchObject({ taskStatus: 'FAILED', fixStatus: 'REJECTED' });
    expect(await checkAgain()).toBe('BLOCKED_BY_CHECK');
  });

  it('L29 passes by hand as long as its differences are those that were accepted', async () => {
    expect(await seen()).toMatchObject({ taskStatus: 'FAILED', taskNum: 1 });
    const ticket = await granted(stage.operator, approver, await passCheck());
    expect(ticket.before).toMatchObject({ differences: 1, fixStatus: 'NONE' });
    expect(ticket.after).toMatchObject({ differences: 1, fixStatus: 'MANUALLY_PASSED' });
    expect(await checkAgain()).toBe('SUCCEEDED');
    expect(await seen()).toMatchObject({
      taskStatus: 'FAILED',
      fixStatus: 'MANUALLY_PASSED',
      manualPass: { ticketId: ticket.ticketId, maker: 'operator', approvers: ['approver'] },
    });

    await importFile(ours, theirs, alsoTheirs);
    expect(await checkAgain()).toBe('BLOCKED_BY_CHECK');
    expect(await seen()).toMatchObject({ taskNum: 2, fixStatus: 'NONE' });
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toEqual([]);

    await importFile(ours, theirs);
    expect((await hk.run()).mode).toBe('COMPLETED');
    expect(await contractsOf(stage.operator, MON_2025_12_22)).toHaveLength(1);
    await stage.day.expectInvariants();
  });
});
