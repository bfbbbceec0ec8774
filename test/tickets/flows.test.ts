import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockPerson, replaceRoles } from '../../db/people.repository.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { TicketNode } from '../../domain/tickets/ticket-flow.ts';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { makeNotes, NOTE_KEY, NOTE_KINDS, readNote } from './support/note-kind.ts';
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

const give = (person: string, ...roles: string[]) =>
  inTransaction(api.db, async ({ tx }) => {
    await lockPerson(tx, person);
    await replaceRoles(tx, person, roles);
  });
const SECONDS = 1 / 60;

describe('nodes in their order', () => {
  it('each node by another person, and the effect after the last one', async () => {
    await desk.flow([node('first'), node('second')]);
    const ticketId = await desk.mustAsk('operator', noteId);
    const first = await desk.decide('approver', ticketId, 'approve', { node: 0 });
    expect(first.body).toMatchObject({ status: 'PENDING', node: 1, level: 2 });
    const again = await desk.decide('approver', ticketId, 'approve');
    expect([again.status, again.code]).toEqual([409, 'ALREADY_DECIDED']);
    const stale = await desk.decide('approver2', ticketId, 'approve', { node: 0 });
    expect([stale.status, stale.code]).toEqual([409, 'TICKET_NODE_NOT_OPEN']);
    expect((await readNote(api.db, noteId)).effects).toBe(0);
    const second = await desk.decide('approver2', ticketId, 'approve', { node: 1 });
    expect(second.body).toMatchObject({ status: 'SUCCEEDED', node: 2 });
    expect((await readNote(api.db, noteId)).effects).toBe(1);
  });

  it('a checker who lost the role on the way does not count when the ticket goes on', async () => {
    await desk.flow([node('first'), node('second')]);
    await give('viewer', 'viewer', 'approver');
    await give('auditor', 'auditor', 'approver');
    const ticketId = await desk.mustAsk('operator', noteId);
    await desk.decide('viewer', ticketId, 'approve');
    await give('viewer', 'viewer');
    // Whoever would have been second finds the ticket back at the first node.
    const second = await desk.decide('approver2', ticketId, 'approve', { node: 1 });
    expect([second.status, second.code]).toEqual([409, 'TICKET_NODE_NOT_OPEN']);
    const first = await desk.decide('approver', ticketId, 'approve', { node: 0 });
    expect(first.body).toMatchObject({ status: 'PENDING', node: 1 });
    const end = await desk.decide('approver2', ticketId, 'approve', { node: 1 });
    expect(end.body.status).toBe('SUCCEEDED');
    expect(
      end.body.decisions.map(({ person, counted, ignoredBecause }) => [
        person,
        counted,
        ignoredBecause,
      ]),
    ).toEqual([
      ['viewer', false, 'NOT_AN_APPROVER'],
      ['approver2', false, 'TICKET_NODE_NOT_OPEN'],
      ['approver', true, null],
      ['approver2', true, null],
    ]);
  });

  it('ALL_OF waits for each named person and one more of the role', async () => {
    await desk.flow([node('all', { mode: 'ALL_OF', people: ['operator2'] })]);
    const ticketId = await desk.mustAsk('operator', noteId);
    expect((await desk.decide('approver', ticketId, 'approve')).body.status).toBe('PENDING');
    expect((await desk.decide('operator2', ticketId, 'approve')).body.status).toBe('SUCCEEDED');
  });

  it('amount and currency choose the nodes when the ticket is opened', async () => {
    const large = node('large', { condition: { currency: 'HKD', minAmount: '1000' } });
    await desk.flow([node('always'), large]);
    const worth = (amount: string) => ({ text: 'x', worth: { amount, currency: 'HKD' } });
    const small = await desk.ask('operator', noteId, worth('999.99'));
    expect(small.body.level).toBe(1);
    await desk.decide('operator', small.body.ticketId, 'withdraw');
    const big = await desk.ask('operator', noteId, worth('1000'));
    expect(big.body).toMatchObject({ level: 2, amount: '1000', currency: 'HKD' });
  });
});

describe('time', () => {
  it('an expired ticket takes no decision, and says so', async () => {
    await desk.flow([node('quick')], { expiresAfterMinutes: SECONDS });
    const ticketId = await desk.mustAsk('operator', noteId);
    await pause(1_100);
    for (const kind of ['approve', 'reject'] as const) {
      const answer = await desk.decide('approver', ticketId, kind);
      expect([answer.status, answer.code]).toEqual([409, 'TICKET_EXPIRED']);
    }
    expect((await readNote(api.db, noteId)).effects).toBe(0);
  });

  it('an escalation lets others decide as well, and it shows', async () => {
    await give('auditor', 'auditor', 'admin', 'operator');
    const escalateAfter = (afterMinutes: number) =>
      desk.flow([
        node('slow', { timeout: { afterMinutes, action: 'ESCALATE', escalateToRoles: ['admin'] } }),
      ]);
    await escalateAfter(60);
    const early = await desk.mustAsk('operator', noteId);
    expect((await desk.decide('auditor', early, 'approve')).code).toBe('NOT_AN_APPROVER');
    await desk.decide('operator', early, 'withdraw');
    await escalateAfter(SECONDS);
    const ticketId = await desk.mustAsk('operator', noteId);
    await pause(1_100);
    const end = await desk.decide('auditor', ticketId, 'approve');
    expect(end.body).toMatchObject({
      status: 'SUCCEEDED',
      decisions: [{ person: 'auditor', byEscalation: true, counted: true }],
    });
    await give('auditor', 'auditor');
  });
});

describe('who has to consent at all', () => {
  it('approved by itself only where the flow says so, and it shows', async () => {
    const small = node('above 10', { condition: { currency: 'HKD', minAmount: '10' } });
    await desk.flow([small], { autoApprove: true });
    const opened = await desk.ask('operator', noteId);
    expect(opened.body).toMatchObject({
      status: 'SUCCEEDED',
      autoApproved: true,
      level: 0,
      decisions: [{ kind: 'approve', person: 'system', account: 'system', counted: true }],
    });
    expect((await readNote(api.db, noteId)).effects).toBe(1);
    const worth = { amount: '10', currency: 'HKD' };
    const asked = await desk.ask('operator', noteId, { text: 'dear', worth });
    expect(asked.body).toMatchObject({ status: 'PENDING', autoApproved: false, level: 1 });
  });

  it('a flow without a node that holds is no approval: nobody can ask', async () => {
    for (const nodes of [[], [node('dear', { condition: { currency: 'HKD', minAmount: '1' } })]]) {
      await desk.flow(nodes);
      const answer = await desk.ask('operator', noteId);
      expect([answer.status, answer.code]).toEqual([422, 'TICKET_FLOW_MISSING']);
    }
  });

  it.each([
    { name: 'nobody but the maker', nodes: [node('one', { roles: [], people: ['operator'] })] },
    { name: 'one person for two nodes', nodes: ['a', 'b'].map((n) => personNode(n, 'approver')) },
    { name: 'somebody who may not see the target', nodes: [node('one', { roles: ['admin'] })] },
  ])('$name: nobody could consent, so nobody can ask', async ({ nodes }) => {
    await desk.flow(nodes);
    const answer = await desk.ask('operator', noteId);
    expect([answer.status, answer.code]).toEqual([422, 'TICKET_NO_APPROVER']);
  });

  function personNode(name: string, person: string): TicketNode {
    return node(name, { roles: [], people: [person] });
  }

  it('when the last approver has left, nobody can ask any more', async () => {
    await desk.flow([personNode('one', 'approver2')]);
    const leave = (active: boolean) =>
      api.app
        .inject({
          method: 'PATCH',
          url: '/api/v1/people/approver2',
          headers: { authorization: adminToken },
          payload: { active },
        })
        .then(({ statusCode }) => expect(statusCode).toBe(200));
    const { authorization: adminToken } = (await api.as('admin')) as { authorization: string };
    await leave(false);
    expect((await desk.ask('operator', noteId)).code).toBe('TICKET_NO_APPROVER');
    await leave(true);
    await give('approver2', 'approver');
    expect((await desk.ask('operator', noteId)).status).toBe(201);
  });

  it('a key without a flow of its own has the default one', async () => {
    const other = await startApi('empty', NOTE_KINDS);
    try {
      await makeNotes(other.db, ['n']);
      const there = new TicketDesk(other);
      const opened = await there.ask('operator', 'n');
      expect(opened.body).toMatchObject({ flowKey: 'default', flowVersion: 1, level: 1 });
      await other.db.$client.query('ALTER TABLE ticket_flows DISABLE TRIGGER ALL');
      await other.db.$client.query('DELETE FROM ticket_flows');
      await makeNotes(other.db, ['m']);
      expect((await there.ask('operator', 'm')).code).toBe('TICKET_FLOW_MISSING');
    } finally {
      await other.close();
    }
  });
});

describe('configuring who has to consent', () => {
  const path = `/ticket-flows/${NOTE_KEY}`;
  const valid = { nodes: [node('one')], autoApprove: false, expiresAfterMinutes: 60 };
  interface FlowView {
    readonly key: string;
    readonly version: number;
    readonly usesDefault: boolean;
    readonly changedBy: string;
  }
  const flows = async (): Promise<FlowView[]> => {
    const answer = await desk.send('auditor', 'GET', '/ticket-flows');
    return (answer.body as unknown as { items: FlowView[] }).items;
  };
  const ofNotes = async () => (await flows()).find(({ key }) => key === NOTE_KEY);

  it('every change is a version with its author, by somebody else’s consent', async () => {
    await desk.flow(valid.nodes);
    const before = await ofNotes();
    await desk.flow(valid.nodes, { expiresAfterMinutes: 61 });
    expect(await ofNotes()).toMatchObject({
      version: before!.version + 1,
      usesDefault: false,
      changedBy: 'admin',
    });
    await desk.flow(valid.nodes, { expiresAfterMinutes: 61 });
    expect((await ofNotes())?.version).toBe(before!.version + 1);
  });

  it('as long as somebody could consent, nobody changes a flow alone', async () => {
    const alone = await desk.send('admin', 'PUT', path, { ...valid, nodes: [], autoApprove: true });
    expect([alone.status, alone.code]).toEqual([409, 'TICKET_NEEDED']);
    expect(alone.body.details).toEqual({ key: 'ticket.approval_flow.exec' });
    const { body } = await desk.askForFlow(valid);
    expect(body).toMatchObject({ status: 'PENDING', allowedDecisions: ['withdraw', 'close'] });
    expect((await desk.decide('admin', body.ticketId, 'approve')).code).toBe('SELF_APPROVAL');
    await desk.decide('admin', body.ticketId, 'withdraw');
  });

  it('when nobody could consent, an administrator can, and the version says who', async () => {
    const installation = await startApi('empty', NOTE_KINDS);
    try {
      await installation.db.$client.query(`DELETE FROM person_roles WHERE role = 'approver'`);
      const there = new TicketDesk(installation);
      const first = await there.send('admin', 'PUT', path, valid);
      expect([first.status, (first.body as unknown as FlowView).changedBy]).toEqual([200, 'admin']);
    } finally {
      await installation.close();
    }
  });

  it('a ticket keeps the flow that it was opened with', async () => {
    await desk.flow(valid.nodes);
    const ticketId = await desk.mustAsk('operator', noteId);
    await desk.flow([], { autoApprove: true });
    expect(await desk.read(ticketId)).toMatchObject({ status: 'PENDING', level: 1 });
    expect((await desk.decide('approver', ticketId, 'approve')).body.status).toBe('SUCCEEDED');
  });

  it.each([
    { name: 'an unknown role', body: { ...valid, nodes: [node('one', { roles: ['x'] })] } },
    { name: 'a person who is not here', body: { ...valid, nodes: [node('a', { people: ['x'] })] } },
    { name: 'a contradiction', body: { ...valid, autoApprove: true } },
  ])('$name is refused with where it stands', async ({ body }) => {
    const put = await desk.send('admin', 'PUT', path, body);
    for (const answer of [put, await desk.askForFlow(body)]) {
      expect([answer.status, answer.code]).toEqual([400, 'TICKET_FLOW_INVALID']);
      expect(answer.body.details?.['errors']).toHaveLength(1);
    }
  });

  it.each([
    { who: 'admin', path: '/ticket-flows/no.such.key', code: 'UNKNOWN_TICKET_KEY' },
    { who: 'approver', path, code: 'FORBIDDEN' },
    { who: 'operator', path, code: 'FORBIDDEN' },
  ] as const)('$who at $path: $code', async ({ who, path: at, code }) => {
    expect((await desk.send(who, 'PUT', at, valid)).code).toBe(code);
  });
});
