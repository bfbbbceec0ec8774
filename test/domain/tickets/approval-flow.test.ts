import { describe, expect, it } from 'vitest';
import { differenceOf, canonicalJson, frozenText } from '../../../domain/tickets/frozen.ts';
import { canBeGranted, type Approvers } from '../../../domain/tickets/seats.ts';
import {
  chosenNodes,
  flowProblems,
  type TicketFlow,
  type TicketNode,
} from '../../../domain/tickets/ticket-flow.ts';

const node = (name: string, more: Partial<TicketNode> = {}): TicketNode => ({
  name,
  mode: 'ANY_OF',
  roles: ['approver'],
  people: [],
  ...more,
});
const flow = (...nodes: TicketNode[]): TicketFlow => ({
  nodes,
  autoApprove: false,
  expiresAfterMinutes: 60,
});

describe('chosenNodes', () => {
  const tiers = flow(
    node('always'),
    node('large', { condition: { currency: 'HKD', minAmount: '1000000' } }),
    node('small', { condition: { currency: 'HKD', maxAmount: '999999.99' } }),
    node('dollars', { condition: { currency: 'USD', minAmount: '1', maxAmount: '2' } }),
  );

  it.each([
    { name: 'no amount', worth: undefined, nodes: ['always'] },
    { name: 'at the bound', worth: ['1000000', 'HKD'], nodes: ['always', 'large'] },
    { name: 'a cent below', worth: ['999999.99', 'HKD'], nodes: ['always', 'small'] },
    { name: 'the other sign', worth: ['-1000000.00', 'HKD'], nodes: ['always', 'large'] },
    { name: 'both bounds', worth: ['2', 'USD'], nodes: ['always', 'dollars'] },
    { name: 'above', worth: ['2.01', 'USD'], nodes: ['always'] },
    { name: 'another currency', worth: ['5', 'CNY'], nodes: ['always'] },
  ])('$name', ({ worth, nodes }) => {
    const [amount = '', currency = ''] = worth ?? [];
    const chosen = chosenNodes(tiers, worth ? { amount, currency } : undefined);
    expect(chosen.map(({ name }) => name)).toEqual(nodes);
  });
});

describe('flowProblems', () => {
  const known = { roles: new Set(['approver', 'head']), people: new Set(['ann']) };
  const fields = (bad: TicketFlow) => flowProblems(bad, known).map(({ field }) => field);

  it.each([
    { name: 'a node without anybody', bad: flow(node('a', { roles: [] })), at: '/nodes/0' },
    { name: 'an unknown role', bad: flow(node('a', { roles: ['x'] })), at: '/nodes/0/roles' },
    { name: 'an unknown person', bad: flow(node('a', { people: ['x'] })), at: '/nodes/0/people' },
    { name: 'a name twice', bad: flow(node('a'), node('a')), at: '/nodes/1/name' },
    {
      name: 'bounds that exclude each other',
      bad: flow(node('a', { condition: { currency: 'HKD', minAmount: '2', maxAmount: '1' } })),
      at: '/nodes/0/condition',
    },
    {
      name: 'a condition without a bound',
      bad: flow(node('a', { condition: { currency: 'HKD' } })),
      at: '/nodes/0/condition',
    },
    {
      name: 'an escalation to nobody',
      bad: flow(node('a', { timeout: { afterMinutes: 1, action: 'ESCALATE' } })),
      at: '/nodes/0/timeout',
    },
    {
      name: 'an escalation to an unknown role',
      bad: flow(
        node('a', { timeout: { afterMinutes: 1, action: 'ESCALATE', escalateToRoles: ['x'] } }),
      ),
      at: '/nodes/0/timeout/escalateToRoles',
    },
    {
      name: 'roles to escalate to without an escalation',
      bad: flow(
        node('a', { timeout: { afterMinutes: 1, action: 'REMIND', escalateToRoles: ['head'] } }),
      ),
      at: '/nodes/0/timeout',
    },
    {
      name: 'approval by itself beside a node that always asks',
      bad: { ...flow(node('a')), autoApprove: true },
      at: '/autoApprove',
    },
  ])('$name', ({ bad, at }) => {
    expect(fields(bad)).toEqual([at]);
  });

  it('a flow without nodes says that nobody can ask, or that nobody has to consent', () => {
    expect(fields(flow())).toEqual([]);
    expect(fields({ ...flow(), autoApprove: true })).toEqual([]);
    const small = node('a', { condition: { currency: 'HKD', minAmount: '1' } });
    expect(fields({ ...flow(small), autoApprove: true })).toEqual([]);
  });
});

describe('canBeGranted', () => {
  const people = (roles: Readonly<Record<string, readonly string[]>>): Approvers =>
    new Map(
      Object.entries(roles).map(([name, held]) => [
        name,
        { roles: held, mayDecide: true, mayClose: false },
      ]),
    );
  const two = [node('one'), node('two')];

  it.each([
    { name: 'nobody', nodes: [node('one')], roles: {}, granted: false },
    { name: 'only the maker', nodes: [node('one')], roles: { me: ['approver'] }, granted: false },
    { name: 'one other person', nodes: [node('one')], roles: { a: ['approver'] }, granted: true },
    { name: 'one person for two nodes', nodes: two, roles: { a: ['approver'] }, granted: false },
    {
      name: 'two persons for two nodes',
      nodes: two,
      roles: { a: ['approver'], b: ['approver'] },
      granted: true,
    },
    {
      name: 'one person who alone holds both roles of ALL_OF',
      nodes: [node('all', { mode: 'ALL_OF', roles: ['approver', 'head'] })],
      roles: { a: ['approver', 'head'] },
      granted: false,
    },
    {
      name: 'persons who have to change seats for each other',
      nodes: [node('one', { roles: ['approver', 'head'] }), node('two', { roles: ['head'] })],
      roles: { a: ['head'], b: ['approver'] },
      granted: true,
    },
    { name: 'no node at all', nodes: [], roles: {}, granted: true },
  ])('$name: $granted', ({ nodes, roles, granted }) => {
    expect(canBeGranted(nodes, 'me', people(roles))).toBe(granted);
  });

  it('who may not decide is nobody', () => {
    const left: Approvers = new Map([
      ['a', { roles: ['approver'], mayDecide: false, mayClose: true }],
    ]);
    expect(canBeGranted([node('one')], 'me', left)).toBe(false);
  });
});

describe('what is frozen', () => {
  it('does not depend on the order of keys, as PostgreSQL may change it', () => {
    const a = canonicalJson({ b: [1, { d: 'x', c: null }], a: undefined, e: true });
    expect(a).toBe('{"b":[1,{"c":null,"d":"x"}],"e":true}');
    expect(canonicalJson({ e: true, b: [1, { c: null, d: 'x' }] })).toBe(a);
  });

  it('changes with every part of what is consented to', () => {
    const ticket = {
      ticketKey: 'k',
      targetType: 't',
      targetId: 'i',
      target: { id: 1 },
      targetVersion: 'v',
      payload: { p: 1 },
    };
    const texts = [
      ticket,
      ...Object.keys(ticket).map((name) => ({ ...ticket, [name]: 'other' })),
    ].map(frozenText);
    expect(new Set(texts).size).toBe(7);
  });

  it('a difference names what changed, came or went', () => {
    const asked = { same: [1], changed: 'a', gone: 1 };
    const now = { same: [1], changed: 'b', come: 2 };
    expect(differenceOf(asked, now)).toEqual({
      changed: { asked: 'a', now: 'b' },
      come: { asked: null, now: 2 },
      gone: { asked: 1, now: null },
    });
  });
});
