import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import {
  differenceText,
  judgePair,
  type MatchPair,
  type MatchRule,
  type MatchSide,
} from '../../domain/matching/match-pair.ts';
import { sideArbitrary } from './support.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');

const side = (more: Partial<MatchSide> = {}): MatchSide => ({
  rows: 1,
  isMixed: false,
  instrumentId: 'ST/HK/700',
  currency: 'HKD',
  side: 'BUY',
  quantity: '100',
  price: '613.5',
  amount: '61350',
  ...more,
});

const pair = (local: MatchSide | null, other: MatchSide | null): MatchPair => ({
  tradeDate: MON_2025_12_22,
  key: 'E1',
  local,
  other,
});

const rule = (more: Partial<MatchRule> = {}): MatchRule => ({
  matchMode: 'execution',
  tolerance: '0',
  fuzzyByInstrument: false,
  ...more,
});

describe('one pair', () => {
  it.each([
    ['equal sides', side(), side(), rule(), 'matched', null],
    [
      'equal values written otherwise',
      side(),
      side({ amount: '61350.00' }),
      rule(),
      'matched',
      null,
    ],
    ['nothing of theirs', side(), null, rule(), 'localOnly', null],
    ['nothing of ours', null, side(), rule(), 'counterpartyOnly', null],
    ['another quantity', side(), side({ quantity: '99' }), rule(), 'mismatch', null],
    ['another side', side(), side({ side: 'SELL' }), rule(), 'mismatch', null],
    ['another currency', side(), side({ currency: 'CNY' }), rule(), 'mismatch', null],
    ['another instrument', side(), side({ instrumentId: 'ST/HK/1' }), rule(), 'mismatch', null],
    ['another price only', side(), side({ price: '613.50001' }), rule(), 'matched', null],
    ['three cents, tolerance off', side(), side({ amount: '61350.03' }), rule(), 'mismatch', null],
    [
      'three cents of five',
      side(),
      side({ amount: '61350.03' }),
      rule({ tolerance: '0.05' }),
      'matched',
      'WITHIN',
    ],
    [
      'five cents of five',
      side(),
      side({ amount: '61349.95' }),
      rule({ tolerance: '0.05' }),
      'matched',
      'WITHIN',
    ],
    [
      'six cents of five',
      side(),
      side({ amount: '61350.06' }),
      rule({ tolerance: '0.05' }),
      'mismatch',
      'EXCEEDED',
    ],
    [
      'a quantity is never tolerated',
      side(),
      side({ quantity: '100.01' }),
      rule({ tolerance: '1000' }),
      'mismatch',
      null,
    ],
    ['theirs twice', side(), side({ rows: 2 }), rule(), 'duplicate', null],
    ['ours twice', side({ rows: 2 }), side(), rule(), 'duplicate', null],
    ['ours twice, theirs never', side({ rows: 2 }), null, rule(), 'duplicate', null],
    [
      'sums of many rows by order',
      side({ rows: 9 }),
      side({ rows: 4 }),
      rule({ matchMode: 'order' }),
      'matched',
      null,
    ],
    [
      'sums by instrument',
      side({ rows: 9 }),
      side(),
      rule({ matchMode: 'instrument' }),
      'matched',
      null,
    ],
    [
      'a sum of different things',
      side({ isMixed: true }),
      side(),
      rule({ matchMode: 'order' }),
      'mismatch',
      null,
    ],
  ] as const)('%s', (_what, local, other, by, resultTag, toleranceStatus) => {
    expect(judgePair(pair(local, other), by)).toMatchObject({ resultTag, toleranceStatus });
  });

  it('says the difference as ours minus theirs', () => {
    const theirs = side({ quantity: '150', amount: '92025.5', price: '613.503' });
    expect(judgePair(pair(side(), theirs), rule())).toMatchObject({
      quantity: '-50',
      amount: '-30675.5',
      price: '-0.003',
    });
    expect(judgePair(pair(side(), null), rule())).toMatchObject({
      quantity: '100',
      amount: '61350',
      price: null,
    });
  });

  it('has a line that changes with whatever differs, and not with how numbers are written', () => {
    const line = (other: MatchSide): string => {
      const found = pair(side(), other);
      return differenceText(found, judgePair(found, rule()));
    };
    expect(line(side({ amount: '61350.10' }))).toBe(line(side({ amount: '61350.1' })));
    const others = [
      { amount: '61350.2' },
      { quantity: '1' },
      { side: 'SELL' as const },
      { currency: 'CNY' },
      { instrumentId: 'ST/HK/1' },
      { rows: 2 },
    ];
    expect(new Set(others.map((more) => line(side(more)))).size).toBe(others.length);
  });
});

describe('any pair', () => {
  it('matches itself', () => {
    fc.assert(
      fc.property(sideArbitrary, fc.constantFrom('0', '0.05', '1000'), (one, tolerance) => {
        const verdict = judgePair(pair(one, one), rule({ tolerance, matchMode: 'order' }));
        expect(verdict).toMatchObject({ resultTag: 'matched', quantity: '0', amount: '0' });
      }),
    );
  });

  it('is judged alike from both ends, with opposite signs', () => {
    fc.assert(
      fc.property(sideArbitrary, sideArbitrary, (one, two) => {
        const by = rule({ tolerance: '0.5' });
        const there = judgePair(pair(one, two), by);
        const back = judgePair(pair(two, one), by);
        expect(back.resultTag).toBe(there.resultTag);
        expect(back.toleranceStatus).toBe(there.toleranceStatus);
        expect(Number(back.amount) + Number(there.amount)).toBe(0);
      }),
    );
  });

  it('that matches goes on matching with a larger tolerance', () => {
    fc.assert(
      fc.property(
        sideArbitrary,
        sideArbitrary,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (one, two, small, more) => {
          const judge = (tolerance: number) =>
            judgePair(pair(one, two), rule({ tolerance: String(tolerance) })).resultTag;
          if (judge(small) === 'matched') expect(judge(small + more)).toBe('matched');
        },
      ),
    );
  });
});
