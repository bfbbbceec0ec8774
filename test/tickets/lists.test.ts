import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { makeNotes, NOTE_KINDS } from './support/note-kind.ts';
import { node, TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
let noteId: string;
let notes = 0;
beforeAll(async () => {
  api = await startApi('empty', NOTE_KINDS);
  desk = new TicketDesk(api);
});
afterAll(() => api.close());
beforeEach(async () => {
  noteId = `note-${++notes}`;
  await makeNotes(api.db, [noteId]);
});

describe('lists of tickets', () => {
  const items = async (who: Parameters<TicketDesk['send']>[0], query: string) => {
    const answer = await desk.send(who, 'GET', `/tickets?${query}`);
    return (answer.body as unknown as { items: { ticketId: string; stripped: boolean }[] }).items;
  };

  it('what waits for me is what I could decide', async () => {
    await desk.flow([node('first'), node('second', { roles: [], people: ['approver2'] })]);
    const ticketId = await desk.mustAsk('operator', noteId);
    const mine = async (who: Parameters<TicketDesk['send']>[0]) =>
      (await items(who, 'toDecide=true')).some((each) => each.ticketId === ticketId);
    expect(await mine('approver')).toBe(true);
    expect(await mine('approver2')).toBe(true);
    expect(await mine('operator')).toBe(false);
    expect(await mine('admin')).toBe(false);
    expect((await desk.read(ticketId, 'approver')).allowedDecisions).toEqual(['approve', 'reject']);
    await desk.decide('approver', ticketId, 'approve');
    expect(await mine('approver')).toBe(false);
    expect(await mine('approver2')).toBe(true);
  });

  it.each(['key=test.note.exec', 'status=PENDING', 'maker=operator', 'targetType=note'])(
    'are filtered by %s',
    async (query) => {
      await desk.flow([node('one')]);
      const ticketId = await desk.mustAsk('operator', noteId);
      expect((await items('viewer', `${query}&targetId=${noteId}`)).map((t) => t.ticketId)).toEqual(
        [ticketId],
      );
      const [name = ''] = query.split('=');
      const none = { key: 'no.such', status: 'CLOSED', maker: 'viewer', targetType: 'x' }[name];
      expect(await items('viewer', `${name}=${none ?? ''}&targetId=${noteId}`)).toEqual([]);
    },
  );

  it('who may not see the target gets the ticket without what it is about', async () => {
    await desk.flow([node('one')]);
    const ticketId = await desk.mustAsk('operator', noteId);
    expect(await desk.read(ticketId, 'admin')).toMatchObject({
      status: 'PENDING',
      maker: 'operator',
      stripped: true,
      payload: null,
      before: null,
      after: null,
    });
    const listed = await items('admin', `targetId=${noteId}`);
    expect(listed.map(({ stripped }) => stripped)).toEqual([true]);
    expect(JSON.stringify(listed)).not.toContain('as it was');
    expect(await desk.read(ticketId, 'viewer')).toMatchObject({ stripped: false });
  });
});
