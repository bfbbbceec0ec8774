import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeDecisions } from '../../../domain/tickets/ticket-machine.ts';
import { at, opened, PEOPLE } from './builders.ts';

const NAMES = [...PEOPLE.keys(), 'nobody'];
const aNode = fc.record({
  name: fc.constant('a node'),
  mode: fc.constantFrom('ANY_OF' as const, 'ALL_OF' as const),
  roles: fc.subarray(['approver', 'head'], { minLength: 1 }),
  people: fc.subarray(['ann', 'dual', 'eve']),
  timeout: fc.constantFrom(
    undefined,
    { afterMinutes: 20, action: 'REMIND' as const },
    { afterMinutes: 20, action: 'ESCALATE' as const, escalateToRoles: ['operator'] },
    { afterMinutes: 20, action: 'EXPIRE' as const },
  ),
});
const aDecision = fc.record({
  node: fc.integer({ min: 0, max: 3 }),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('approve' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('reject' as const, 'withdraw' as const, 'close' as const),
    },
  ),
  person: fc.constantFrom(...NAMES),
  reason: fc.constantFrom('', 'because'),
  byEscalation: fc.boolean(),
  pause: fc.integer({ min: 0, max: 15 }),
});
const aSequence = fc
  .tuple(
    fc.array(aNode, { minLength: 1, maxLength: 3 }),
    fc.array(aDecision, { minLength: 1, maxLength: 10 }),
  )
  .map(([nodes, drafts]) => {
    let minutes = 0;
    const decisions = drafts.map(({ pause, ...draft }, index) => {
      minutes += pause;
      return { ...draft, decisionId: index + 1, decidedAt: at(minutes) };
    });
    return { ticket: opened(nodes, { expiresAt: at(90) }), decisions };
  });

describe('10,000 random sequences', () => {
  it('signals repeated and in any order leave what the decisions leave, each taken once', () => {
    let ended = 0;
    fc.assert(
      fc.property(
        aSequence,
        // A hint says that a decision exists; each comes 2 to 10 times, in whatever order.
        fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 20, maxLength: 100 }),
        fc.integer({ min: 2, max: 10 }),
        ({ ticket, decisions }, shuffle, times) => {
          const once = takeDecisions(ticket, decisions, PEOPLE);
          const hints = decisions.flatMap((_, index) => Array.from({ length: times }, () => index));
          for (const [a, b] of shuffle) {
            const [i, j] = [a % hints.length, b % hints.length];
            [hints[i], hints[j]] = [hints[j]!, hints[i]!];
          }
          // Row k is written no later than the first hint about it; a hint reads all rows by then.
          let written = 0;
          let heard = ticket;
          for (const hint of hints) {
            written = Math.max(written, hint + 1);
            heard = takeDecisions(heard, decisions.slice(0, written), PEOPLE).ticket;
          }
          expect(heard).toEqual(once.ticket);
          // The rows themselves repeated and in any order make no difference either.
          const rows = hints.map((hint) => decisions[hint]!);
          expect(takeDecisions(ticket, rows, PEOPLE).ticket).toEqual(once.ticket);
          if (once.ticket.status !== 'PENDING') ended += 1;
        },
      ),
      { numRuns: 10_000 },
    );
    // Sequences that decide nothing would prove nothing.
    expect(ended).toBeGreaterThan(1_500);
  });

  it('whatever is decided, the maker consents to nothing and nobody consents twice', () => {
    fc.assert(
      fc.property(aSequence, ({ ticket, decisions }) => {
        const end = takeDecisions(ticket, decisions, PEOPLE);
        const persons = end.ticket.consents.map(({ person }) => person);
        expect(persons).not.toContain('maker');
        expect(new Set(persons).size).toBe(persons.length);
        expect(end.verdicts).toHaveLength(decisions.length);
        if (end.ticket.status === 'APPROVED') {
          expect(persons.length).toBeGreaterThanOrEqual(ticket.nodes.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
