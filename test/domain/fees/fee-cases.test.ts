import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupCases } from '../../../domain/fees/fee-cases.ts';

const TYPES = ['EQUITY', 'ETF', 'DEBT'];
const CHANNELS = [0, 1, 2, 3];
const SIDES = ['BUY', 'SELL'] as const;

describe('groupCases', () => {
  it('says what holds for all in one line', () => {
    expect(groupCases({ instrumentTypes: TYPES, channels: CHANNELS }, () => 7)).toEqual([
      { instrumentTypes: null, side: 'BOTH', channels: null, outcome: 7 },
    ]);
  });

  it('shows the differences that there are, and leaves out what has no outcome', () => {
    const groups = groupCases(
      { instrumentTypes: TYPES, channels: CHANNELS },
      ({ instrumentType, side, channel }) =>
        instrumentType === 'DEBT' || side === 'BUY' ? null : channel === 0 ? 1 : 2,
    );
    expect(groups).toEqual([
      { instrumentTypes: ['EQUITY', 'ETF'], side: 'SELL', channels: [0], outcome: 1 },
      { instrumentTypes: ['EQUITY', 'ETF'], side: 'SELL', channels: [1, 2, 3], outcome: 2 },
    ]);
  });

  it('puts every case with an outcome into exactly one group, with its own outcome', () => {
    const outcomes = fc.array(fc.option(fc.integer({ min: 1, max: 3 })), {
      minLength: TYPES.length * SIDES.length * CHANNELS.length,
      maxLength: TYPES.length * SIDES.length * CHANNELS.length,
    });
    fc.assert(
      fc.property(outcomes, (given) => {
        const outcomeOf = (type: string, side: string, channel: number): number | null =>
          given[(TYPES.indexOf(type) * 2 + (side === 'BUY' ? 0 : 1)) * CHANNELS.length + channel] ??
          null;
        const groups = groupCases(
          { instrumentTypes: TYPES, channels: CHANNELS },
          ({ instrumentType, side, channel }) => outcomeOf(instrumentType, side, channel),
        );
        for (const type of TYPES) {
          for (const side of SIDES) {
            for (const channel of CHANNELS) {
              const holding = groups.filter(
                (group) =>
                  (group.instrumentTypes?.includes(type) ?? true) &&
                  (group.side === 'BOTH' || group.side === side) &&
                  (group.channels?.includes(channel) ?? true),
              );
              const outcome = outcomeOf(type, side, channel);
              expect(holding.map((group) => group.outcome)).toEqual(
                outcome === null ? [] : [outcome],
              );
            }
          }
        }
      }),
    );
  });
});
