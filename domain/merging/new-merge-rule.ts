import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { mergeRuleOn, type MergeRule } from './merge-rule.ts';

/** What a person writes down; id and version are given to it. */
export type MergeRuleDraft = Omit<MergeRule, 'mergeRuleId' | 'version' | 'voided'>;

/** What a version is held against. */
interface OtherVersions {
  /** Every version of every merge rule. */
  readonly all: readonly MergeRule[];
  /** The open ledger date: a version may be put between others while it is not in force yet. */
  readonly today: BusinessDate;
}

export interface KnownMergeRules extends OtherVersions {
  readonly markets: readonly string[];
  /** Packages of the draft's market that have begun by its first day. */
  readonly packages: readonly string[];
}

export const invalidMergeRule = (field: string, reason: string, value: unknown): ClearingError =>
  new ClearingError('MERGE_RULE_INVALID', { field, reason, value: value ?? null });

/**
 * The next version of a rule, or the first. Throws MERGE_RULE_INVALID with the field and the
 * reason.
 */
export function newMergeRule(
  mergeRuleId: string,
  draft: MergeRuleDraft,
  known: KnownMergeRules,
): MergeRule {
  const versions = versionsOf(mergeRuleId, known.all);
  const rule = { ...draft, mergeRuleId, version: versions.length + 1 };
  assertMarket(rule, versions.at(-1), known);
  if (rule.effectiveTo !== undefined && rule.effectiveTo < rule.effectiveFrom) {
    throw invalidMergeRule('effectiveTo', 'lies before effectiveFrom', rule.effectiveTo);
  }
  assertPlace(rule.effectiveFrom, versions, known.today);
  assertItems(rule);
  assertPackages(rule, known);
  return rule;
}

/** The version that ends a rule. Throws MERGE_RULE_INVALID where nothing is in force to be ended. */
export function voidedMergeRule(
  mergeRuleId: string,
  effectiveFrom: BusinessDate,
  known: OtherVersions,
): MergeRule {
  const versions = versionsOf(mergeRuleId, known.all);
  const former = mergeRuleOn(versions, effectiveFrom);
  if (former === undefined) {
    throw invalidMergeRule('effectiveFrom', 'the rule is not in force on this day', effectiveFrom);
  }
  assertPlace(effectiveFrom, versions, known.today);
  const { name, market, packages, merge, greyMarketMerge, items } = former;
  return {
    ...{ mergeRuleId, version: versions.length + 1, name, market, effectiveFrom, packages },
    ...{ merge, greyMarketMerge, items, voided: true },
  };
}

const versionsOf = (mergeRuleId: string, all: readonly MergeRule[]): readonly MergeRule[] =>
  all.filter((rule) => rule.mergeRuleId === mergeRuleId);

function assertMarket(
  { market }: MergeRule,
  former: MergeRule | undefined,
  { markets }: KnownMergeRules,
): void {
  if (!markets.includes(market)) throw invalidMergeRule('market', 'is not known', market);
  if (former === undefined || former.market === market) return;
  const reason = 'is the same in all versions; make another rule';
  throw invalidMergeRule('market', reason, market);
}

/** What was in force stays as it was billed by: only its own first day may be corrected. */
function assertPlace(from: BusinessDate, versions: readonly MergeRule[], today: BusinessDate) {
  const isBetween = versions.some(({ effectiveFrom }) => effectiveFrom > from);
  const corrects = versions.some(({ effectiveFrom }) => effectiveFrom === from);
  if (!isBetween || corrects || from > today) return;
  const reason = 'lies between versions that were in force: correct one from its own first day';
  throw invalidMergeRule('effectiveFrom', reason, from);
}

function assertItems({ merge, items }: MergeRule): void {
  if (merge && items.length === 0) {
    throw invalidMergeRule('items', 'name no order source: nothing would be merged', items);
  }
  const tags = new Set<string>();
  const sources = new Map<number, string>();
  for (const [at, { mergeTag, orderSources }] of items.entries()) {
    if (tags.has(mergeTag)) {
      throw invalidMergeRule(`items.${at}.mergeTag`, 'stands there twice', mergeTag);
    }
    tags.add(mergeTag);
    for (const source of orderSources) {
      const other = sources.get(source);
      if (other !== undefined) {
        const reason = `order source ${source} belongs to ${other} already`;
        throw invalidMergeRule(`items.${at}.orderSources`, reason, orderSources);
      }
      sources.set(source, mergeTag);
    }
  }
}

/** Accounts of a package are merged by one rule at a time. */
function assertPackages(rule: MergeRule, { all, packages }: KnownMergeRules): void {
  const unknown = rule.packages.find((each) => !packages.includes(each));
  if (unknown !== undefined) {
    const reason = 'is no package that has a rule in force in this market';
    throw invalidMergeRule('packages', reason, unknown);
  }
  const versions = [...versionsOf(rule.mergeRuleId, all), rule];
  const rivals = all.filter((each) => each.market === rule.market);
  for (const id of new Set(rivals.map(({ mergeRuleId }) => mergeRuleId))) {
    if (id === rule.mergeRuleId) continue;
    const shared = sharedPackage(rule, versions, versionsOf(id, rivals));
    if (shared === undefined) continue;
    throw invalidMergeRule('packages', `has the merge rule ${id} in force at that time`, shared);
  }
}

/** Two rules begin to overlap on the first day of a version of one of them. */
function sharedPackage(
  rule: MergeRule,
  versions: readonly MergeRule[],
  rivals: readonly MergeRule[],
): string | undefined {
  const days = [rule, ...rivals].map(({ effectiveFrom }) => effectiveFrom);
  return days
    .filter((day) => day >= rule.effectiveFrom && mergeRuleOn(versions, day) === rule)
    .flatMap((day) => mergeRuleOn(rivals, day)?.packages ?? [])
    .find((each) => rule.packages.includes(each));
}
