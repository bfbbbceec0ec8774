import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeRule } from './fee-rule.ts';
import { invalidRule } from './fee-rule-meaning.ts';
import { resolveTerms, type FeeScenario } from './fee-scenario.ts';
import { newFeeRule, type KnownRules, type NewFeeRule } from './new-fee-rule.ts';
import { byAge, newestOn } from './newest-version.ts';
import { addInTurn } from './plan-fee-rules.ts';
import { placeOf } from './rule-family.ts';

export type FeeScenarioDraft = Omit<FeeScenario, 'scenarioId' | 'version'>;

export interface NewFeeScenario {
  readonly scenario: FeeScenario;
  /** The rules that depend on it, issued again by the new version. */
  readonly reissued: readonly NewFeeRule[];
}

/**
 * The next version of a scenario, with all rules that depend on it issued again from its first day.
 * Throws FEE_RULE_INVALID with the field and, where a rule of a package or account is the reason,
 * its id.
 */
export function newFeeScenario(
  scenarioId: string,
  draft: FeeScenarioDraft,
  versions: readonly FeeScenario[],
  known: KnownRules,
): NewFeeScenario {
  const version = Math.max(0, ...versions.map((each) => each.version)) + 1;
  const scenario = { ...draft, scenarioId, version };
  assertSameMatch(scenario, versions.at(-1));
  assertUsable(scenario, known);
  const reissued: NewFeeRule[] = [];
  for (const rule of dependents(known.ofMarket, scenario, [...versions, scenario])) {
    const ofMarket = [...known.ofMarket, ...reissued.map((each) => each.rule)];
    const nextRuleId = known.nextRuleId + reissued.length;
    reissued.push(...reissue(rule, scenario, { ...known, ofMarket, nextRuleId }));
  }
  return { scenario, reissued };
}

/** With another match part the rules of the former version would stay in force beside it. */
function assertSameMatch(scenario: FeeScenario, former: FeeScenario | undefined): void {
  if (former === undefined) return;
  for (const field of ['market', 'feeCode', 'sides', 'instrumentTypes'] as const) {
    if (JSON.stringify(scenario[field]) === JSON.stringify(former[field])) continue;
    throw invalidRule(field, 'is the same in all versions; make another scenario', scenario[field]);
  }
}

/** A rule of no package with a rate of zero shows whether the scenario itself can be used. */
function assertUsable(scenario: FeeScenario, known: KnownRules): void {
  const { market, feeCode, effectiveFrom, metric, feeCodes } = scenario;
  if ((metric === 'fees') !== (feeCodes !== undefined)) {
    throw invalidRule('feeCodes', 'belong to the metric fees, and only to it', feeCodes);
  }
  const terms = { effectiveFrom, rate: '0', currency: known.currency };
  const family = { market, feeCode, scheduleId: `scenario ${scenario.scenarioId}` };
  newFeeRule(family, resolveTerms(scenario, terms), known);
}

/**
 * In each place the rule that is in force on the first day of the new version, and those that begin
 * later while it is in force; all of this scenario.
 */
function dependents(
  rules: readonly FeeRule[],
  scenario: FeeScenario,
  versions: readonly FeeScenario[],
): readonly FeeRule[] {
  const from = scenario.effectiveFrom;
  const last = new Map<string, FeeRule>();
  for (const rule of rules) {
    // The highest version of a place on a day, or of all days up to the first one.
    const key = `${laterOf(rule.effectiveFrom, from)} ${placeOf(rule)}`;
    const rival = last.get(key);
    if (rival === undefined || byAge(rule, rival) > 0) last.set(key, rule);
  }
  return [...last.values()].filter(
    (rule) =>
      rule.scenario?.scenarioId === scenario.scenarioId &&
      rule.withdrawn !== true &&
      (rule.effectiveTo === undefined || rule.effectiveTo >= from) &&
      newestOn(versions, laterOf(rule.effectiveFrom, from)) === scenario,
  );
}

const laterOf = (a: BusinessDate, b: BusinessDate): BusinessDate => (a > b ? a : b);

function reissue(rule: FeeRule, scenario: FeeScenario, known: KnownRules): readonly NewFeeRule[] {
  if (rule.scenario === undefined) return [];
  const effectiveFrom = laterOf(rule.effectiveFrom, scenario.effectiveFrom);
  const terms = { ...rule.scenario.terms, effectiveFrom };
  try {
    return addInTurn(rule, [resolveTerms(scenario, terms)], known);
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    throw new ClearingError(error.code, { ...error.details, ofRule: rule.ruleId });
  }
}
