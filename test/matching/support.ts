import fc from 'fast-check';
import type { MatchSide } from '../../domain/matching/match-pair.ts';

/** Few values, so that pairs agree often enough to be interesting. */
export const sideArbitrary: fc.Arbitrary<MatchSide> = fc.record({
  rows: fc.constant(1),
  isMixed: fc.constant(false),
  instrumentId: fc.constantFrom('ST/HK/1', 'ST/HK/700'),
  currency: fc.constantFrom('HKD', 'CNY'),
  side: fc.constantFrom('BUY', 'SELL'),
  quantity: fc.integer({ min: 1, max: 3 }).map((lots) => String(lots * 100)),
  price: fc.constant(null),
  amount: fc
    .integer({ min: 1, max: 400 })
    .map((cents) => `${Math.floor(cents / 4)}.${(cents % 4) * 25}`),
});
