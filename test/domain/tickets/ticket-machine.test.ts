import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Approvers } from '../../../domain/tickets/seats.ts';
import {
  elapse,
  takeDecisions,
  wakesAt,
  type TicketDecision,
  type TicketState,
} from '../../../domain/tickets/ticket-machine.ts';
import { at, node, opened, PEOPLE } from './builders.ts';

const without = (...names: string[]): Approvers =>
  new Map([...PEOPLE].filter(([name]) => !names.includes(name)));

let nextId = 0;
const decided = (
  person: string,
  kind: TicketDecision['kind'] = 'approve',
  more: Partial<TicketDecision> = {},
): TicketDecision => ({
  decisionId: ++nextId,
  node: 0,
  kind,
  person,
  reason: 'because',
  byEscalation: false,
  decidedAt: at(1),
  ...more,
});
/** Takes one decision after the other and tells what became of each. */
function play(
  ticket: TicketState,
  decisions: readonly TicketDecision[],
  approvers: Approvers = PEOPLE,
) {
  const end = takeDecisions(ticket, decisions, approvers);
  const codes = end.verdicts.map(({ ignoredBecause }) => ignoredBecause ?? 'counted');
  return { ...end.ticket, codes, lapsed: end.lapsed };
}

describe('takeDecisions', () => {
  it.each([
    { name: 'an approver consents', who: 'ann', code: 'counted', status: 'APPROVED' },
    {
      name: 'the maker, who holds the role',
      who: 'maker',
      code: 'SELF_APPROVAL',
      status: 'PENDING',
    },
    { name: 'who holds another role', who: 'eve', code: 'NOT_AN_APPROVER', status: 'PENDING' },
    { name: 'a stranger', who: 'nobody', code: 'NOT_AN_APPROVER', status: 'PENDING' },
    {
      name: 'who may not decide any more',
      who: 'left',
      code: 'NOT_AN_APPROVER',
      status: 'PENDING',
    },
  ])('$name: $code', ({ who, code, status }) => {
    expect(play(opened([node('one')]), [decided(who)])).toMatchObject({ codes: [code], status });
  });

  it.each([
    { kind: 'reject', who: 'ann', reason: '', code: 'REASON_REQUIRED', status: 'PENDING' },
    { kind: 'reject', who: 'ann', reason: 'no', code: 'counted', status: 'REJECTED' },
    { kind: 'reject', who: 'maker', reason: 'no', code: 'SELF_APPROVAL', status: 'PENDING' },
    { kind: 'withdraw', who: 'maker', reason: '', code: 'counted', status: 'WITHDRAWN' },
    { kind: 'withdraw', who: 'ann', reason: '', code: 'NOT_THE_MAKER', status: 'PENDING' },
    { kind: 'close', who: 'admin', reason: 'stuck', code: 'counted', status: 'CLOSED' },
    { kind: 'close', who: 'admin', reason: ' ', code: 'REASON_REQUIRED', status: 'PENDING' },
    { kind: 'close', who: 'ann', reason: 'stuck', code: 'FORBIDDEN', status: 'PENDING' },
  ] as const)('$kind by $who for "$reason": $code', ({ kind, who, reason, code, status }) => {
    const end = play(opened([node('one')]), [decided(who, kind, { reason })]);
    expect(end).toMatchObject({ codes: [code], status });
  });

  it('the first of two that contradict each other wins', () => {
    const both = [decided('ann', 'approve'), decided('bob', 'reject')];
    expect(play(opened([node('one')]), both)).toMatchObject({
      status: 'APPROVED',
      codes: ['counted', 'TICKET_CLOSED'],
    });
    const [first, second] = both.map(({ decisionId, ...rest }, index) => ({
      ...rest,
      decisionId: decisionId + 10 * (1 - index),
    }));
    expect(play(opened([node('one')]), [first!, second!])).toMatchObject({ status: 'REJECTED' });
  });

  it('nodes consent in their order, each by another person', () => {
    const nodes = [node('one'), node('two')];
    const end = play(opened(nodes), [
      decided('bob', 'approve', { node: 1 }),
      decided('ann', 'approve', { node: 0 }),
      decided('ann', 'approve', { node: 1 }),
      decided('bob', 'approve', { node: 0 }),
      decided('bob', 'approve', { node: 1 }),
    ]);
    expect(end).toMatchObject({
      status: 'APPROVED',
      node: 2,
      codes: [
        'TICKET_NODE_NOT_OPEN',
        'counted',
        'ALREADY_DECIDED',
        'TICKET_NODE_NOT_OPEN',
        'counted',
      ],
    });
  });

  it('ALL_OF wants every named person and one more for each role', () => {
    const all = node('all', { mode: 'ALL_OF', people: ['eve', 'dual'], roles: ['approver'] });
    const end = play(opened([all]), [decided('dual'), decided('eve'), decided('ann')]);
    expect(end).toMatchObject({ status: 'APPROVED', codes: ['counted', 'counted', 'counted'] });
    expect(play(opened([all]), [decided('dual'), decided('eve')]).status).toBe('PENDING');
    expect(play(opened([all]), [decided('dual'), decided('ann')]).status).toBe('PENDING');
  });

  it('one person with two roles is one person', () => {
    const two = node('two', { mode: 'ALL_OF', roles: ['approver', 'head'] });
    expect(play(opened([two]), [decided('dual')]).status).toBe('PENDING');
    // Whichever seat the one with both roles would take, the other person gets the other.
    for (const [first, second] of [
      ['dual', 'eve'],
      ['dual', 'ann'],
      ['ann', 'dual'],
      ['eve', 'dual'],
    ]) {
      expect(play(opened([two]), [decided(first!), decided(second!)]).status).toBe('APPROVED');
    }
    expect(play(opened([two]), [decided('ann'), decided('bob')]).status).toBe('PENDING');
  });

  it('a checker who loses the role on the way does not count, and the node waits again', () => {
    const nodes = [node('one'), node('two', { roles: ['head'] })];
    const first = play(opened(nodes), [decided('ann')]);
    expect(first).toMatchObject({ status: 'PENDING', node: 1 });
    const second = play(first, [decided('eve', 'approve', { node: 1 })], without('ann'));
    expect(second).toMatchObject({ status: 'PENDING', node: 0, codes: ['TICKET_NODE_NOT_OPEN'] });
    expect(second.lapsed).toEqual([first.consents[0]?.decisionId]);
    const third = play(second, [decided('bob'), decided('eve', 'approve', { node: 1 })]);
    expect(third).toMatchObject({ status: 'APPROVED' });
    expect(third.consents.map(({ person }) => person)).toEqual(['bob', 'eve']);
  });

  it('who lost the role before the decision is taken does not count either', () => {
    const end = play(opened([node('one')]), [decided('ann')], without('ann'));
    expect(end).toMatchObject({ status: 'PENDING', codes: ['NOT_AN_APPROVER'] });
  });

  it('a ticket whose effect waits can be closed, and nothing else', () => {
    const approved = opened([node('one')], { status: 'APPROVED', node: 1 });
    expect(play(approved, [decided('admin', 'close')]).status).toBe('CLOSED');
    for (const kind of ['approve', 'reject', 'withdraw'] as const) {
      const who = kind === 'withdraw' ? 'maker' : 'ann';
      expect(play(approved, [decided(who, kind)]).codes).toEqual(['TICKET_CLOSED']);
    }
    const executing = opened([node('one')], { status: 'EXECUTING', node: 1 });
    expect(play(executing, [decided('admin', 'close')]).codes).toEqual(['TICKET_CLOSED']);
  });

  it('time counts from the decision, not from when somebody hears of it', () => {
    const inTime = decided('ann', 'approve', { decidedAt: at(599) });
    const late = decided('ann', 'approve', { decidedAt: at(600) });
    expect(play(opened([node('one')]), [inTime]).status).toBe('APPROVED');
    expect(play(opened([node('one')]), [late])).toMatchObject({
      status: 'EXPIRED',
      codes: ['TICKET_EXPIRED'],
    });
  });
});

describe('elapse', () => {
  const timed = (action: 'REMIND' | 'ESCALATE' | 'EXPIRE') =>
    node('timed', {
      timeout: {
        afterMinutes: 10,
        action,
        ...(action === 'ESCALATE' ? { escalateToRoles: ['head'] } : {}),
      },
    });

  it('reminds again and again, and says when it will next', () => {
    const ticket = opened([timed('REMIND')]);
    expect(wakesAt(ticket)).toBe(at(10));
    expect(elapse(ticket, at(9.9)).reminders).toBe(0);
    const reminded = elapse(ticket, at(25));
    expect(reminded.reminders).toBe(2);
    expect(wakesAt(reminded)).toBe(at(30));
    expect(wakesAt(elapse(ticket, at(599)))).toBe(at(600));
  });

  it('escalates once: then others may decide as well', () => {
    const ticket = opened([timed('ESCALATE')]);
    const byHead = (minutes: number) =>
      decided('eve', 'approve', { decidedAt: at(minutes), byEscalation: true });
    expect(play(ticket, [byHead(9)]).codes).toEqual(['NOT_AN_APPROVER']);
    const end = play(ticket, [byHead(11)]);
    expect(end).toMatchObject({ status: 'APPROVED', codes: ['counted'] });
    const escalated = elapse(ticket, at(11));
    expect([escalated.escalated, wakesAt(escalated)]).toEqual([true, at(600)]);
    expect(play(escalated, [decided('ann', 'approve', { decidedAt: at(12) })]).status).toBe(
      'APPROVED',
    );
  });

  it('expires by its node or as a whole, whichever comes first', () => {
    expect(elapse(opened([timed('EXPIRE')]), at(10)).status).toBe('EXPIRED');
    expect(wakesAt(opened([timed('EXPIRE')], { expiresAt: at(5) }))).toBe(at(5));
    expect(elapse(opened([node('one')]), at(600)).status).toBe('EXPIRED');
    expect(wakesAt(elapse(opened([node('one')]), at(600)))).toBeUndefined();
  });

  it('the next node has its time from when it is entered', () => {
    const nodes = [node('one'), timed('EXPIRE')];
    const end = play(opened(nodes), [decided('ann', 'approve', { decidedAt: at(50) })]);
    expect(wakesAt(end)).toBe(at(60));
    expect(elapse(end, at(59)).status).toBe('PENDING');
  });

  it('is the same in one piece or in many', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('REMIND' as const, 'ESCALATE' as const, 'EXPIRE' as const),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 12 }),
        (action, instants) => {
          const ticket = opened([timed(action)]);
          const sorted = instants.toSorted((a, b) => a - b);
          const last = at(sorted.at(-1) ?? 0);
          const pieces = sorted.reduce((each, minutes) => elapse(each, at(minutes)), ticket);
          expect(pieces).toEqual(elapse(ticket, last));
        },
      ),
    );
  });
});
