import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { mergedBy, mergeKey, type OrderToMerge } from '../../../domain/merging/merge-key.ts';
import { mergeRuleOn, type MergeRule } from '../../../domain/merging/merge-rule.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const TUE_2025_12_23 = parseBusinessDate('2025-12-23');
const WED_2025_12_24 = parseBusinessDate('2025-12-24');

const RULE: MergeRule = {
  ...{ mergeRuleId: 'hk', version: 1, name: 'Hong Kong', market: 'HK', packages: ['retail'] },
  ...{ effectiveFrom: MON_2025_12_22, merge: true, greyMarketMerge: false },
  items: [
    { orderSources: [0, 4, 9], mergeTag: 'online' },
    { orderSources: [6], mergeTag: 'dealers' },
  ],
};
const ORDER: OrderToMerge = {
  ...{ source: 'FRONT_OFFICE', accountId: 1, assetId: 7, side: 'BUY', settlementChannel: 'CCASS' },
  ...{ tradeDate: MON_2025_12_22, stage: 'NORMAL', channel: 0 },
};
const together = (a: Partial<OrderToMerge>, b: Partial<OrderToMerge>, rule = RULE): boolean => {
  const [keyA, keyB] = [mergeKey({ ...ORDER, ...a }, rule), mergeKey({ ...ORDER, ...b }, rule)];
  return keyA !== null && keyA === keyB;
};

describe('orders share a contract', () => {
  it('of one bucket of channels, whichever of them', () => {
    expect(together({ channel: 0 }, { channel: 9 })).toBe(true);
    expect(together({ channel: 0 }, { channel: 6 })).toBe(false);
  });

  it.each<[string, Partial<OrderToMerge>]>([
    ['account', { accountId: 2 }],
    ['instrument', { assetId: 8 }],
    ['side', { side: 'SELL' }],
    ['settlement channel', { settlementChannel: 'IB' }],
    ['trade date', { tradeDate: TUE_2025_12_23 }],
    ['stage', { stage: 'GREY' }],
  ])('of one %s', (_what, other) => {
    expect(together({}, other)).toBe(false);
    expect(together(other, other)).toBe(true);
  });

  it('with those of the grey market only where the rule says so', () => {
    const rule = { ...RULE, greyMarketMerge: true };
    expect(together({ stage: 'GREY' }, { stage: 'NORMAL' }, rule)).toBe(true);
  });

  it.each<[string, Partial<OrderToMerge>, MergeRule]>([
    ['a channel of no bucket', { channel: 5 }, RULE],
    ['what the back office entered', { source: 'BACK_OFFICE' }, RULE],
    ['the halves of an amendment', { source: 'AMENDMENT_NEW' }, RULE],
    ['a rule that does not merge', {}, { ...RULE, merge: false }],
  ])('never by %s', (_what, order, rule) => {
    expect(mergeKey({ ...ORDER, ...order }, rule)).toBeNull();
  });
});

describe('mergedBy', () => {
  it('keeps every order once, in its order, and opens contracts as it meets them', () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', null), { maxLength: 20 });
    fc.assert(
      fc.property(keys, (list) => {
        const orders = list.map((key, at) => ({ key, at }));
        const contracts = mergedBy(orders, ({ key }) => key);
        const places = contracts.map((contract) => contract.map(({ at }) => at));
        expect(places.flat().sort((a, b) => a - b)).toEqual(orders.map(({ at }) => at));
        for (const of of places) expect(of).toEqual([...of].sort((a, b) => a - b));
        const firsts = places.map(([first]) => first);
        expect(firsts).toEqual([...firsts].sort((a = 0, b = 0) => a - b));
        for (const contract of contracts) {
          const [{ key }] = contract;
          const expected = key === null ? 1 : list.filter((each) => each === key).length;
          expect(contract.length).toBe(expected);
        }
      }),
    );
  });
});

describe('the version of a trade date', () => {
  const later = { ...RULE, version: 2, effectiveFrom: TUE_2025_12_23 };

  it('is the one that begins last, then the highest', () => {
    expect(mergeRuleOn([RULE, later], MON_2025_12_22)).toBe(RULE);
    expect(mergeRuleOn([RULE, later], WED_2025_12_24)).toBe(later);
    const correction = { ...RULE, version: 3 };
    expect(mergeRuleOn([RULE, later, correction], MON_2025_12_22)).toBe(correction);
    expect(mergeRuleOn([RULE, later, correction], TUE_2025_12_23)).toBe(later);
    expect(mergeRuleOn([later], MON_2025_12_22)).toBeUndefined();
  });

  it('is none behind its end: an ended or void version brings no former one back', () => {
    const ended = { ...later, effectiveTo: TUE_2025_12_23 };
    expect(mergeRuleOn([RULE, ended], TUE_2025_12_23)).toBe(ended);
    expect(mergeRuleOn([RULE, ended], WED_2025_12_24)).toBeUndefined();
    const voided = { ...later, voided: true as const };
    expect(mergeRuleOn([RULE, voided], MON_2025_12_22)).toBe(RULE);
    expect(mergeRuleOn([RULE, voided], TUE_2025_12_23)).toBeUndefined();
  });
});
