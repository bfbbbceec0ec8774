import { describe, expect, it } from 'vitest';
import { addDays, parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import type { FeeRule, FeeTerms } from '../../../domain/fees/fee-rule.ts';
import type { FeeScenario } from '../../../domain/fees/fee-scenario.ts';
import type { FeeScenarioDraft } from '../../../domain/fees/new-fee-scenario.ts';
import { newFeeScenario } from '../../../domain/fees/new-fee-scenario.ts';
import { planFeeRules, type AskedRule } from '../../../domain/fees/plan-fee-rules.ts';
import type { RuleFamily } from '../../../domain/fees/rule-family.ts';
import { selectRules } from '../../../domain/fees/select-rules.ts';
import { referenceData } from '../reference.ts';

const TODAY = parseBusinessDate('2025-12-22');
const NEXT_YEAR = parseBusinessDate('2026-01-01');
const MARCH = parseBusinessDate('2026-03-01');
const HK_RULES = referenceData.rules.filter(({ market }) => market === 'HK');

/** A broker's rules and scenarios, to which tickets add. */
class Desk {
  rules: FeeRule[] = [...HK_RULES];
  versions: FeeScenario[] = [];

  private get known() {
    return {
      ofMarket: this.rules,
      feeCodes: [...new Set(HK_RULES.map(({ feeCode }) => feeCode))],
      currency: 'HKD',
      rates: [],
      nextRuleId: Math.max(...this.rules.map(({ ruleId }) => ruleId)) + 1,
      today: TODAY,
    };
  }

  add(family: Partial<RuleFamily>, asked: AskedRule): readonly FeeRule[] {
    const of = { market: 'HK', feeCode: 'COMMISSION', scheduleId: null, ...family };
    const added = planFeeRules(of, asked, this.versions, this.known).map(({ rule }) => rule);
    this.rules.push(...added);
    return added;
  }

  scenario(changes: Partial<FeeScenarioDraft> = {}): readonly FeeRule[] {
    const draft: FeeScenarioDraft = { ...SCENARIO, ...changes };
    const { scenario, reissued } = newFeeScenario('hk-rate', draft, this.versions, this.known);
    this.versions.push(scenario);
    const rules = reissued.map(({ rule }) => rule);
    this.rules.push(...rules);
    return rules;
  }

  winner(tradeDate = TODAY, accountNo: string | null = null) {
    const query = {
      scheduleId: 'sample-hk-retail',
      market: 'HK',
      instrumentType: 'EQUITY',
      stampDutyExempt: false,
      side: 'BUY' as const,
      tradeDate,
      channel: 0,
      accountNo,
    };
    const { chosen } = selectRules(this.rules, query);
    return chosen.find(({ rule }) => rule.feeCode === 'COMMISSION')!;
  }
}

const SCENARIO: FeeScenarioDraft = {
  effectiveFrom: parseBusinessDate('2025-01-01'),
  market: 'HK',
  feeCode: 'COMMISSION',
  sides: 'BOTH',
  metric: 'amount',
  unit: 'order',
  rounding: { mode: 'half-up', increment: '0.01' },
};
const WITHOUT_RATE: FeeTerms = { effectiveFrom: TODAY, currency: 'HKD' };
const TERMS: FeeTerms = { ...WITHOUT_RATE, rate: '0.0002' };
const PERSONAL = { accountNo: 'A0001' };
const byScenario = (changes: Partial<FeeTerms> = {}): AskedRule => ({
  scenario: { scenarioId: 'hk-rate', terms: { ...TERMS, ...changes } },
});
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return (error as { details: Record<string, unknown> }).details;
  }
  return expect.unreachable('it was accepted');
};

describe('a rule by scenario', () => {
  it('is a whole rule that names the version of its scenario', () => {
    const desk = new Desk();
    desk.scenario();
    const [rule] = desk.add(PERSONAL, byScenario({ min: '5' }));
    expect(rule).toMatchObject({
      ...{ accountNo: 'A0001', unit: 'order', min: '5', sides: 'BOTH' },
      formula: { kind: 'rate', rate: '0.0002' },
      scenario: { scenarioId: 'hk-rate', version: 1 },
    });
    expect(desk.winner(TODAY, 'A0001').rule).toBe(rule);
  });

  it.each<[FeeScenarioDraft['metric'], Partial<FeeTerms>, string]>([
    ['quantity', {}, 'perShare'],
    ['contracts', {}, 'perContract'],
    ['flat', {}, 'flat'],
    ['orders', {}, 'perOrder'],
    ['emsOrders', {}, 'perEmsOrder'],
    ['executions', {}, 'perExecution'],
    ['amount', { tiers: [{ gt: '0', lte: null, rate: '0.1' }] }, 'amountTier'],
    ['quantity', { tiers: [{ gt: '0', lte: null, rate: '0.1' }] }, 'quantityTier'],
    ['amount', { monthlyTiers: [{ upTo: null, rate: '0.1' }] }, 'turnoverTier'],
    ['quantity', { monthlyTiers: [{ upTo: null, rate: '0.1' }] }, 'shareTier'],
    ['orders', { monthlyTiers: [{ upTo: null, rate: '0.1' }] }, 'orderTier'],
  ])('on %s with %o is %s', (metric, shape, kind) => {
    const desk = new Desk();
    desk.scenario({ metric });
    const terms = Object.keys(shape).length === 0 ? TERMS : { ...WITHOUT_RATE, ...shape };
    const [rule] = desk.add(PERSONAL, { scenario: { scenarioId: 'hk-rate', terms } });
    expect(rule?.formula.kind).toBe(kind);
  });

  it('is issued again, from its first day, by each version of the scenario', () => {
    const desk = new Desk();
    desk.scenario();
    const [before] = desk.add(PERSONAL, byScenario());
    desk.add({ scheduleId: 'sample-hk-vip' }, byScenario({ effectiveFrom: MARCH }));
    const reissued = desk.scenario({ unit: 'execution', effectiveFrom: NEXT_YEAR });
    expect(reissued.map((rule) => [rule.accountNo, rule.effectiveFrom, rule.unit])).toEqual([
      ['A0001', NEXT_YEAR, 'execution'],
      [undefined, MARCH, 'execution'],
    ]);
    expect(reissued.every(({ scenario }) => scenario?.version === 2)).toBe(true);
    expect(desk.winner(addDays(NEXT_YEAR, -1), 'A0001').rule).toBe(before);
    expect(desk.winner(NEXT_YEAR, 'A0001').rule).toBe(reissued[0]);
  });

  it('follows the versions that begin while its terms hold', () => {
    const desk = new Desk();
    desk.scenario();
    desk.scenario({ effectiveFrom: NEXT_YEAR, unit: 'execution' });
    desk.scenario({ effectiveFrom: MARCH, unit: 'contract' });
    const until = parseBusinessDate('2026-02-01');
    const issued = desk.add(PERSONAL, byScenario({ effectiveTo: until }));
    expect(issued.map(({ effectiveFrom, unit }) => [effectiveFrom, unit])).toEqual([
      [TODAY, 'order'],
      [NEXT_YEAR, 'execution'],
    ]);
  });

  it.each<[string, Partial<FeeTerms>, string]>([
    ['a rate and tiers', { tiers: [{ gt: '0', lte: null, rate: '1' }] }, 'terms'],
    [
      'a first day before the scenario',
      { effectiveFrom: parseBusinessDate('2024-01-01') },
      'scenario',
    ],
    ['a mode without tiers', { monthlyMode: 'slab' }, 'monthlyMode'],
    ['another currency', { currency: 'USD' }, 'currency'],
  ])('with %s is refused', (_what, changes, field) => {
    const desk = new Desk();
    desk.scenario();
    expect(refusal(() => desk.add(PERSONAL, byScenario(changes)))).toMatchObject({ field });
  });
});

describe('a version of a scenario', () => {
  it.each<[string, Partial<FeeScenarioDraft>, string]>([
    ['another match part', { sides: 'BUY' }, 'sides'],
    ['another market', { market: 'US' }, 'market'],
    ['fee codes without the metric', { feeCodes: ['STAMP'] }, 'feeCodes'],
    ['an unknown unit', { unit: 'week' as never }, 'unit'],
  ])('with %s is refused', (_what, changes, field) => {
    const desk = new Desk();
    desk.scenario();
    const later = { effectiveFrom: NEXT_YEAR, ...changes };
    expect(refusal(() => desk.scenario(later))).toMatchObject({ field });
  });

  it('is refused with the rule that it would spoil', () => {
    const desk = new Desk();
    desk.scenario();
    const tiers = [{ gt: '0', lte: null, rate: '1' }];
    const scenario = { scenarioId: 'hk-rate', terms: { ...WITHOUT_RATE, tiers } };
    const [rule] = desk.add(PERSONAL, { scenario });
    const flat = { metric: 'flat', effectiveFrom: NEXT_YEAR } as const;
    expect(refusal(() => desk.scenario(flat))).toMatchObject({
      field: 'tiers',
      ofRule: rule?.ruleId,
    });
  });
});

describe('the end of a rule', () => {
  it('lets the next in precedence win from its day on, and names itself', () => {
    const desk = new Desk();
    const ordinary = desk.winner().rule;
    desk.scenario();
    const [personal] = desk.add(PERSONAL, byScenario());
    const { ruleId } = personal!;
    const [end] = desk.add(PERSONAL, { withdraw: { ruleId, effectiveFrom: NEXT_YEAR } });
    expect(desk.winner(TODAY, 'A0001').rule).toBe(personal);
    const { rule, losers } = desk.winner(NEXT_YEAR, 'A0001');
    expect(rule).toBe(ordinary);
    for (const each of [personal!, end!]) {
      expect(losers).toContainEqual({
        ...{ ruleId: each.ruleId, version: each.version, reason: 'withdrawn' },
      });
    }
    const reissued = desk.scenario({ effectiveFrom: MARCH, unit: 'execution' });
    expect(reissued).toEqual([]);
  });

  it('is only one of the target, and not before its first day', () => {
    const desk = new Desk();
    const { ruleId } = desk.winner().rule;
    const withdraw = { ruleId, effectiveFrom: NEXT_YEAR };
    expect(refusal(() => desk.add(PERSONAL, { withdraw }))).toMatchObject({ field: 'withdraw' });
    const early = { ruleId, effectiveFrom: parseBusinessDate('2019-01-01') };
    const of = { scheduleId: 'sample-hk-retail' };
    expect(refusal(() => desk.add(of, { withdraw: early }))).toMatchObject({
      field: 'effectiveFrom',
    });
  });
});

describe('a cycle of fees of fees', () => {
  const ofFees = (...feeCodes: string[]): AskedRule => ({
    rule: {
      ...{ effectiveFrom: TODAY, sides: 'BOTH', unit: 'contract', currency: 'HKD' },
      formula: { kind: 'ofFees', rate: '0.1', feeCodes },
      rounding: { mode: 'half-up', increment: '0.01' },
    },
  });

  it('is refused over any number of codes, whoever pays them', () => {
    const desk = new Desk();
    desk.add({ feeCode: 'PLATFORM_FEE', scheduleId: 'sample-hk-vip' }, ofFees('COMMISSION'));
    desk.add({ feeCode: 'SFC_LEVY' }, ofFees('PLATFORM_FEE'));
    const details = refusal(() => desk.add({ accountNo: 'A0001' }, ofFees('SFC_LEVY')));
    expect(details).toMatchObject({ field: 'formula', reason: 'is computed from itself' });
    expect(() => desk.add({ accountNo: 'A0001' }, ofFees('STAMP'))).not.toThrow();
  });

  it('is none once the rule that would close it has been replaced', () => {
    const desk = new Desk();
    const own = { feeCode: 'PLATFORM_FEE', scheduleId: 'sample-hk-vip' };
    desk.add(own, ofFees('COMMISSION'));
    desk.add(own, ofFees('STAMP'));
    expect(() => desk.add({ accountNo: 'A0001' }, ofFees('PLATFORM_FEE'))).not.toThrow();
  });
});
