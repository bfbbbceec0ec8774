import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutDay } from '../../activities/day-cut.ts';
import { recordCommand } from '../../db/commands.repository.ts';
import { confirmTokenOf } from '../../domain/clearing/day-cut-guard.ts';
import { loadDayFacts, loadFlowsOf } from '../../db/flows.repository.ts';
import { seedCutoffTime } from '../../db/settings.repository.ts';
import { clockFrom } from '../../domain/clock.ts';
import { AFTER_CUTOFF, MON_2025_12_22, startApi, type ApiUnderTest } from '../api/support.ts';
import { count, HK, ok, place } from '../inbound/support.ts';
import { askFor, granted, type Asked } from './support/asked.ts';
import { TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
beforeEach(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
  await seedCutoffTime(api.db, '17:00');
});
afterEach(() => api.close());

interface Setting {
  readonly setting: string;
  readonly version: number;
  readonly value: object;
  readonly changedBy: string | null;
  readonly ticketId: string | null;
}

const setting = (name: string, value: object): Asked => ({
  key: 'clearing.update_system_config.exec',
  target: { setting: name },
  payload: { value },
  by: 'admin',
});

async function read(name: string): Promise<Setting | undefined> {
  const { items } = await ok<{ items: Setting[] }>(api.get('/settings'));
  return items.find((each) => each.setting === name);
}

interface Event {
  readonly person: string;
  readonly before: object | null;
  readonly after: object;
}

async function eventOf(action: string, ticketId: string): Promise<Event | undefined> {
  const { rows } = await api.db.$client.query<Event>(
    'SELECT person, before, after FROM audit_events WHERE action = $1 AND ticket_id = $2',
    [action, ticketId],
  );
  return rows[0];
}

describe('a setting', () => {
  it('changes by ticket, keeps what it was, and stands in the audit log', async () => {
    const before = { severity: 1, enabled: true };
    const after = { severity: 2, enabled: true };
    expect(await read('readiness.ready_trade_file')).toMatchObject({ version: 0, value: before });
    const ticket = await granted(desk, setting('readiness.ready_trade_file', after));
    expect(ticket).toMatchObject({ status: 'SUCCEEDED', before, after, result: { version: 1 } });
    expect(await read('readiness.ready_trade_file')).toMatchObject({
      version: 1,
      value: after,
      changedBy: 'admin',
      ticketId: ticket.ticketId,
    });
    const versions = await ok<{ items: object[] }>(
      api.get('/settings/versions?setting=readiness.ready_trade_file'),
    );
    expect(versions.items).toMatchObject([{ version: 1, before, after, approvedBy: ['approver'] }]);
    expect(await eventOf('setting.changed', ticket.ticketId)).toMatchObject({
      person: 'admin',
      after: { before, after, approved_by: ['approver'] },
    });
  });

  it('of a channel is what the next check compares by', async () => {
    const value = { matchMode: 'order', tolerance: '0.05', fuzzyByInstrument: true };
    await granted(desk, setting('channel.CCASS', value));
    expect(await read('channel.CCASS')).toMatchObject({ version: 1, value });
    const rows = `settlement_channel = 'CCASS' AND match_mode = 'order' AND tolerance = 0.05`;
    expect(await count(api.db, 'settlement_channels', rows)).toBe(1);
  });

  it('ends STALE when somebody else changed it first', async () => {
    const value = { matchMode: 'none', tolerance: '0', fuzzyByInstrument: false };
    const opened = await askFor(desk, setting('channel.CCASS', value));
    await api.db.$client.query(
      `INSERT INTO setting_versions (setting, version, after, changed_by)
       VALUES ('channel.CCASS', 1, '{}', 'operator2')`,
    );
    const { body } = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'STALE', result: { version: { asked: '0', now: '1' } } });
    expect(await read('channel.CCASS')).toMatchObject({ value: { matchMode: 'execution' } });
  });

  it.each([
    ['an unknown setting', 'colour.blue', { time: '16:00' }, 'NOT_FOUND'],
    ['an unknown item', 'readiness.ready_coffee', { severity: 1, enabled: true }, 'NOT_FOUND'],
    ['an unknown channel', 'channel.X', { matchMode: 'none' }, 'BAD_REQUEST'],
    ['a value of another setting', 'channel.CCASS', { time: '16:00' }, 'BAD_REQUEST'],
    ['a severity of three', 'readiness.ready_calendar', { severity: 3 }, 'BAD_REQUEST'],
    ['a time that no clock shows', 'cutoff.time', { time: '24:00' }, 'BAD_REQUEST'],
  ])('is not changed by %s', async (_why, name, value, code) => {
    expect((await askFor(desk, setting(name, value))).code).toBe(code);
  });

  it('of readiness waits for the next date once tasks of this one have started (L18)', async () => {
    const wanted = setting('readiness.ready_trade_file', { severity: 0, enabled: true });
    const early = await askFor(desk, wanted);
    await place(api.db, { steps: { sync: 'SUCCEEDED' } });
    const { body } = await desk.decide('approver', early.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'FAILED', resultCode: 'DAY_TASKS_STARTED' });
    const late = await askFor(desk, wanted);
    expect([late.status, late.code]).toEqual([409, 'DAY_TASKS_STARTED']);
    expect(late.body.details).toEqual({ ledgerDate: MON_2025_12_22, flows: ['HK'] });
    const channel = { matchMode: 'order', tolerance: '0', fuzzyByInstrument: false };
    expect((await askFor(desk, setting('channel.CCASS', channel))).status).toBe(201);
  });

  it('of the cutoff holds for the dates that are opened next', async () => {
    await granted(desk, setting('cutoff.time', { time: '16:30' }));
    await seedCutoffTime(api.db, '17:00');
    expect(await read('cutoff.time')).toMatchObject({ version: 2, value: { time: '16:30' } });
    await api.db.$client.query(`UPDATE flow_days SET mode = 'COMPLETED'`);
    const command = {
      commandId: 'cut',
      kind: 'dayCut' as const,
      person: 'operator',
      expiresAt: '2099-01-01T00:00:00.000Z',
    };
    const confirmToken = confirmTokenOf(MON_2025_12_22, await loadFlowsOf(api.db, MON_2025_12_22));
    await recordCommand(api.db, {
      ...command,
      ledgerDate: MON_2025_12_22,
      flow: 'day-end',
      payload: { confirmToken },
      payloadHash: '',
      revisionSeen: null,
    });
    const cut = await cutDay({ db: api.db }, MON_2025_12_22, { ...command, flowRevision: 1 });
    expect(cut).toMatchObject({ kind: 'cut', nextLedgerDate: '2025-12-23' });
    const dates = `(ledger_date, cutoff_at) IN (('2025-12-22', '2025-12-22T17:00+08'),
      ('2025-12-23', '2025-12-23T16:30+08'))`;
    expect(await count(api.db, 'ledger_dates', dates)).toBe(2);
  });
});

describe('an early cutoff', () => {
  const now = clockFrom(AFTER_CUTOFF).now();
  const cutoffAt = (at: string) =>
    api.db.$client.query(`UPDATE ledger_dates SET cutoff_at = $1 WHERE status = 'OPEN'`, [at]);
  const early = (payload: object = {}): Asked => ({
    key: 'clearing.advance_day_cutoff.exec',
    target: { ledgerDate: MON_2025_12_22 },
    payload,
  });
  const isReached = async () => (await loadDayFacts(api.db, HK, now)).cutoffReached;

  it('moves the cutoff to the time when it was asked for', async () => {
    await cutoffAt('2025-12-22T11:00:00Z');
    expect(await isReached()).toBe(false);
    const ticket = await granted(desk, early());
    const moved = {
      before: { cutoffAt: '2025-12-22T11:00:00.000Z' },
      after: { cutoffAt: '2025-12-22T10:00:00.000Z' },
    };
    expect(ticket).toMatchObject({
      status: 'SUCCEEDED',
      payload: { cutoffAt: '2025-12-22T10:00:00.000Z' },
      ...moved,
    });
    expect(await isReached()).toBe(true);
    expect(await eventOf('ledger_date.cutoff_moved', ticket.ticketId)).toMatchObject(moved);
    const again = await askFor(desk, early());
    expect([again.status, again.code]).toEqual([422, 'CUTOFF_REACHED']);
  });

  it('comes too late when the cutoff is reached before it is approved', async () => {
    await cutoffAt('2025-12-22T11:00:00Z');
    const opened = await askFor(desk, early({ cutoffAt: '2025-12-22T18:30:00+08:00' }));
    await cutoffAt('2025-12-22T10:00:00Z');
    const { body } = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'STALE' });
  });

  it.each([
    ['after the cutoff', '2025-12-22T11:00:01Z', 'OUT_OF_RANGE'],
    ['long ago', '2025-12-22T09:44:59Z', 'OUT_OF_RANGE'],
    ['at no time', 'at noon', 'BAD_REQUEST'],
  ])('is not asked for %s', async (_when, at, code) => {
    await cutoffAt('2025-12-22T11:00:00Z');
    expect((await askFor(desk, early({ cutoffAt: at }))).code).toBe(code);
  });

  it('is not asked for once a step read by the cutoff, or of a date that is not open', async () => {
    await cutoffAt('2025-12-22T11:00:00Z');
    const other = { ...early(), target: { ledgerDate: '2025-12-19' } };
    expect((await askFor(desk, other)).code).toBe('LEDGER_DATE_NOT_CURRENT');
    await place(api.db, { steps: { sync: 'SUCCEEDED' } });
    const begun = await askFor(desk, early());
    expect(begun).toMatchObject({ code: 'CUTOFF_REACHED' });
    expect(begun.body.details).toMatchObject({ begunFlows: ['HK'] });
  });
});
