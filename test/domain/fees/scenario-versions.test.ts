import { describe, expect, it } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule, FeeTerms } from '../../../domain/fees/fee-rule.ts';
import type { FeeScenario } from '../../../domain/fees/fee-scenario.ts';
import { newFeeScenario, type FeeScenarioDraft } from '../../../domain/fees/new-fee-scenario.ts';
import { planFeeRules, type AskedRule } from '../../../domain/fees/plan-fee-rules.ts';
import { anyRule } from './any-rule.ts';

const DAY = parseBusinessDate('2025-12-22');
const LATER = addDays(DAY, 10);
const OWN = { market: 'HK', feeCode: 'ANY', scheduleId: 'any' };
const draftOf = (changes: Partial<FeeScenarioDraft> = {}): FeeScenarioDraft => ({
  ...{ effectiveFrom: DAY, market: 'HK', feeCode: 'ANY' },
  ...{ sides: 'BOTH', metric: 'amount', unit: 'order' },
  rounding: { mode: 'half-up', increment: '0.01' },
  ...changes,
});
const version = (number: number, changes: Partial<FeeScenarioDraft> = {}): FeeScenario => ({
  ...draftOf(changes),
  ...{ scenarioId: 'mine', version: number },
});
const TERMS: FeeTerms = { effectiveFrom: DAY, currency: 'HKD', rate: '0.001' };
const knownWith = (...ofMarket: FeeRule[]) => ({
  ...{ ofMarket, feeCodes: ['ANY', 'OTHER'], currency: 'HKD', rates: [] },
  ...{ nextRuleId: 100, today: DAY },
});
/** A rule that the scenario issued. */
const issued = (changes: Partial<FeeRule> = {}, terms: FeeTerms = TERMS): FeeRule =>
  anyRule({
    formula: { kind: 'rate', rate: '0.001' },
    scenario: { scenarioId: 'mine', version: 1, terms },
    ...changes,
  });

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { details: unknown }).details;
  }
  return 'it was accepted';
}

describe('planFeeRules', () => {
  const plan = (
    asked: AskedRule,
    { versions = [version(1)], family = OWN, rules = [] as FeeRule[] } = {},
  ) => planFeeRules(family, asked, versions, knownWith(...rules));
  const byTerms = (changes: Partial<FeeTerms> = {}): AskedRule => ({
    scenario: { scenarioId: 'mine', terms: { ...TERMS, ...changes } },
  });
  const withdraw = (ruleId: number, effectiveFrom = LATER): AskedRule => ({
    withdraw: { ruleId, effectiveFrom },
  });

  it.each<[string, AskedRule, number]>([
    ['nothing', {}, 0],
    ['two things', { ...byTerms(), ...withdraw(1) }, 2],
  ])('asked for %s says how many', (_what, asked, value) => {
    const reason = 'has exactly one of rule, scenario, withdraw';
    expect(refusal(() => plan(asked))).toEqual({ field: 'payload', reason, value });
  });

  it('issues a rule for each version that begins while the terms hold, each with an id', () => {
    const versions = [
      version(1),
      version(2, { effectiveFrom: addDays(DAY, 20), unit: 'contract' }),
      version(3, { effectiveFrom: addDays(DAY, 5), unit: 'execution' }),
      version(4, { effectiveFrom: addDays(DAY, 21) }),
    ];
    const rules = plan(byTerms({ effectiveTo: addDays(DAY, 20) }), { versions });
    expect(rules.map(({ rule }) => [rule.ruleId, rule.effectiveFrom, rule.unit])).toEqual([
      [100, DAY, 'order'],
      [101, addDays(DAY, 5), 'execution'],
      [102, addDays(DAY, 20), 'contract'],
    ]);
    expect(plan(byTerms(), { versions })).toHaveLength(4);
  });

  it('issues one for a day on which a version begins, by the highest of that day', () => {
    const versions = [version(1), version(2, { unit: 'contract' })];
    expect(plan(byTerms(), { versions }).map(({ rule }) => rule.unit)).toEqual(['contract']);
  });

  it('needs a version in force on the first day', () => {
    const early = addDays(DAY, -1);
    const reason = 'has no version in force on this day';
    expect(refusal(() => plan(byTerms({ effectiveFrom: early })))).toEqual({
      ...{ field: 'scenario', reason, value: early },
    });
  });

  it.each([
    ['another market', { ...OWN, market: 'US' }],
    ['another fee', { ...OWN, feeCode: 'OTHER' }],
  ])('takes no scenario of %s', (_what, family) => {
    const details = { field: 'scenario', reason: 'is one of ANY in HK', value: 'mine' };
    expect(refusal(() => plan(byTerms(), { family }))).toEqual(details);
  });

  describe('the end of a rule', () => {
    const rule = issued({ effectiveTo: addDays(DAY, 30), min: '5' });

    it('is a version of the same terms that charges nothing, without end or scenario', () => {
      const [end] = plan(withdraw(1), { rules: [rule] });
      expect(end).toEqual({
        rule: anyRule({
          ...{ ruleId: 100, version: 2, effectiveFrom: LATER, withdrawn: true, min: '5' },
          formula: rule.formula,
        }),
        replaces: rule,
      });
    });

    it('may be its first day, and no day before', () => {
      expect(plan(withdraw(1, DAY), { rules: [rule] })).toHaveLength(1);
      const early = addDays(DAY, -1);
      expect(refusal(() => plan(withdraw(1, early), { rules: [rule] }))).toEqual({
        field: 'effectiveFrom',
        reason: 'lies before the first day of the rule',
        value: early,
      });
    });

    it.each<[string, Partial<FeeRule>]>([
      ['of another market', { market: 'US' }],
      ['of another fee', { feeCode: 'OTHER' }],
      ['of another package', { scheduleId: 'other' }],
      ['of an account', { scheduleId: null, accountNo: 'A1' }],
      ['that is not there', { ruleId: 2 }],
    ])('is none of a rule %s', (_what, changes) => {
      const details = { field: 'withdraw', reason: 'is no rule of the target', value: 1 };
      expect(refusal(() => plan(withdraw(1), { rules: [{ ...rule, ...changes }] }))).toEqual(
        details,
      );
    });

    it('of a personal rule is asked for by its account', () => {
      const personal = { ...rule, scheduleId: null, accountNo: 'A1' };
      const of = (accountNo: string) => ({
        family: { ...OWN, scheduleId: null as unknown as string, accountNo },
        rules: [personal],
      });
      expect(plan(withdraw(1), of('A1'))[0]?.rule).toMatchObject({ accountNo: 'A1' });
      expect(refusal(() => plan(withdraw(1), of('A2')))).toMatchObject({ field: 'withdraw' });
    });
  });
});

describe('the next version of a scenario', () => {
  const NEXT = addDays(DAY, 10);
  const reissue = (
    rules: readonly FeeRule[],
    { from = NEXT, versions = [version(1)] as readonly FeeScenario[] } = {},
  ) => {
    const draft = draftOf({ effectiveFrom: from, unit: 'execution' });
    return newFeeScenario('mine', draft, versions, knownWith(...rules));
  };
  const daysOf = (...of: Parameters<typeof reissue>) =>
    reissue(...of).reissued.map(({ rule }) => [rule.scheduleId, rule.effectiveFrom]);

  it('has the number after the highest', () => {
    const versions = [version(4), version(2)];
    expect(reissue([], { versions }).scenario.version).toBe(5);
  });

  it.each<[keyof FeeScenarioDraft, Partial<FeeScenarioDraft>]>([
    ['market', { market: 'US' }],
    ['feeCode', { feeCode: 'OTHER' }],
    ['sides', { sides: 'BUY' }],
    ['instrumentTypes', { instrumentTypes: ['ETF'] }],
  ])('has the same %s', (field, changes) => {
    const reason = 'is the same in all versions; make another scenario';
    const draft = draftOf(changes);
    expect(refusal(() => newFeeScenario('mine', draft, [version(1)], knownWith()))).toEqual({
      ...{ field, reason, value: changes[field] },
    });
  });

  it('issues its rules again, each with its own terms, place and id', () => {
    const dear: FeeTerms = { ...TERMS, rate: '0.002', min: '5' };
    const rules = [issued(), issued({ ruleId: 2, scheduleId: 'other' }, dear)];
    const { reissued } = reissue(rules);
    expect(reissued.map(({ rule }) => rule)).toEqual([
      anyRule({
        ...{ ruleId: 100, version: 2, effectiveFrom: NEXT, unit: 'execution' },
        formula: { kind: 'rate', rate: '0.001' },
        scenario: { scenarioId: 'mine', version: 2, terms: { ...TERMS, effectiveFrom: NEXT } },
      }),
      anyRule({
        ...{ ruleId: 101, scheduleId: 'other', version: 2, effectiveFrom: NEXT, min: '5' },
        ...{ unit: 'execution', formula: { kind: 'rate', rate: '0.002' } },
        scenario: { scenarioId: 'mine', version: 2, terms: { ...dear, effectiveFrom: NEXT } },
      }),
    ]);
    expect(reissued.map(({ replaces }) => replaces)).toEqual(rules);
  });

  it.each<[string, readonly FeeRule[], unknown[]]>([
    [
      'of another scenario',
      [issued({ scenario: { ...version(1), terms: TERMS, scenarioId: 'x' } })],
      [],
    ],
    ['of none', [anyRule({ formula: { kind: 'flat', amount: '1' } })], []],
    ['that was withdrawn', [issued({ withdrawn: true })], []],
    ['that ended the day before', [issued({ effectiveTo: addDays(NEXT, -1) })], []],
    ['that ends on the first day', [issued({ effectiveTo: NEXT })], [['any', NEXT]]],
    ['that begins on the first day', [issued({ effectiveFrom: NEXT })], [['any', NEXT]]],
    [
      'that begins later',
      [issued({ effectiveFrom: addDays(NEXT, 3) })],
      [['any', addDays(NEXT, 3)]],
    ],
  ])('with a rule %s', (_what, rules, expected) => {
    expect(daysOf(rules)).toEqual(expected);
  });

  it('leaves alone what another rule has taken the place of', () => {
    const own = issued();
    const corrected = anyRule({ ruleId: 2, version: 2, formula: { kind: 'flat', amount: '1' } });
    const renewed = { ...corrected, version: 1, effectiveFrom: addDays(DAY, 1) };
    for (const newer of [corrected, renewed]) {
      expect(daysOf([own, newer])).toEqual([]);
      expect(daysOf([newer, own])).toEqual([]);
    }
    const older = { ...corrected, version: 9, effectiveFrom: addDays(DAY, -1) };
    expect(daysOf([older, own])).toEqual([['any', NEXT]]);
    expect(daysOf([own, older])).toEqual([['any', NEXT]]);
  });

  it('issues a rule of each later day again, and one of all days before the first', () => {
    const days = [-5, 0, 10, 12].map((offset, at) =>
      issued({ ruleId: at + 1, effectiveFrom: addDays(DAY, offset) }),
    );
    expect(daysOf(days)).toEqual([
      ['any', NEXT],
      ['any', addDays(DAY, 12)],
    ]);
  });

  it('that is put before another one issues only what begins before that', () => {
    const versions = [version(1), version(2, { effectiveFrom: addDays(NEXT, 5) })];
    const rules = [
      issued(),
      issued({ ruleId: 2, scheduleId: 'b', effectiveFrom: addDays(NEXT, 4) }),
      issued({ ruleId: 3, scheduleId: 'c', effectiveFrom: addDays(NEXT, 5) }),
    ];
    expect(daysOf(rules, { versions })).toEqual([
      ['any', NEXT],
      ['b', addDays(NEXT, 4)],
    ]);
  });
});
