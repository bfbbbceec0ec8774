import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { byAge, newestOn } from '../../../domain/fees/newest-version.ts';

const version = (day: string, number: number) => ({
  effectiveFrom: parseBusinessDate(day),
  version: number,
});
const VERSIONS = [
  version('2026-01-01', 1),
  version('2026-01-01', 3),
  version('2025-06-01', 4),
  version('2026-03-01', 2),
];

describe('the version in force', () => {
  it.each([
    ['before the first', '2025-05-31', undefined],
    ['on its first day', '2025-06-01', 4],
    ['on the last day before the next', '2025-12-31', 4],
    ['of two from one day, the higher', '2026-01-01', 3],
    ['of a later day, whatever its number', '2026-03-01', 2],
  ])('%s', (_what, day, expected) => {
    for (const list of [VERSIONS, VERSIONS.toReversed()]) {
      expect(newestOn(list, parseBusinessDate(day))?.version).toBe(expected);
    }
  });

  it('is the last of all by age, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(VERSIONS, { minLength: VERSIONS.length }), (versions) => {
        expect(versions.toSorted(byAge).map(({ version: number }) => number)).toEqual([4, 1, 3, 2]);
      }),
    );
  });
});
