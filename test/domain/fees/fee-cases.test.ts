import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupCases, type TradeCase } from '../../../domain/fees/fee-cases.ts';

const TYPES = ['EQUITY', 'ETF', 'DEBT'];
const CHANNELS = [0, 1, 2, 3];
const STAGES = ['NORMAL', 'GREY'] as const;
const SPACE = { instrumentTypes: TYPES, channels: CHANNELS, stages: STAGES };
const SIDES = ['BUY', 'SELL'] as const;

const keyOf = ({ instrumentType, side, channel, stage }: TradeCase): string =>
  JSON.stringify({ instrumentType, side, channel, stage });

describe('groupCases', () => {
  it('says what holds for all in one line', () => {
    expect(groupCases(SPACE, () => 7)).toEqual([
      { instrumentTypes: null, side: 'BOTH', channels: null, stages: null, outcome: 7 },
    ]);
  });

  it('shows the differences that there are, and leaves out what has no outcome', () => {
    const groups = groupCases(SPACE, ({ instrumentType, side, channel }) =>
      instrumentType === 'DEBT' || side === 'BUY' ? null : channel === 0 ? 1 : 2,
    );
    const both = { instrumentTypes: ['EQUITY', 'ETF'], side: 'SELL', stages: null };
    expect(groups).toEqual([
      { ...both, channels: [0], outcome: 1 },
      { ...both, channels: [1, 2, 3], outcome: 2 },
    ]);
  });

  it('shows a stage where it makes a difference', () => {
    const groups = groupCases(SPACE, ({ side, stage }) => (side === 'BUY' ? 1 : stage));
    const all = { instrumentTypes: null, channels: null };
    expect(groups).toEqual([
      { ...all, side: 'BUY', stages: null, outcome: 1 },
      { ...all, side: 'SELL', stages: ['NORMAL'], outcome: 'NORMAL' },
      { ...all, side: 'SELL', stages: ['GREY'], outcome: 'GREY' },
    ]);
  });

  it('puts every case with an outcome into exactly one group, with its own outcome', () => {
    const size = TYPES.length * SIDES.length * CHANNELS.length * STAGES.length;
    const outcomes = fc.array(fc.option(fc.integer({ min: 1, max: 3 })), {
      ...{ minLength: size, maxLength: size },
    });
    const cases = TYPES.flatMap((instrumentType) =>
      SIDES.flatMap((side) =>
        CHANNELS.flatMap((channel) =>
          STAGES.map((stage) => ({ instrumentType, side, channel, stage })),
        ),
      ),
    );
    fc.assert(
      fc.property(outcomes, (given) => {
        const outcomeOf = (trade: TradeCase): number | null =>
          given[cases.findIndex((each) => JSON.stringify(each) === keyOf(trade))] ?? null;
        const groups = groupCases(SPACE, outcomeOf);
        for (const trade of cases) {
          const holding = groups.filter(
            (group) =>
              (group.instrumentTypes?.includes(trade.instrumentType) ?? true) &&
              (group.side === 'BOTH' || group.side === trade.side) &&
              (group.channels?.includes(trade.channel) ?? true) &&
              (group.stages?.includes(trade.stage) ?? true),
          );
          const outcome = outcomeOf(trade);
          expect(holding.map((group) => group.outcome)).toEqual(outcome === null ? [] : [outcome]);
        }
      }),
    );
  });
});
