import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockPerson, replaceRoles } from '../../db/people.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { makeNotes, NOTE_KEY, NOTE_KINDS, readNote } from './support/note-kind.ts';
import { node, TicketDesk, type DecisionWord } from './support/ticket-desk.ts';

const HALF_A_CHARACTER = '\ud800';
const ONE_MB = 'x'.repeat(1_048_576);

let api: ApiUnderTest;
let desk: TicketDesk;
let notes = 0;
beforeAll(async () => {
  api = await startApi('empty', NOTE_KINDS);
  desk = new TicketDesk(api);
  await desk.flow([node('approval')]);
});
afterAll(() => api.close());

async function freshNote(): Promise<string> {
  const id = `note-${++notes}`;
  await makeNotes(api.db, [id]);
  return id;
}
const fieldsOf = (details: unknown): readonly string[] =>
  ((details as { errors?: readonly { field: string }[] } | undefined)?.errors ?? []).map(
    ({ field }) => field,
  );
const DECIDERS = [
  { kind: 'approve', who: 'approver' },
  { kind: 'reject', who: 'approver' },
  { kind: 'withdraw', who: 'operator' },
  { kind: 'close', who: 'admin' },
] as const;

describe('the reason of a request', () => {
  it.each([
    { name: 'missing', body: {}, status: 400, code: 'BAD_REQUEST' },
    { name: 'empty', body: { reason: '' }, status: 400, code: 'BAD_REQUEST' },
    { name: 'blank', body: { reason: ' \n\t\u3000' }, status: 400, code: 'BAD_REQUEST' },
    { name: 'no text', body: { reason: 7 }, status: 400, code: 'BAD_REQUEST' },
    { name: 'too long', body: { reason: 'x'.repeat(501) }, status: 400, code: 'BAD_REQUEST' },
    { name: 'not storable', body: { reason: 'a\u0000' }, status: 400, code: 'BAD_REQUEST' },
    { name: 'half a text', body: { reason: HALF_A_CHARACTER }, status: 400, code: 'BAD_REQUEST' },
    { name: 'of 1 MB', body: { reason: ONE_MB }, status: 413, code: 'BODY_TOO_LARGE' },
  ])('that is $name is refused as $code, and no ticket is opened', async (bad) => {
    const noteId = await freshNote();
    const asked = { key: NOTE_KEY, target: { noteId }, payload: { text: 'x' }, ...bad.body };
    const { status, code, body } = await desk.send('operator', 'POST', '/tickets', asked);
    expect([status, code]).toEqual([bad.status, bad.code]);
    if (status === 400) expect(fieldsOf(body.details)).toContain('/reason');
    const path = `/tickets?targetId=${noteId}`;
    const list = (await api.get(path, 'operator')).json<{ items: unknown[] }>();
    expect(list.items).toEqual([]);
    // Nothing is left behind that would stand in the way of a better one.
    expect((await desk.ask('operator', noteId)).status).toBe(201);
  });

  it('may be of several lines, in any language', async () => {
    const reason = '对手方文件有误 𠮷\n\tsee the mail';
    const target = { noteId: await freshNote() };
    const asked = { key: NOTE_KEY, target, payload: { text: 'x' }, reason };
    const { body } = await desk.send('operator', 'POST', '/tickets', asked);
    expect(body).toMatchObject({ status: 'PENDING', reason });
  });
});

describe('the reason of a decision', () => {
  const decideWith = async (who: 'approver' | 'admin', kind: DecisionWord, body?: object) => {
    const ticketId = await desk.mustAsk('operator', await freshNote());
    const answer = await desk.send(who, 'POST', `/tickets/${ticketId}/${kind}`, body);
    expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', decisions: [] });
    return answer;
  };

  it.each([
    { name: 'without any body', body: undefined },
    { name: 'without the field', body: { node: 0 } },
    { name: 'with an empty one', body: { reason: '' } },
    { name: 'with a blank one', body: { reason: ' \u3000\n' } },
  ])('to reject or close is needed: $name it is refused', async ({ body }) => {
    for (const [who, kind] of [
      ['approver', 'reject'],
      ['admin', 'close'],
    ] as const) {
      const { status, code } = await decideWith(who, kind, body);
      expect([kind, status, code]).toEqual([kind, 400, 'REASON_REQUIRED']);
    }
  });

  it.each(DECIDERS)('to $kind is refused when it is of 1 MB or not storable', async (by) => {
    for (const [reason, expected] of [
      [ONE_MB, [413, 'BODY_TOO_LARGE']],
      ['x'.repeat(501), [400, 'BAD_REQUEST']],
      ['a\u0000', [400, 'BAD_REQUEST']],
      [HALF_A_CHARACTER, [400, 'BAD_REQUEST']],
    ] as const) {
      const ticketId = await desk.mustAsk('operator', await freshNote());
      const { status, code, body } = await desk.decide(by.who, ticketId, by.kind, { reason });
      expect([status, code]).toEqual(expected);
      if (status === 400) expect(fieldsOf(body.details)).toEqual(['/reason']);
      expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', decisions: [] });
    }
  });
});

describe('a key that nobody declared', () => {
  it('is refused wherever a key stands, and the answer names those that are known', async () => {
    const asked = { target: { noteId: 'x' }, payload: {}, reason: 'a test' };
    const body = { ...asked, key: 'no.such.key' };
    const opened = await desk.send('operator', 'POST', '/tickets', body);
    expect([opened.status, opened.code]).toEqual([400, 'UNKNOWN_TICKET_KEY']);
    expect(opened.body.details).toEqual({ key: 'no.such.key', known: [...NOTE_KINDS.keys()] });
    const flow = { nodes: [node('approval')], autoApprove: false, expiresAfterMinutes: 60 };
    const configured = await desk.askForFlow(flow, 'no.such.key');
    expect([configured.status, configured.code]).toEqual([400, 'UNKNOWN_TICKET_KEY']);
  });
});

describe('a ticket that has ended', () => {
  it.each([
    { ...DECIDERS[0], ended: 'SUCCEEDED' },
    { ...DECIDERS[1], ended: 'REJECTED' },
    { ...DECIDERS[2], ended: 'WITHDRAWN' },
    { ...DECIDERS[3], ended: 'CLOSED' },
  ])('as $ended takes no decision of any kind', async ({ kind, who, ended }) => {
    const noteId = await freshNote();
    const ticketId = await desk.mustAsk('operator', noteId);
    expect((await desk.decide(who, ticketId, kind)).body.status).toBe(ended);
    const before = await desk.read(ticketId);
    for (const late of DECIDERS) {
      const by = late.who === 'approver' ? 'approver2' : late.who;
      const { status, code, body } = await desk.decide(by, ticketId, late.kind);
      expect([late.kind, status, code]).toEqual([late.kind, 409, 'TICKET_CLOSED']);
      expect(body.details).toMatchObject({ status: ended });
    }
    expect(await desk.read(ticketId)).toEqual(before);
    expect((await readNote(api.db, noteId)).effects).toBe(ended === 'SUCCEEDED' ? 1 : 0);
  });

  it('because its time is over takes none either', async () => {
    await desk.flow([node('quick')], { expiresAfterMinutes: 1 / 60 });
    const noteId = await freshNote();
    const ticketId = await desk.mustAsk('operator', noteId);
    await pause(1_100);
    for (const { kind, who } of DECIDERS) {
      const { status, code } = await desk.decide(who, ticketId, kind);
      expect([kind, status, code]).toEqual([kind, 409, 'TICKET_EXPIRED']);
    }
    expect((await readNote(api.db, noteId)).effects).toBe(0);
    await desk.flow([node('approval')]);
  });
});

describe('one person with two accounts', () => {
  const give = (person: string, roles: readonly string[]) =>
    inTransaction(api.db, async ({ tx }) => {
      await lockPerson(tx, person);
      await replaceRoles(tx, person, roles);
    });

  it('may take back by one account what they asked for by the other', async () => {
    const ticketId = await desk.mustAsk('operator', await freshNote());
    const { body } = await desk.decide('operator.approver', ticketId, 'withdraw');
    expect(body).toMatchObject({
      status: 'WITHDRAWN',
      decisions: [{ person: 'operator', account: 'operator.approver' }],
    });
  });

  it('has one voice: the second account is no second person at the next node', async () => {
    await give('operator', ['operator', 'approver']);
    await desk.flow([node('first'), node('second')]);
    const ticketId = await desk.mustAsk('operator2', await freshNote());
    const first = await desk.decide('operator', ticketId, 'approve');
    expect(first.body).toMatchObject({ status: 'PENDING', node: 1 });
    const again = await desk.decide('operator.approver', ticketId, 'approve', {}, randomUUID());
    expect([again.status, again.code]).toEqual([409, 'ALREADY_DECIDED']);
    await give('operator', ['operator']);
    await desk.flow([node('approval')]);
  });
});
