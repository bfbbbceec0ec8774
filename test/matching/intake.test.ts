import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planIntake, type IncomingRow } from '../../domain/front-office/intake.ts';
import { canonicalDecimal } from '../../domain/front-office/versions.ts';
import type { RecordedVersion, StoredVersions } from '../../domain/front-office/versions.ts';

const incomingArbitrary: fc.Arbitrary<IncomingRow<string>> = fc
  .record({
    id: fc.constantFrom('A', 'B'),
    version: fc.integer({ min: 1, max: 4 }),
    second: fc.integer({ min: 0, max: 9 }),
    content: fc.constantFrom('x', 'y'),
  })
  .map(({ id, version, second, content }) => ({
    rowNo: 1,
    id,
    version,
    recordedAt: `2025-12-22T02:00:0${second}.000Z`,
    isRecordedBySender: true,
    content,
    row: content,
  }));

/** The rows as if each had come in a request of its own. */
function oneByOne(rows: readonly IncomingRow<string>[]): Map<string, StoredVersions> {
  const stored = new Map<string, StoredVersions>();
  for (const row of rows) {
    for (const { id, version, recordedAt, row: content } of planIntake([row], stored).inserts) {
      const before = stored.get(id);
      const earlier = new Map<number, RecordedVersion>(before?.earlier);
      if (before) earlier.set(before.current.version, before.current);
      stored.set(id, { current: { version, recordedAt, content }, earlier });
    }
  }
  return stored;
}

describe('a batch of rows', () => {
  it('ends like its rows one after the other', () => {
    fc.assert(
      fc.property(fc.array(incomingArbitrary, { maxLength: 12 }), (rows) => {
        const plan = planIntake(rows, new Map());
        const inForce = plan.inserts.filter((row) => row.supersededAt === null);
        const expected = oneByOne(rows);
        expect(new Map(inForce.map((row) => [row.id, row.version]))).toEqual(
          new Map([...expected].map(([id, { current }]) => [id, current.version])),
        );
      }),
    );
  });

  it('counts each row once', () => {
    fc.assert(
      fc.property(fc.array(incomingArbitrary, { maxLength: 12 }), (rows) => {
        const { added, replaced, unchanged, errors, inserts } = planIntake(rows, new Map());
        expect(added + replaced + unchanged + errors.length).toBe(rows.length);
        expect(inserts).toHaveLength(added + replaced);
      }),
    );
  });

  it('sent twice changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(incomingArbitrary, { maxLength: 12 }), (rows) => {
        const first = planIntake(rows, new Map());
        const again = planIntake(rows, oneByOne(rows));
        expect(again.inserts).toEqual([]);
        // Each row that was taken repeats what is stored, also one that was replaced since.
        expect(again.unchanged).toBe(first.inserts.length + first.unchanged);
        expect(again.errors).toHaveLength(first.errors.length);
      }),
    );
  });
});

describe('numbers', () => {
  it.each([
    ['100', '100'],
    ['100.0', '100'],
    ['100.10', '100.1'],
    ['0.0010', '0.001'],
    ['1000', '1000'],
  ])('%s says %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
  });
});
