import type { BusinessDate } from '../calendar/business-date.ts';
import type { FeeTerms } from './fee-rule.ts';
import { invalidRule } from './fee-rule-meaning.ts';
import { resolveTerms, type FeeScenario } from './fee-scenario.ts';
import { newFeeRule, type FeeRuleDraft, type KnownRules, type NewFeeRule } from './new-fee-rule.ts';
import { newestOn } from './newest-version.ts';
import type { RuleFamily } from './rule-family.ts';

/** One of three: a whole rule, the terms of a scenario, or the end of a rule. */
export interface AskedRule {
  readonly rule?: FeeRuleDraft | undefined;
  readonly scenario?: { readonly scenarioId: string; readonly terms: FeeTerms } | undefined;
  readonly withdraw?: { readonly ruleId: number; readonly effectiveFrom: BusinessDate } | undefined;
}

/**
 * The rules that an asked one becomes: one, or one for each version of its scenario that begins
 * while the terms hold. `versions`: of the scenario. Throws FEE_RULE_INVALID.
 */
export function planFeeRules(
  family: RuleFamily,
  { rule, scenario, withdraw }: AskedRule,
  versions: readonly FeeScenario[],
  known: KnownRules,
): readonly NewFeeRule[] {
  const asked = [rule, scenario, withdraw].filter((part) => part !== undefined);
  if (asked.length !== 1) {
    throw invalidRule('payload', 'has exactly one of rule, scenario, withdraw', asked.length);
  }
  const drafts = [
    ...(rule === undefined ? [] : [rule]),
    ...(scenario === undefined ? [] : issuedDrafts(family, scenario.terms, versions)),
    ...(withdraw === undefined ? [] : [endOf(family, withdraw, known)]),
  ];
  return addInTurn(family, drafts, known);
}

/** Adds the drafts one after the other, as if each had been there before the next. */
export function addInTurn(
  family: RuleFamily,
  drafts: readonly FeeRuleDraft[],
  known: KnownRules,
): readonly NewFeeRule[] {
  const added: NewFeeRule[] = [];
  for (const draft of drafts) {
    const ofMarket = [...known.ofMarket, ...added.map(({ rule }) => rule)];
    const nextRuleId = known.nextRuleId + added.length;
    added.push(newFeeRule(family, draft, { ...known, ofMarket, nextRuleId }));
  }
  return added;
}

function issuedDrafts(
  { market, feeCode }: RuleFamily,
  terms: FeeTerms,
  versions: readonly FeeScenario[],
): readonly FeeRuleDraft[] {
  const first = newestOn(versions, terms.effectiveFrom);
  if (first === undefined) {
    throw invalidRule('scenario', 'has no version in force on this day', terms.effectiveFrom);
  }
  if (first.market !== market || first.feeCode !== feeCode) {
    const reason = `is one of ${first.feeCode} in ${first.market}`;
    throw invalidRule('scenario', reason, first.scenarioId);
  }
  const until = terms.effectiveTo;
  const laterDays = [...new Set(versions.map(({ effectiveFrom }) => effectiveFrom))]
    .filter((day) => day > terms.effectiveFrom && (until === undefined || day <= until))
    .sort();
  return [terms.effectiveFrom, ...laterDays].map((effectiveFrom) => {
    const version = newestOn(versions, effectiveFrom) ?? first;
    return resolveTerms(version, { ...terms, effectiveFrom });
  });
}

/** What ended with a rule, and what was the reason for its numbers. */
const LEFT_BEHIND = ['effectiveTo', 'scenario'];

function endOf(
  { market, feeCode, scheduleId, accountNo }: RuleFamily,
  { ruleId, effectiveFrom }: NonNullable<AskedRule['withdraw']>,
  known: KnownRules,
): FeeRuleDraft {
  const rule = known.ofMarket.find((each) => each.ruleId === ruleId);
  const isOfFamily =
    rule !== undefined &&
    rule.market === market &&
    rule.feeCode === feeCode &&
    rule.scheduleId === scheduleId &&
    rule.accountNo === accountNo;
  if (!isOfFamily) throw invalidRule('withdraw', 'is no rule of the target', ruleId);
  if (effectiveFrom < rule.effectiveFrom) {
    throw invalidRule('effectiveFrom', 'lies before the first day of the rule', effectiveFrom);
  }
  const kept = Object.entries(rule).filter(([name]) => !LEFT_BEHIND.includes(name));
  return { ...Object.fromEntries(kept), effectiveFrom, withdrawn: true };
}
