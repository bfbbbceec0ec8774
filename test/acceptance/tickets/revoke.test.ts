import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { Api } from '../support/api.ts';
import { booksOf, journalsOf } from '../support/books.ts';
import { statusesOf, type FlowDesk } from '../support/desk.ts';
import { placeOrder } from '../support/front-office.ts';
import { MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import type { CommandView, Problem } from '../support/views.ts';
import { ask, decide, ended, granted, mustAsk, type Asked, type TicketView } from './consent.ts';

const UNDO = { assetRollback: 'UNDO', supplements: 'NO_OP' };
const undo: Asked = {
  key: 'clearing.re_clearing.exec',
  target: { ledgerDate: MON_2025_12_22, flow: 'HK' },
  payload: UNDO,
};

interface AuditEvent {
  readonly person: string;
  readonly account: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly ticketId: string | null;
  readonly commandId: string | null;
  readonly workflowId: string | null;
  readonly runId: string | null;
}

let stage: Stage;
let hk: FlowDesk;
let approver: Api;
let auditor: Api;
/** The ticket that was approved. */
let revoked: TicketView;
beforeAll(async () => {
  stage = await startTiny();
  hk = stage.day.flow('HK');
  [approver, auditor] = await Promise.all([stage.as('approver'), stage.as('auditor')]);
  const at = { instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22 };
  await placeOrder(stage.operator, { accountNo: '20000001', ...at });
  await stage.day.flow('US').clear();
  await hk.makeReady();
  for (const step of ['sync', 'preCheck', 'billing', 'posting']) await hk.mustRunStep(step);
});
afterAll(() => stage.stop());

const eventsOf = (ticketId: string): Promise<AuditEvent[]> =>
  auditor.list(`/audit/events?ticketId=${ticketId}`);
/** What a revoke would change. */
const state = async () => ({
  flow: await hk.view(),
  books: await booksOf(stage.operator),
  journals: await journalsOf(stage.operator, MON_2025_12_22, 'HK'),
});
const commands = (): Promise<CommandView[]> =>
  stage.operator.list(`/commands?ledgerDate=${MON_2025_12_22}&flow=HK`);

// The scenarios share a system and follow each other: Hong Kong is posted and paused.
describe('a revoke by ticket', () => {
  it('is what the flow’s own route asks for: nobody revokes alone', async () => {
    const before = await state();
    const { revision } = before.flow;
    const send = (seen: number) => {
      const body = { ...UNDO, reason: 'a scenario', revision: seen };
      return stage.operator.ask<TicketView & Problem>('POST', `${hk.path}/revoke`, {
        body,
        key: randomUUID(),
      });
    };
    const stale = await send(revision - 1);
    expect([stale.status, stale.body.code]).toEqual([409, 'VERSION_CONFLICT']);
    const opened = await send(revision);
    expect(opened.status).toBe(201);
    expect(opened.body).toMatchObject({ key: undo.key, status: 'PENDING' });
    const again = await send(revision);
    expect([again.status, again.body.code]).toEqual([409, 'TICKET_PENDING']);
    const own = await decide(stage.operator, opened.body.ticketId, 'approve');
    expect([own.status, own.body.code]).toEqual([403, 'SELF_APPROVAL']);
    expect(await state()).toEqual(before);
    await decide(approver, opened.body.ticketId, 'reject');
  });

  it('L54 that the checker rejects changes nothing, and the log says REJECTED', async () => {
    const before = await state();
    const sent = await commands();
    const { ticketId } = await mustAsk(stage.operator, undo);
    const { body } = await decide(approver, ticketId, 'reject');
    expect(body.status).toBe('REJECTED');
    expect(await state()).toEqual(before);
    expect(await commands()).toEqual(sent);
    const log = await eventsOf(ticketId);
    expect(log.map(({ action, person }) => [action, person])).toEqual(
      expect.arrayContaining([
        ['ticket.opened', 'operator'],
        ['ticket.reject', 'approver'],
        ['ticket.rejected', 'system'],
      ]),
    );
    const late = await decide(approver, ticketId, 'approve');
    expect([late.status, late.body.code]).toEqual([409, 'TICKET_CLOSED']);
  });

  it('7.9 no. 9 whose target changed before it was approved ends STALE, nothing posted', async () => {
    const { ticketId } = await mustAsk(stage.operator, undo);
    await hk.mustRunStep('settlement');
    const before = await state();
    await decide(approver, ticketId, 'approve');
    const ticket = await ended(stage.operator, ticketId);
    expect(ticket).toMatchObject({
      status: 'STALE',
      resultCode: 'TICKET_STALE',
      result: { difference: { mode: { asked: 'PAUSED', now: 'COMPLETED' } } },
    });
    expect(await state()).toEqual(before);
    expect((await hk.view()).generation).toBe(1);
  });

  it('that is approved undoes the flow once, in the name of both', async () => {
    revoked = await granted(stage.operator, approver, undo);
    expect(revoked.before).toMatchObject({ generation: 1 });
    expect(revoked.after).toMatchObject({ generation: 2, postedJournals: 0 });
    const view = await hk.until('generation 2', ({ generation }) => generation === 2);
    expect(statusesOf(view)).toMatchObject({ posting: 'INVALIDATED', settlement: 'INVALIDATED' });
    expect((await stage.day.closing()).invariants.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('what the audit log shows of a ticket', () => {
  const tolerance: Asked = {
    key: 'clearing.update_system_config.exec',
    target: { setting: 'channel.CCASS2' },
    payload: { value: { matchMode: 'execution', tolerance: '1', fuzzyByInstrument: true } },
  };
  let setting: TicketView;
  beforeAll(async () => {
    setting = await granted(await stage.as('admin'), approver, tolerance);
  });

  it('10.7 no. 2 an edit has before and after, the ticket and both persons', async () => {
    const log = await eventsOf(setting.ticketId);
    const edit = log.find(({ action }) => action === 'setting.changed');
    expect(edit).toMatchObject({
      person: 'admin',
      outcome: 'ACCEPTED',
      ticketId: setting.ticketId,
      after: {
        before: { tolerance: '0.05' },
        after: { tolerance: '1' },
        changed_by: 'admin',
        approved_by: ['approver'],
      },
    });
    const people = (action: string) =>
      log
        .filter((event) => event.action === action)
        .map(({ person, account }) => [person, account]);
    expect(people('ticket.opened')).toEqual([['admin', 'admin']]);
    expect(people('ticket.approve')).toEqual([['approver', 'approver']]);
  });

  it('L75 each write names who, what it was and is, ticket, command and run', async () => {
    const log = await eventsOf(revoked.ticketId);
    expect(log.find(({ action }) => action === 'command.applied')).toMatchObject({
      person: 'operator',
      before: { status: 'RECORDED' },
      after: { status: 'APPLIED', kind: 'revoke' },
      ticketId: revoked.ticketId,
      commandId: `ticket-${revoked.ticketId}`,
      workflowId: `clearing/${MON_2025_12_22}/HK`,
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    const edit = (await eventsOf(setting.ticketId)).find(
      ({ action }) => action === 'setting.changed',
    );
    const timeline = await poll('the archived run of the ticket', 60_000, async () => {
      const answer = await auditor.ask<object>('GET', `/audit/runs/${edit?.runId}/timeline`);
      return answer.status === 200 ? answer.body : undefined;
    });
    expect(JSON.stringify(timeline)).toContain(setting.ticketId);
  });

  it('10.7 no. 1 is for those who hold the query key; a ticket hides what it is about', async () => {
    const refused = [
      ['viewer', '/audit/events'],
      ['operator', '/people'],
      ['admin', '/balances'],
      ['admin', '/fee-rules'],
    ] as const;
    for (const [who, path] of refused) {
      const { status } = await (await stage.as(who)).ask('GET', path);
      expect([who, path, status]).toEqual([who, path, 403]);
    }
    const seenBy = async (who: 'viewer' | 'admin') =>
      (await stage.as(who)).get<object>(`/tickets/${revoked.ticketId}`);
    expect(await seenBy('viewer')).toMatchObject({ stripped: false, target: undo.target });
    expect(await seenBy('admin')).toMatchObject({ stripped: true, target: null, before: null });
    const unasked = await ask(await stage.as('viewer'), undo);
    expect([unasked.status, unasked.body.code]).toEqual([403, 'FORBIDDEN']);
  });
});
