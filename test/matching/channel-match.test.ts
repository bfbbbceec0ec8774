import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import { ChannelMatch } from '../../domain/matching/channel-match.ts';
import type { MatchPair, MatchRule, MatchSide } from '../../domain/matching/match-pair.ts';
import { sideArbitrary } from './support.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const TUE_2025_12_23 = parseBusinessDate('2025-12-23');

const side = (more: Partial<MatchSide> = {}): MatchSide => ({
  rows: 1,
  isMixed: false,
  instrumentId: 'ST/HK/700',
  currency: 'HKD',
  side: 'BUY',
  quantity: '100',
  price: null,
  amount: '61350',
  ...more,
});

const ours = (more: Partial<MatchSide> = {}, tradeDate = MON_2025_12_22): MatchPair => ({
  tradeDate,
  key: 'ours',
  local: side(more),
  other: null,
});
const theirs = (more: Partial<MatchSide> = {}, tradeDate = MON_2025_12_22): MatchPair => ({
  tradeDate,
  key: 'theirs',
  local: null,
  other: side(more),
});

const FUZZY: MatchRule = { matchMode: 'execution', tolerance: '0', fuzzyByInstrument: true };
const STRICT: MatchRule = { ...FUZZY, fuzzyByInstrument: false };

function outcomeOf(pairs: readonly MatchPair[], rule: MatchRule, keep = 100) {
  const match = new ChannelMatch(rule, keep);
  for (const pair of pairs) match.add(pair);
  return match.finish();
}

describe('a channel', () => {
  it('without differences passes', () => {
    const pair = { ...ours(), other: side() };
    expect(outcomeOf([pair], STRICT)).toMatchObject({ passed: true, unmatched: 0, kept: [] });
  });

  it('keeps what matched within the tolerance, and passes', () => {
    const pair = { ...ours(), other: side({ amount: '61350.03' }) };
    const outcome = outcomeOf([pair], { ...STRICT, tolerance: '0.05' });
    expect(outcome).toMatchObject({ passed: true, unmatched: 0, withinTolerance: 1 });
    expect(outcome.kept).toMatchObject([{ verdict: { toleranceStatus: 'WITHIN' } }]);
  });

  it('counts its differences by kind, and what it has no room to keep', () => {
    const mixed = { ...ours(), other: side({ quantity: '5' }) };
    const outcome = outcomeOf([ours(), ours(), theirs(), mixed], STRICT, 3);
    expect(outcome).toMatchObject({
      passed: false,
      unmatched: 4,
      byTag: { localOnly: 2, counterpartyOnly: 1, mismatch: 1, duplicate: 0 },
      omitted: 1,
    });
    expect(outcome.kept).toHaveLength(3);
  });
});

describe('a channel with more differences than rows', () => {
  const rule = { ...STRICT, tolerance: '0.05' };
  const near = { ...ours(), key: 'near', other: side({ amount: '61350.03' }) };
  const keysOf = (pairs: readonly MatchPair[], keep: number) => {
    const { kept, omitted } = outcomeOf(pairs, rule, keep);
    return [...kept.map(({ pair }) => pair.key), `${omitted} omitted`];
  };

  it('keeps what did not match before what is within the tolerance', () => {
    const pairs = [near, near, near, theirs(), ours()];
    expect(keysOf(pairs, 3)).toEqual(['theirs', 'ours', 'near', '2 omitted']);
    expect(keysOf(pairs.toReversed(), 3)).toEqual(['ours', 'theirs', 'near', '2 omitted']);
    expect(keysOf(pairs, 1)).toEqual(['theirs', '4 omitted']);
    expect(keysOf(pairs, 9)).toEqual(['theirs', 'ours', 'near', 'near', 'near', '0 omitted']);
  });
});

describe('the fuzzy comparison', () => {
  it('balances what only differs in its ids', () => {
    const pairs = [
      ours({ quantity: '300', amount: '184050' }),
      theirs(),
      theirs({ quantity: '200', amount: '122700' }),
    ];
    expect(outcomeOf(pairs, FUZZY)).toMatchObject({
      passed: true,
      unmatched: 0,
      balancedByInstrument: 3,
    });
    expect(outcomeOf(pairs, STRICT)).toMatchObject({ passed: false, unmatched: 3 });
  });

  it.each([
    ['sides', theirs({ side: 'SELL' })],
    ['currencies', theirs({ currency: 'CNY' })],
    ['instruments', theirs({ instrumentId: 'ST/HK/1' })],
    ['trade dates', theirs({}, TUE_2025_12_23)],
    ['amounts', theirs({ amount: '61350.01' })],
    ['quantities', theirs({ quantity: '101' })],
  ])('keeps different %s apart', (_what, other) => {
    expect(outcomeOf([ours(), other], FUZZY)).toMatchObject({ passed: false, unmatched: 2 });
  });

  it('says of each row whether its instrument is balanced', () => {
    const pairs = [ours(), theirs(), ours({ instrumentId: 'ST/HK/1' })];
    expect(outcomeOf(pairs, FUZZY).kept.map((row) => row.downgradeStatus)).toEqual([
      'BALANCED',
      'BALANCED',
      'OUT_OF_BALANCE',
    ]);
    expect(outcomeOf(pairs, FUZZY).unmatched).toBe(1);
  });

  it('balances a pair that crosses instruments only when both are', () => {
    const crossed = { ...ours(), other: side({ instrumentId: 'ST/HK/1' }) };
    const back = { ...ours({ instrumentId: 'ST/HK/1' }), other: side() };
    expect(outcomeOf([crossed], FUZZY)).toMatchObject({ passed: false, unmatched: 1 });
    expect(outcomeOf([crossed, theirs()], FUZZY)).toMatchObject({ passed: false });
    expect(outcomeOf([crossed, back], FUZZY)).toMatchObject({ passed: true });
  });

  it('never balances a sum of different things', () => {
    const pair = { ...ours({ isMixed: true }), other: side({ isMixed: true }) };
    expect(outcomeOf([pair], FUZZY)).toMatchObject({ passed: false, unmatched: 1 });
  });

  it('lets the sums differ within the tolerance', () => {
    const rule = { ...FUZZY, tolerance: '0.05' };
    expect(outcomeOf([ours(), theirs({ amount: '61350.05' })], rule).passed).toBe(true);
    expect(outcomeOf([ours(), theirs({ amount: '61350.06' })], rule).passed).toBe(false);
  });
});

const pairArbitrary: fc.Arbitrary<MatchPair> = fc
  .tuple(fc.option(sideArbitrary, { nil: null }), fc.option(sideArbitrary, { nil: null }))
  .filter(([local, other]) => local !== null || other !== null)
  .map(([local, other]) => ({ tradeDate: MON_2025_12_22, key: 'k', local, other }));

describe('any set of pairs', () => {
  it('is judged alike in any order', () => {
    fc.assert(
      fc.property(fc.array(pairArbitrary, { maxLength: 20 }), fc.boolean(), (pairs, fuzzy) => {
        const rule = { ...STRICT, fuzzyByInstrument: fuzzy };
        const there = outcomeOf(pairs, rule);
        const back = outcomeOf(pairs.toReversed(), rule);
        expect({ ...back, kept: [] }).toEqual({ ...there, kept: [] });
      }),
    );
  });

  it('passes by instrument whatever passes without', () => {
    fc.assert(
      fc.property(fc.array(pairArbitrary, { maxLength: 20 }), (pairs) => {
        const strict = outcomeOf(pairs, STRICT);
        const fuzzy = outcomeOf(pairs, FUZZY);
        expect(fuzzy.unmatched).toBeLessThanOrEqual(strict.unmatched);
        expect(fuzzy.unmatched + fuzzy.balancedByInstrument).toBe(strict.unmatched);
      }),
    );
  });

  it('is balanced by its own mirror', () => {
    fc.assert(
      fc.property(fc.array(pairArbitrary, { maxLength: 20 }), (pairs) => {
        const mirror = pairs.map((pair) => ({ ...pair, local: pair.other, other: pair.local }));
        expect(outcomeOf([...pairs, ...mirror], FUZZY).passed).toBe(true);
      }),
    );
  });
});
