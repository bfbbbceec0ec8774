import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { ClearingError } from '../../../domain/errors/clearing-error.ts';
import type { MergeRule } from '../../../domain/merging/merge-rule.ts';
import {
  newMergeRule,
  voidedMergeRule,
  type MergeRuleDraft,
} from '../../../domain/merging/new-merge-rule.ts';

const day = parseBusinessDate;
const DRAFT: MergeRuleDraft = {
  ...{ name: 'Online', market: 'HK', effectiveFrom: day('2026-01-01'), packages: ['retail'] },
  ...{ merge: true, greyMarketMerge: false },
  items: [{ orderSources: [0, 9], mergeTag: 'online' }],
};
const known = (...all: readonly MergeRule[]) => ({
  ...{ all, today: day('2025-12-22'), markets: ['HK', 'US'], packages: ['retail', 'vip'] },
});
const FIRST = newMergeRule('hk', DRAFT, known());

function faultOf(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    expect(error.code).toBe('MERGE_RULE_INVALID');
    return error.details['field'];
  }
  return 'none';
}

describe('a new version of a merge rule', () => {
  it('gets the next number of its rule', () => {
    expect(FIRST).toMatchObject({ mergeRuleId: 'hk', version: 1 });
    const next = { ...DRAFT, effectiveFrom: day('2026-02-01') };
    expect(newMergeRule('hk', next, known(FIRST))).toMatchObject({ version: 2 });
  });

  it.each<[string, Partial<MergeRuleDraft>, string]>([
    ['an unknown market', { market: 'XX' }, 'market'],
    ['an unknown package', { packages: ['retail', 'nobody'] }, 'packages'],
    ['an end before its first day', { effectiveTo: day('2025-12-31') }, 'effectiveTo'],
    ['no order source', { items: [] }, 'items'],
    [
      'a tag twice',
      {
        items: [
          { orderSources: [0], mergeTag: 'online' },
          { orderSources: [1], mergeTag: 'online' },
        ],
      },
      'items.1.mergeTag',
    ],
    [
      'overlapping sources',
      {
        items: [
          { orderSources: [0, 9], mergeTag: 'online' },
          { orderSources: [6, 9], mergeTag: 'dealers' },
        ],
      },
      'items.1.orderSources',
    ],
  ])('is refused with %s', (_what, change, field) => {
    expect(faultOf(() => newMergeRule('hk', { ...DRAFT, ...change }, known()))).toBe(field);
  });

  it('may name no source while it merges nothing', () => {
    expect(newMergeRule('hk', { ...DRAFT, merge: false, items: [] }, known()).merge).toBe(false);
  });

  it('stays in the market of its rule', () => {
    const moved = () => newMergeRule('hk', { ...DRAFT, market: 'US' }, known(FIRST));
    expect(faultOf(moved)).toBe('market');
  });

  it('does not come between versions that were in force, but corrects one from its own day', () => {
    const at = (from: string) => newMergeRule('hk', { ...DRAFT, effectiveFrom: day(from) }, old);
    const versions = ['2025-10-01', '2025-12-01'].map((from, index) => ({
      ...{ ...FIRST, version: index + 1, effectiveFrom: day(from) },
    }));
    const old = known(...versions);
    expect(faultOf(() => at('2025-11-01'))).toBe('effectiveFrom');
    expect(at('2025-10-01').version).toBe(3);
    expect(at('2025-12-10').version).toBe(3);
  });

  it('shares a package with another rule only when one of them is not in force', () => {
    const other = (change: Partial<MergeRuleDraft>, ...all: readonly MergeRule[]) =>
      faultOf(() => newMergeRule('hk-2', { ...DRAFT, ...change }, known(...all)));
    expect(other({}, FIRST)).toBe('packages');
    expect(other({ packages: ['vip'] }, FIRST)).toBe('none');
    // It ends before the first rule begins, or begins behind its end.
    const before = { effectiveFrom: day('2025-12-01'), effectiveTo: day('2025-12-31') };
    expect(other(before, FIRST)).toBe('none');
    expect(other({ ...before, effectiveTo: day('2026-01-01') }, FIRST)).toBe('packages');
    const voided = voidedMergeRule('hk', day('2026-03-01'), known(FIRST));
    expect(other({ effectiveFrom: day('2026-03-01') }, FIRST, voided)).toBe('none');
    expect(other({ effectiveFrom: day('2026-02-28') }, FIRST, voided)).toBe('packages');
  });
});

describe('the end of a merge rule', () => {
  it('is a version that keeps what it was', () => {
    const voided = voidedMergeRule('hk', day('2026-03-01'), known(FIRST));
    expect(voided).toEqual({
      ...{ ...FIRST, version: 2, effectiveFrom: day('2026-03-01'), voided: true },
    });
  });

  it('is refused where nothing is in force', () => {
    const end = (from: string, ...all: readonly MergeRule[]) =>
      faultOf(() => voidedMergeRule('hk', day(from), known(...all)));
    expect(end('2025-12-31', FIRST)).toBe('effectiveFrom');
    const voided = voidedMergeRule('hk', day('2026-03-01'), known(FIRST));
    expect(end('2026-04-01', FIRST, voided)).toBe('effectiveFrom');
  });
});
