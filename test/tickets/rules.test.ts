import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockPerson, replaceRoles } from '../../db/people.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { makeNotes, NOTE_KINDS, readNote } from './support/note-kind.ts';
import { node, TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
let notes = 0;
beforeAll(async () => {
  api = await startApi('empty', NOTE_KINDS);
  desk = new TicketDesk(api);
});
afterAll(() => api.close());

async function freshNote(): Promise<string> {
  const id = `note-${++notes}`;
  await makeNotes(api.db, [id]);
  return id;
}
const give = (person: string, roles: readonly string[]) =>
  inTransaction(api.db, async ({ tx }) => {
    await lockPerson(tx, person);
    await replaceRoles(tx, person, roles);
  });
const effectsOf = async (id: string) => (await readNote(api.db, id)).effects;

describe('a ticket with one node', () => {
  beforeAll(() => desk.flow([node('approval')]));

  it('shows what would change, waits, and takes effect once it is approved', async () => {
    const id = await freshNote();
    const opened = await desk.ask('operator', id);
    expect(opened.status).toBe(201);
    expect(opened.headers['location']).toBe(`/api/v1/tickets/${opened.body.ticketId}`);
    expect(opened.body).toMatchObject({
      status: 'PENDING',
      level: 1,
      maker: 'operator',
      before: { text: 'as it was' },
      after: { text: 'as asked' },
      autoApproved: false,
      decisions: [],
      allowedDecisions: ['withdraw'],
    });
    expect(await effectsOf(id)).toBe(0);
    const approved = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(approved.status).toBe(200);
    expect(approved.body).toMatchObject({
      status: 'SUCCEEDED',
      result: { text: 'as asked' },
      decisions: [{ kind: 'approve', person: 'approver', counted: true }],
    });
    expect(await readNote(api.db, id)).toEqual({ text: 'as asked', version: 2, effects: 1 });
  });

  it('the maker may not decide, by no account of theirs', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    await give('operator', ['operator', 'approver']);
    for (const account of ['operator', 'operator.approver'] as const) {
      for (const kind of ['approve', 'reject'] as const) {
        const answer = await desk.decide(account, ticketId, kind);
        expect([answer.status, answer.code]).toEqual([403, 'SELF_APPROVAL']);
      }
    }
    await give('operator', ['operator']);
    expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', decisions: [] });
  });

  it('a request by the second account is the same person’s', async () => {
    const ticketId = await desk.mustAsk('operator.approver', await freshNote());
    const ticket = await desk.read(ticketId);
    expect(ticket).toMatchObject({ maker: 'operator', makerAccount: 'operator.approver' });
    await give('operator', ['operator', 'approver']);
    const answer = await desk.decide('operator', ticketId, 'approve');
    await give('operator', ['operator']);
    expect(answer.code).toBe('SELF_APPROVAL');
  });

  it('who holds no role of the node may not decide, and no other decision is open to them', async () => {
    const ticketId = await desk.mustAsk('operator', await freshNote());
    const answer = await desk.decide('operator2', ticketId, 'approve');
    expect([answer.status, answer.code]).toEqual([403, 'NOT_AN_APPROVER']);
    const withdrawn = await desk.decide('operator2', ticketId, 'withdraw');
    expect([withdrawn.status, withdrawn.code]).toEqual([403, 'NOT_THE_MAKER']);
    const closed = await desk.decide('approver', ticketId, 'close');
    expect([closed.status, closed.code]).toEqual([403, 'FORBIDDEN']);
  });

  it.each([
    { kind: 'reject', reason: '' },
    { kind: 'reject', reason: '   ' },
    { kind: 'close', reason: '' },
  ] as const)('$kind with the reason "$reason" is refused', async ({ kind, reason }) => {
    const ticketId = await desk.mustAsk('operator', await freshNote());
    const who = kind === 'close' ? 'admin' : 'approver';
    const answer = await desk.decide(who, ticketId, kind, { reason });
    expect([answer.status, answer.code]).toEqual([400, 'REASON_REQUIRED']);
    expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', decisions: [] });
  });

  it.each([
    { name: 'too long', reason: 'x'.repeat(501), status: 400, code: 'BAD_REQUEST' },
    { name: 'of 1 MB', reason: 'x'.repeat(1_048_576), status: 413, code: 'BODY_TOO_LARGE' },
  ])('a reason that is $name is refused, and nothing is written', async (bad) => {
    const ticketId = await desk.mustAsk('operator', await freshNote());
    const answer = await desk.decide('approver', ticketId, 'reject', { reason: bad.reason });
    expect([answer.status, answer.code]).toEqual([bad.status, bad.code]);
    expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', decisions: [] });
  });

  it.each([
    { kind: 'reject', who: 'approver', status: 'REJECTED' },
    { kind: 'withdraw', who: 'operator', status: 'WITHDRAWN' },
    { kind: 'close', who: 'admin', status: 'CLOSED' },
  ] as const)('$kind ends it as $status, without an effect', async ({ kind, who, status }) => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    const answer = await desk.decide(who, ticketId, kind, { reason: 'not today' });
    expect([answer.status, answer.body.status]).toEqual([200, status]);
    expect(await effectsOf(id)).toBe(0);
    for (const late of ['approve', 'reject'] as const) {
      const refused = await desk.decide('approver2', ticketId, late);
      expect([refused.status, refused.code, refused.body.details?.['status']]).toEqual([
        409,
        'TICKET_CLOSED',
        status,
      ]);
    }
    // Its target may be asked about again.
    expect((await desk.ask('operator2', id)).status).toBe(201);
  });

  it('only one ticket about a target is open, whoever asks', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    const second = await desk.ask('operator2', id, { text: 'otherwise' });
    expect([second.status, second.code]).toEqual([409, 'TICKET_PENDING']);
    expect(second.body.details).toMatchObject({ ticketId, maker: 'operator', status: 'PENDING' });
  });

  it('twenty who ask at once open one ticket', async () => {
    const id = await freshNote();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => desk.ask('operator', id, { text: 'at once' })),
    );
    const codes = answers.map(({ status, code }) => `${status} ${code ?? ''}`).sort();
    expect(codes).toEqual(['201 ', ...Array.from({ length: 19 }, () => '409 TICKET_PENDING')]);
  });

  it('the same key gets the same ticket and the same decision', async () => {
    const id = await freshNote();
    const key = randomUUID();
    const first = await desk.ask('operator', id, { text: 'once' }, key);
    const again = await desk.ask('operator', id, { text: 'once' }, key);
    expect(again.body.ticketId).toBe(first.body.ticketId);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await desk.ask('operator', id, { text: 'twice' }, key);
    expect(other.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const { ticketId } = first.body;
    const decision = randomUUID();
    for (const replayed of [undefined, 'true', 'true']) {
      const answer = await desk.decide('approver', ticketId, 'approve', {}, decision);
      expect([answer.status, answer.body.status]).toEqual([200, 'SUCCEEDED']);
      expect(answer.headers['idempotency-replayed']).toBe(replayed);
    }
    const reused = await desk.decide('approver', ticketId, 'reject', {}, decision);
    expect(reused.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await effectsOf(id)).toBe(1);
  });

  it('a key is of one request: of a ticket, or of a decision on one ticket', async () => {
    const [first, second] = await Promise.all(
      [await freshNote(), await freshNote()].map((id) => desk.mustAsk('operator', id)),
    );
    const key = randomUUID();
    const decided = await Promise.all(
      [first!, second!].map((id) => desk.decide('approver', id, 'approve', {}, key)),
    );
    expect(decided.map(({ status, code }) => `${status} ${code ?? ''}`).sort()).toEqual([
      '200 ',
      '409 IDEMPOTENCY_KEY_REUSED',
    ]);
    const asked = await desk.ask('operator', await freshNote(), { text: 'again' }, key);
    expect(asked.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const opening = randomUUID();
    const { body } = await desk.ask('operator', await freshNote(), { text: 'more' }, opening);
    const other = await desk.decide('approver', body.ticketId, 'approve', {}, opening);
    expect(other.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('a target that changed meanwhile makes it STALE with the difference, and nothing happens', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    await api.db.$client.query(
      `UPDATE notes SET text = 'by somebody else', version = 2 WHERE note_id = $1`,
      [id],
    );
    const answer = await desk.decide('approver', ticketId, 'approve');
    expect(answer.body).toMatchObject({
      status: 'STALE',
      resultCode: 'TICKET_STALE',
      result: {
        version: { asked: '1', now: '2' },
        difference: { text: { asked: 'as it was', now: 'by somebody else' } },
      },
    });
    expect(await readNote(api.db, id)).toEqual({
      text: 'by somebody else',
      version: 2,
      effects: 0,
    });
  });

  it('a target that is gone makes it STALE too', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    await api.db.$client.query('DELETE FROM notes WHERE note_id = $1', [id]);
    const answer = await desk.decide('approver', ticketId, 'approve');
    expect(answer.body).toMatchObject({ status: 'STALE', result: { version: { now: null } } });
  });

  it('an effect that is refused leaves nothing behind, and the ticket says why', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id, { text: 'refuse me' });
    const answer = await desk.decide('approver', ticketId, 'approve');
    expect(answer.body).toMatchObject({ status: 'FAILED', resultCode: 'OUT_OF_RANGE' });
    expect(await readNote(api.db, id)).toEqual({ text: 'as it was', version: 1, effects: 0 });
  });

  it('a payload that was altered behind the ticket is not carried out', async () => {
    const id = await freshNote();
    const ticketId = await desk.mustAsk('operator', id);
    await api.db.$client.query(
      `UPDATE tickets SET payload = '{"text": "smuggled"}' WHERE ticket_id = $1`,
      [ticketId],
    );
    const answer = await desk.decide('approver', ticketId, 'approve');
    expect(answer.body).toMatchObject({ status: 'FAILED', resultCode: 'TICKET_PAYLOAD_CHANGED' });
    expect(await effectsOf(id)).toBe(0);
  });
});

describe('what asking needs', () => {
  const asked = (more: object) => ({
    key: 'test.note.exec',
    target: { noteId: 'none' },
    payload: { text: 'x' },
    reason: 'a test',
    ...more,
  });

  it.each([
    {
      name: 'a key that nobody declared',
      more: { key: 'no.such.key' },
      code: 'UNKNOWN_TICKET_KEY',
    },
    { name: 'a key that is none', more: { key: 'DROP TABLE' }, code: 'BAD_REQUEST' },
    { name: 'a target of another form', more: { target: { flow: 'HK' } }, code: 'BAD_REQUEST' },
    {
      name: 'a field that nobody defined',
      more: { payload: { text: 'x', y: 1 } },
      code: 'BAD_REQUEST',
    },
    { name: 'no reason', more: { reason: '' }, code: 'BAD_REQUEST' },
    { name: 'a target that does not exist', more: {}, code: 'NOT_FOUND' },
  ])('$name is refused as $code', async ({ more, code }) => {
    expect((await desk.send('operator', 'POST', '/tickets', asked(more))).code).toBe(code);
  });

  it('names the wrong fields', async () => {
    const body = asked({ target: {}, payload: { text: 7 } });
    const { details } = (await desk.send('operator', 'POST', '/tickets', body)).body;
    expect(details?.['errors']).toEqual([
      expect.objectContaining({ in: 'body', field: '/target/noteId' }),
      expect.objectContaining({ in: 'body', field: '/payload/text' }),
    ]);
  });

  it('needs the permission of its key', async () => {
    await makeNotes(api.db, ['for-admin']);
    const answer = await desk.ask('admin', 'for-admin');
    expect([answer.status, answer.code]).toEqual([403, 'FORBIDDEN']);
    expect(answer.body.details).toMatchObject({ permission: 'clearing.revoke_exec' });
  });

  it('a version that the screen showed and that is no longer so is refused', async () => {
    await makeNotes(api.db, ['seen']);
    const body = { ...asked({ target: { noteId: 'seen' } }), version: '0' };
    const answer = await desk.send('operator', 'POST', '/tickets', body);
    expect([answer.status, answer.code]).toEqual([409, 'VERSION_CONFLICT']);
  });

  it('an Idempotency-Key that belongs to tickets is refused', async () => {
    const id = await freshNote();
    const answer = await desk.ask('operator', id, { text: 'x' }, 'ticket-12345678');
    expect([answer.status, answer.code]).toEqual([400, 'BAD_REQUEST']);
  });

  it.each(['/tickets/nobody-knows-this', '/tickets/nobody-knows-this/approve'])(
    '%s is 404',
    async (path) => {
      const method = path.endsWith('approve') ? 'POST' : 'GET';
      expect((await desk.send('approver', method, path)).status).toBe(404);
    },
  );
});
