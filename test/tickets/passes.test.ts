import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runReadiness } from '../../activities/run-readiness.ts';
import { recordCommand } from '../../db/commands.repository.ts';
import { loadDayFacts } from '../../db/flows.repository.ts';
import { PASS_KEYS } from '../../domain/clearing/manual-pass.ts';
import { clockFrom } from '../../domain/clock.ts';
import { AFTER_CUTOFF } from '../api/support.ts';
import {
  ACCOUNT,
  clear,
  count,
  execution,
  fileRow,
  HK,
  MON_2025_12_22,
  ok,
  order,
  send,
  sendFile,
  startApi,
  TENCENT,
  type ApiUnderTest,
} from '../inbound/support.ts';
import { askFor, granted } from './support/asked.ts';
import { TicketDesk } from './support/ticket-desk.ts';

const clock = clockFrom(AFTER_CUTOFF);

let api: ApiUnderTest;
let desk: TicketDesk;
beforeEach(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
});
afterEach(() => api.close());

interface Check {
  readonly taskId: number;
  readonly settlementChannel: string;
  readonly taskStatus: string;
  readonly fixStatus: string;
  readonly fixTicketId: string | null;
  readonly manualPass: { readonly maker: string; readonly approvers: string[] } | null;
}

const read = async <T>(path: string): Promise<readonly T[]> =>
  (await ok<{ items: readonly T[] }>(api.get(path))).items;

/** One pre-check, and what it says of CCASS. */
async function check(): Promise<{ status: string; check: Check }> {
  const { status } = await clear(api.db, 'preCheck');
  const all = await read<Check>(`/checks?ledgerDate=${MON_2025_12_22}`);
  const found = all.find(({ settlementChannel }) => settlementChannel === 'CCASS');
  if (!found) throw new Error('no check of CCASS');
  return { status, check: found };
}

const fileOf = (...serials: readonly string[]) =>
  ok(
    sendFile(
      api,
      serials.map((serial) => fileRow(serial)),
    ),
  );
const passCheck = (taskId: number) => ({ key: PASS_KEYS.check, target: { taskId } });

describe('a check that failed', () => {
  beforeEach(async () => {
    await ok(send(api, 'orders', order('O1')));
    await ok(send(api, 'executions', execution('E1', 'O1')));
    await fileOf('E1', 'E-OTHER');
    await clear(api.db, 'sync');
  });

  it('is passed by hand, passes again with the same differences and fails with others', async () => {
    const failed = await check();
    expect(failed).toMatchObject({ status: 'BLOCKED_BY_CHECK', check: { fixStatus: 'NONE' } });
    const ticket = await granted(desk, passCheck(failed.check.taskId));
    expect(ticket).toMatchObject({
      status: 'SUCCEEDED',
      before: { fixStatus: 'NONE', differences: 1, taskStatus: 'FAILED' },
      after: { fixStatus: 'MANUALLY_PASSED' },
    });
    const again = await check();
    expect(again).toMatchObject({
      status: 'SUCCEEDED',
      check: {
        taskStatus: 'FAILED',
        fixStatus: 'MANUALLY_PASSED',
        fixTicketId: ticket.ticketId,
        manualPass: { maker: 'operator', approvers: ['approver'] },
      },
    });
    expect((await askFor(desk, passCheck(again.check.taskId))).code).toBe('MANUAL_PASS_NOT_NEEDED');

    await fileOf('E1', 'E-OTHER', 'E-THIRD');
    const other = await check();
    expect(other).toMatchObject({ status: 'BLOCKED_BY_CHECK', check: { fixStatus: 'NONE' } });
    await fileOf('E1', 'E-OTHER');
    expect((await check()).status).toBe('SUCCEEDED');
  });

  it('L33 takes no second ticket while one is open, whichever run showed it', async () => {
    const first = await check();
    const opened = await askFor(desk, passCheck(first.check.taskId));
    expect(opened.status).toBe(201);
    const again = await check();
    expect(again.check).toMatchObject({
      fixStatus: 'PENDING',
      fixTicketId: opened.body.ticketId,
    });
    for (const taskId of [first.check.taskId, again.check.taskId]) {
      const second = await askFor(desk, passCheck(taskId));
      expect([second.status, second.code]).toEqual([409, 'TICKET_PENDING']);
      expect(second.body.details).toMatchObject({ ticketId: opened.body.ticketId });
    }
    await desk.decide('approver', opened.body.ticketId, 'reject');
    expect((await check()).check).toMatchObject({ fixStatus: 'REJECTED' });
    expect((await askFor(desk, passCheck(again.check.taskId))).status).toBe(201);
  });

  it('ends the ticket STALE when it shows other differences meanwhile', async () => {
    const { check: failed } = await check();
    const { body } = await askFor(desk, passCheck(failed.taskId));
    await fileOf('E1', 'E-OTHER', 'E-THIRD');
    await check();
    const { body: ended } = await desk.decide('approver', body.ticketId, 'approve');
    expect(ended).toMatchObject({
      status: 'STALE',
      resultCode: 'TICKET_STALE',
      result: { difference: { differences: { asked: 1, now: 2 } } },
    });
    expect(await count(api.db, 'manual_passes')).toBe(0);
  });

  it('is not passed for differences that the maker has not seen', async () => {
    const { check: seen } = await check();
    await fileOf('E1', 'E-OTHER', 'E-THIRD');
    await check();
    expect((await askFor(desk, passCheck(seen.taskId))).code).toBe('VERSION_CONFLICT');
    expect((await askFor(desk, passCheck(999_999))).code).toBe('NOT_FOUND');
  });

  it('of a trade without a serial stays passed when sync runs and the file comes again', async () => {
    const supplement = {
      ledgerDate: MON_2025_12_22,
      accountNo: ACCOUNT,
      instrumentId: TENCENT,
      side: 'BUY',
      settlementChannel: 'CCASS',
      tradeDate: MON_2025_12_22,
      executions: [{ quantity: '100', price: '613.5' }],
    };
    await ok(api.post('/supplements', supplement));
    await clear(api.db, 'sync');
    await granted(desk, passCheck((await check()).check.taskId));
    await ok(send(api, 'orders', order('O2', { settlementChannel: 'HKOTC' })));
    await ok(send(api, 'executions', execution('E2', 'O2')));
    await clear(api.db, 'sync');
    await fileOf('E1');
    expect((await check()).status).toBe('BLOCKED_BY_CHECK');
    await fileOf('E1', 'E-OTHER');
    expect((await check()).status).toBe('SUCCEEDED');
  });
});

interface Item {
  readonly item: string;
  readonly passed: boolean;
  readonly fixStatus: string;
  readonly manualPass: { readonly approvers: readonly string[] } | null;
}

/** One readiness run of Hong Kong, as its activity does it. */
async function runItems(): Promise<string> {
  const command = {
    commandId: randomUUID(),
    kind: 'readiness' as const,
    person: 'operator',
    expiresAt: '2099-01-01T00:00:00.000Z',
  };
  const { ledgerDate, flow } = HK;
  const row = { ...command, ledgerDate, flow, payload: {}, payloadHash: '', revisionSeen: null };
  await recordCommand(api.db, row);
  const state = await runReadiness({ db: api.db, clock }, HK, { ...command, flowRevision: 1 });
  return state.readiness;
}

const itemsOf = () =>
  read<Item>(`/ledger-dates/${MON_2025_12_22}/flows/HK/readiness`).then((items) =>
    Object.fromEntries(items.map((item) => [item.item, item])),
  );
const blockers = async () => (await loadDayFacts(api.db, HK, clock.now())).failedReadinessItems;
const passItem = (item: string) => ({
  key: PASS_KEYS.readiness,
  target: { ledgerDate: MON_2025_12_22, flow: 'HK', item },
});

describe('a readiness item that failed', () => {
  beforeEach(async () => {
    await api.db.$client.query(`UPDATE flow_days SET mode = 'COMPLETED' WHERE flow = 'US'`);
  });

  it('of severity 1 is passed by hand for just what was missing', async () => {
    expect((await askFor(desk, passItem('ready_trade_file'))).code).toBe('NOT_FOUND');
    await ok(send(api, 'orders', order('O1')));
    await ok(send(api, 'executions', execution('E1', 'O1')));
    expect([await runItems(), await blockers()]).toEqual(['BLOCKED', ['ready_trade_file']]);

    const opened = await askFor(desk, passItem('ready_trade_file'));
    expect(opened.body.before).toMatchObject({
      severity: 1,
      missing: [{ settlementChannel: 'CCASS' }],
    });
    const own = await desk.decide('operator', opened.body.ticketId, 'approve');
    expect(own.code).toBe('SELF_APPROVAL');
    expect(await itemsOf()).toMatchObject({ ready_trade_file: { fixStatus: 'PENDING' } });
    await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(await itemsOf()).toMatchObject({
      ready_trade_file: {
        passed: false,
        fixStatus: 'MANUALLY_PASSED',
        manualPass: { approvers: ['approver'] },
      },
    });
    expect([await blockers(), await runItems()]).toEqual([[], 'PASSED']);

    await ok(send(api, 'orders', order('O2', { settlementChannel: 'CCASS2' })));
    await ok(send(api, 'executions', execution('E2', 'O2')));
    expect([await runItems(), await blockers()]).toEqual(['BLOCKED', ['ready_trade_file']]);
    expect(await itemsOf()).toMatchObject({ ready_trade_file: { fixStatus: 'NONE' } });
  });

  it('of severity 2 has to become true, and of severity 0 needs no pass', async () => {
    await api.db.$client.query(
      `UPDATE calendar_coverage SET covered_to = '2025-12-24' WHERE market = 'HK'`,
    );
    expect(await runItems()).toBe('BLOCKED');
    const refused = await askFor(desk, passItem('ready_calendar'));
    expect([refused.status, refused.code]).toEqual([422, 'MANUAL_PASS_REFUSED']);
    await api.db.$client.query(
      `UPDATE readiness_items SET severity = 0 WHERE item = 'ready_calendar'`,
    );
    expect(await runItems()).toBe('PASSED');
    const needless = await askFor(desk, passItem('ready_calendar'));
    expect([needless.status, needless.code]).toEqual([422, 'MANUAL_PASS_NOT_NEEDED']);
  });

  it('that passed by hand blocks again once it is of severity 2', async () => {
    await ok(send(api, 'orders', order('O1')));
    await ok(send(api, 'executions', execution('E1', 'O1')));
    await runItems();
    await granted(desk, passItem('ready_trade_file'));
    await api.db.$client.query(
      `UPDATE readiness_items SET severity = 2 WHERE item = 'ready_trade_file'`,
    );
    expect([await runItems(), await blockers()]).toEqual(['BLOCKED', ['ready_trade_file']]);
  });
});
