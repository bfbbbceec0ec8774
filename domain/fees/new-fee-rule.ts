import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeRule } from './fee-rule.ts';
import { assertMeaning, invalidRule, type RuleSurroundings } from './fee-rule-meaning.ts';
import { newestOn } from './newest-version.ts';
import { parseFeeRule } from './parse-fee-rules.ts';
import { rivalsOf, type RuleFamily } from './rule-family.ts';

/*
 * How a fee changes: never by editing a rule, always by one more version of it. It begins later, or
 * it corrects a version from the same day and then prices only what is billed from now on.
 */

/** What a person writes down; the family is the ticket's target, id and version are given to it. */
export type FeeRuleDraft = Readonly<Record<string, unknown>>;

export interface NewFeeRule {
  readonly rule: FeeRule;
  /** The version whose place it takes on its first day; none for a line that is new. */
  readonly replaces: FeeRule | undefined;
}

export interface KnownRules extends RuleSurroundings {
  readonly nextRuleId: number;
  /** The open ledger date: a version may be put between others while it is not in force yet. */
  readonly today: BusinessDate;
}

/**
 * The rule that a draft becomes. Throws FEE_RULE_INVALID with the field and the reason; a field
 * that a formula does not have is refused too, since it would be overlooked for ever.
 */
export function newFeeRule(family: RuleFamily, draft: FeeRuleDraft, known: KnownRules): NewFeeRule {
  const { market, feeCode, scheduleId, accountNo } = family;
  const owner = accountNo === undefined ? { scheduleId } : { scheduleId, accountNo };
  const ids = { ruleId: known.nextRuleId, feeCode, market, ...owner };
  const shape = parsed({ ...draft, ...ids, version: 1 });
  const rivals = rivalsOf(shape, known.ofMarket);
  const rule = { ...shape, version: Math.max(0, ...rivals.map((rival) => rival.version)) + 1 };
  assertMeaning(rule, known);
  assertPlace(rule, rivals, known.today);
  return { rule, replaces: newestOn(rivals, rule.effectiveFrom) };
}

function parsed(candidate: FeeRuleDraft): FeeRule {
  try {
    return parseFeeRule(candidate);
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    const { field, expected, value, text } = error.details;
    if (typeof field === 'string') throw invalidRule(field, `has to be ${String(expected)}`, value);
    // A day that does not exist is refused by its text alone.
    const ofText = Object.keys(candidate).find((name) => candidate[name] === text);
    throw invalidRule(ofText ?? 'rule', 'has to be a day that exists', text);
  }
}

function assertPlace(rule: FeeRule, rivals: readonly FeeRule[], today: BusinessDate): void {
  const { effectiveFrom } = rule;
  const isBetween = rivals.some((rival) => rival.effectiveFrom > effectiveFrom);
  const corrects = rivals.some((rival) => rival.effectiveFrom === effectiveFrom);
  if (isBetween && !corrects && effectiveFrom <= today) {
    const reason = 'lies between versions that were in force: correct one from its own first day';
    throw invalidRule('effectiveFrom', reason, effectiveFrom);
  }
}
