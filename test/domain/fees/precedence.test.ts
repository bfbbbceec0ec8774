import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff, tariffCompiler } from '../../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../../domain/fees/fee-rule.ts';
import { namedInRules } from '../../../domain/fees/named-in-rules.ts';
import type { TariffQuery } from '../../../domain/fees/tariff-plan.ts';
import { referenceData } from '../reference.ts';

const MON_2025_12_22 = parseBusinessDate('2025-12-22');
const QUERY: TariffQuery = {
  scheduleId: 'sample-hk-retail',
  market: 'HK',
  instrumentType: 'EQUITY',
  stampDutyExempt: false,
  side: 'BUY',
  tradeDate: MON_2025_12_22,
  channel: 0,
  accountNo: 'A0001',
  instrumentId: '00700.HK',
};

let nextId = 50_000;
const rule = (changes: Partial<FeeRule>): FeeRule => ({
  ruleId: (nextId += 1),
  feeCode: 'COMMISSION',
  market: 'HK',
  scheduleId: null,
  version: 1,
  effectiveFrom: parseBusinessDate('2025-01-01'),
  sides: 'BOTH',
  unit: 'order',
  formula: { kind: 'flat', amount: '1' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  ...changes,
});

const OWNERS = [
  ['personal', { accountNo: 'A0001' }],
  ['package', { scheduleId: 'sample-hk-retail' }],
  ['global', {}],
] as const;
const special = { conditions: {} };
/** D.4, the strongest first. */
const CLASSES = [
  ...OWNERS.map(([name, owner]) => [`special.${name}`, rule({ ...owner, ...special })] as const),
  ...OWNERS.map(([name, owner]) => [`ordinary.${name}`, rule(owner)] as const),
];
const commissionOf = (rules: readonly FeeRule[], changes: Partial<TariffQuery> = {}) => {
  const others = referenceData.rules.filter(({ feeCode }) => feeCode !== 'COMMISSION');
  const { lines, uncharged } = compileTariff([...others, ...rules], { ...QUERY, ...changes });
  const line = lines.find(({ feeCode }) => feeCode === 'COMMISSION');
  return (
    line?.choice ?? uncharged.find(({ feeCode }) => feeCode === 'COMMISSION') ?? { losers: [] }
  );
};
const winnerOf = (rules: readonly FeeRule[], changes: Partial<TariffQuery> = {}) => {
  const choice = commissionOf(rules, changes);
  return 'ruleId' in choice ? choice.ruleId : null;
};
const reasonFor = (loser: FeeRule, rules: readonly FeeRule[], changes: Partial<TariffQuery> = {}) =>
  commissionOf(rules, changes).losers.find(({ ruleId }) => ruleId === loser.ruleId)?.reason;

describe('special before ordinary, and in each class personal, package, global', () => {
  it('whichever of the six classes there are, and in whatever order they came', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(CLASSES, { minLength: 1 }), (present) => {
        const strongest = CLASSES.find((each) => present.includes(each))!;
        const choice = commissionOf(present.map(([, each]) => each));
        expect(choice).toMatchObject({ ruleId: strongest[1].ruleId });
        expect(choice.losers).toHaveLength(present.length - 1);
      }),
    );
  });

  it('L38: a global special fee beats the ordinary fee of the package; a personal special, both', () => {
    const ordinary = rule({ scheduleId: 'sample-hk-retail' });
    const globalSpecial = rule({ conditions: { channels: [0] } });
    expect(winnerOf([ordinary, globalSpecial])).toBe(globalSpecial.ruleId);
    const personal = rule({ accountNo: 'A0001', conditions: { channels: [0] } });
    expect(winnerOf([ordinary, globalSpecial, personal])).toBe(personal.ruleId);
  });

  it('L38: only a special fee of its own shields a package from the global special fee', () => {
    const globalSpecial = rule({ conditions: { channels: [0] } });
    const shielded = rule({ scheduleId: 'sample-hk-retail', conditions: { channels: [0] } });
    expect(winnerOf([globalSpecial, shielded])).toBe(shielded.ruleId);
    const later = rule({
      scheduleId: 'sample-hk-retail',
      effectiveFrom: MON_2025_12_22,
      version: 9,
    });
    expect(winnerOf([globalSpecial, later])).toBe(globalSpecial.ruleId);
  });

  it('has one word for each way to be beaten', () => {
    const [, personal] = CLASSES[3]!;
    const [, ofPackage] = CLASSES[4]!;
    const [, global] = CLASSES[5]!;
    const newer = { effectiveFrom: MON_2025_12_22 };
    const pairs = [
      [rule(special), personal, 'ordinary-loses-to-special'],
      [personal, ofPackage, 'package-loses-to-personal'],
      [personal, global, 'global-loses-to-personal'],
      [ofPackage, global, 'global-loses-to-package'],
      [rule(newer), global, 'later-date-wins'],
      [rule({ version: 2 }), global, 'later-version-wins'],
      [rule({ sides: 'BUY' }), global, 'later-rule-wins'],
    ] as const;
    for (const [winner, loser, reason] of pairs) {
      expect(reasonFor(loser, [winner, loser])).toBe(reason);
      expect(reasonFor(loser, [loser, winner])).toBe(reason);
    }
  });

  it('takes no part in what others pay', () => {
    const rules = [rule({}), rule({ accountNo: 'A0002' }), rule({ scheduleId: 'sample-hk-vip' })];
    expect(commissionOf(rules).losers).toEqual([]);
    expect(winnerOf(rules, { accountNo: null })).toBe(rules[0]!.ruleId);
    expect(winnerOf(rules, { accountNo: 'A0002' })).toBe(rules[1]!.ruleId);
  });

  it('misses a mandatory fee of all that ran out', () => {
    const ended = rule({ mandatory: true, effectiveTo: parseBusinessDate('2025-12-21') });
    expect(() => commissionOf([ended])).toThrow(/FEE_RULE_MISSING.*mandatory/);
  });
});

describe('the conditions of a special fee', () => {
  const all = rule({
    conditions: {
      channels: [0, 6],
      stages: ['GREY'],
      instruments: ['00700.HK', '00005.HK'],
      accounts: ['A0001'],
    },
  });
  const GREY = { stage: 'GREY' } as const;

  it('hold together', () => {
    expect(winnerOf([all], GREY)).toBe(all.ruleId);
  });

  it.each<[string, Partial<TariffQuery>]>([
    ['channel', { ...GREY, channel: 1 }],
    ['channel', { ...GREY, channel: null }],
    ['stage', {}],
    ['stage', { stage: 'NORMAL' }],
    ['instrument', { ...GREY, instrumentId: '09988.HK' }],
    ['instrument', { ...GREY, instrumentId: null }],
    ['account', { ...GREY, accountNo: 'A0002' }],
    ['account', { ...GREY, accountNo: null }],
  ])('lose by the %s that does not fit', (what, changes) => {
    expect(winnerOf([all], changes)).toBeNull();
    expect(reasonFor(all, [all], changes)).toBe(`${what}-condition-not-met`);
  });
});

describe('a compiler', () => {
  it('gives an account and an instrument a plan of their own only when a rule names them', () => {
    const personal = rule({ accountNo: 'A0001' });
    const rules = [...referenceData.rules, personal, rule({ conditions: { accounts: ['A7'] } })];
    expect(namedInRules(referenceData.rules)).toEqual({
      accountNos: new Set(),
      instrumentIds: new Set(),
      stages: false,
    });
    expect([...namedInRules(rules).accountNos]).toEqual(['A0001', 'A7']);
    const compile = tariffCompiler(rules);
    const commission = (accountNo: string | null) =>
      compile({ ...QUERY, accountNo }).lines.find(({ feeCode }) => feeCode === 'COMMISSION');
    expect(commission('A0001')?.ruleId).toBe(personal.ruleId);
    expect(commission(null)?.ruleId).toBe(9001);
    expect(compile({ ...QUERY })).not.toBe(compile({ ...QUERY, accountNo: null }));
    expect(compile({ ...QUERY, ...{ stage: 'GREY' } })).not.toBe(compile({ ...QUERY }));
  });

  it('compiles the same plan as from all rules at once', () => {
    const rules = [...referenceData.rules, ...CLASSES.map(([, each]) => each)];
    const compile = tariffCompiler(rules);
    for (const accountNo of ['A0001', 'A0002', null]) {
      const query = { ...QUERY, accountNo };
      expect(compile(query)).toEqual(compileTariff(rules, query));
    }
  });
});
