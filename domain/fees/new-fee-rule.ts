import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import type { FeeFormula, FeeRule } from './fee-rule.ts';
import { parseFeeRule } from './parse-fee-rules.ts';

/*
 * How a fee changes: never by editing a rule, always by one more version of it. It begins later, or
 * it corrects a version from the same day and then prices only what is billed from now on.
 */

/** Rules that compete for one line: a fee code of a market, by a schedule or statutory (null). */
export interface RuleFamily {
  readonly market: string;
  readonly feeCode: string;
  readonly scheduleId: string | null;
}

/** What a person writes down; the family is the ticket's target, id and version are given to it. */
export type FeeRuleDraft = Readonly<Record<string, unknown>>;

export interface NewFeeRule {
  readonly rule: FeeRule;
  /** The version whose place it takes on its first day; none for a line that is new. */
  readonly replaces: FeeRule | undefined;
}

export interface KnownRules {
  /** Every version of the family. */
  readonly rules: readonly FeeRule[];
  /** The currency of the market. */
  readonly currency: string;
  readonly nextRuleId: number;
  /** The open ledger date: a version may be put between others while it is not in force yet. */
  readonly today: BusinessDate;
}

const FORMULA_FIELDS: Readonly<Record<FeeFormula['kind'], readonly string[]>> = {
  rate: ['rate'],
  perMillion: ['amount'],
  flat: ['amount'],
  perShare: ['amount', 'skipBelowAmount'],
  perContract: ['amount'],
  orderTier: ['tiers'],
  shareTier: ['tiers'],
  turnoverTier: ['mode', 'tiers'],
  remainder: ['totalFactor'],
};

const invalid = (field: string, reason: string, value: unknown): ClearingError =>
  new ClearingError('FEE_RULE_INVALID', { field, reason, value: value ?? null });

/**
 * The rule that a draft becomes. Throws FEE_RULE_INVALID with the field and the reason; a field
 * that a formula does not have is refused too, since it would be overlooked for ever.
 */
export function newFeeRule(family: RuleFamily, draft: FeeRuleDraft, known: KnownRules): NewFeeRule {
  const rivals = known.rules.filter((rule) => scopeOf(rule) === scopeOf(draft));
  const version = Math.max(0, ...rivals.map((rule) => rule.version)) + 1;
  const { market, feeCode, scheduleId } = family;
  const ids = { ruleId: known.nextRuleId, feeCode, market, scheduleId, version };
  const rule = parsed({ ...draft, ...ids });
  assertMeaning(rule, known.currency);
  assertPlace(rule, rivals, known.today);
  return { rule, replaces: newestOf(rivals, rule.effectiveFrom) };
}

/** Only rules for the same side, types and channels take each other's place. */
function scopeOf(rule: FeeRuleDraft | FeeRule): string {
  const { sides, instrumentTypes, conditions } = rule as Partial<FeeRule>;
  const sorted = (list: readonly unknown[] | undefined) => (list ? [...list].sort() : null);
  return JSON.stringify([sides, sorted(instrumentTypes), sorted(conditions?.channels)]);
}

function parsed(candidate: FeeRuleDraft): FeeRule {
  try {
    return parseFeeRule(candidate);
  } catch (error) {
    if (!(error instanceof ClearingError)) throw error;
    const { field, expected, value, text } = error.details;
    if (typeof field === 'string') throw invalid(field, `has to be ${String(expected)}`, value);
    // A day that does not exist is refused by its text alone.
    const ofText = Object.keys(candidate).find((name) => candidate[name] === text);
    throw invalid(ofText ?? 'rule', 'has to be a day that exists', text);
  }
}

/** What the fields say together. */
function assertMeaning(rule: FeeRule, currency: string): void {
  if (rule.currency !== currency) throw invalid('currency', `has to be ${currency}`, rule.currency);
  if (rule.effectiveTo !== undefined && rule.effectiveTo < rule.effectiveFrom) {
    throw invalid('effectiveTo', 'lies before effectiveFrom', rule.effectiveTo);
  }
  const { min, max } = rule;
  if (min !== undefined && max !== undefined && parseDecimal(min).gt(parseDecimal(max))) {
    throw invalid('max', 'is below min', max);
  }
  const allowed = FORMULA_FIELDS[rule.formula.kind];
  const unknown = Object.keys(rule.formula).find(
    (name) => name !== 'kind' && !allowed.includes(name),
  );
  if (unknown !== undefined) {
    throw invalid('formula', `${rule.formula.kind} has no ${unknown}`, rule.formula);
  }
  if ('tiers' in rule.formula) assertTiers(rule.formula.tiers);
}

/** Each tier ends above the one before, and the last one has no end. */
function assertTiers(tiers: readonly { readonly upTo: string | number | null }[]): void {
  const ends = tiers.map(({ upTo }) => (upTo === null ? Infinity : Number(upTo)));
  const isRising = ends.every((end, at) => at === 0 || end > (ends[at - 1] ?? 0));
  if (!isRising || ends.at(-1) !== Infinity) {
    throw invalid('formula', 'tiers have to rise, and the last one has no end', tiers);
  }
}

function assertPlace(rule: FeeRule, rivals: readonly FeeRule[], today: BusinessDate): void {
  const newest = newestOf(rivals, undefined);
  const { effectiveFrom } = rule;
  const isLater = newest === undefined || effectiveFrom > newest.effectiveFrom;
  const corrects = rivals.some((rival) => rival.effectiveFrom === effectiveFrom);
  if (!isLater && !corrects && effectiveFrom <= today) {
    const reason = 'lies between versions that were in force: correct one from its own first day';
    throw invalid('effectiveFrom', reason, effectiveFrom);
  }
}

/** The version in force on a day, or the last one of all. */
function newestOf(rules: readonly FeeRule[], onDay: BusinessDate | undefined): FeeRule | undefined {
  return [...rules]
    .filter((rule) => onDay === undefined || rule.effectiveFrom <= onDay)
    .sort(
      (a, b) =>
        Number(a.effectiveFrom > b.effectiveFrom) - Number(a.effectiveFrom < b.effectiveFrom) ||
        a.version - b.version,
    )
    .at(-1);
}
