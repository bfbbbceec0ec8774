import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeRule } from './fee-rule.ts';
import { placeOf } from './rule-family.ts';
import { byPrecedence, lossAgainst, ownerOf, type RuleOwner } from './rule-precedence.ts';
import type { LosingReason, LosingRule, TariffQuery, UnchargedCode } from './tariff-plan.ts';

export interface SelectedRule {
  readonly rule: FeeRule;
  readonly losers: readonly LosingRule[];
}

export interface RuleSelection {
  readonly chosen: readonly SelectedRule[];
  readonly uncharged: readonly UnchargedCode[];
}

const isInForce = (rule: FeeRule, query: TariffQuery): boolean =>
  rule.effectiveFrom <= query.tradeDate &&
  (rule.effectiveTo === undefined || query.tradeDate <= rule.effectiveTo);

/** The first condition that does not hold; null when all do, or there are none. */
function conditionNotMet(rule: FeeRule, query: TariffQuery): LosingReason | null {
  const { channels, stages, instruments, accounts } = rule.conditions ?? {};
  const holds = (list: readonly unknown[] | undefined, value: unknown): boolean =>
    list === undefined || list.includes(value);
  if (!holds(channels, query.channel)) return 'channel-condition-not-met';
  if (!holds(stages, query.stage ?? 'NORMAL')) return 'stage-condition-not-met';
  if (!holds(instruments, query.instrumentId)) return 'instrument-condition-not-met';
  return holds(accounts, query.accountNo) ? null : 'account-condition-not-met';
}

/** Why a rule cannot price this trade at all, in the order in which it is asked; null: it can. */
function refusalOf(rule: FeeRule, query: TariffQuery): LosingReason | null {
  if (rule.instrumentTypes?.includes(query.instrumentType) === false)
    return 'other-instrument-type';
  if (rule.sides !== 'BOTH' && rule.sides !== query.side) return 'other-side';
  if (query.tradeDate < rule.effectiveFrom) return 'not-yet-in-force';
  if (!isInForce(rule, query)) return 'no-longer-in-force';
  return conditionNotMet(rule, query);
}

/** Ends the versions in whose place a withdrawn rule stands; `rules`: those that could win. */
function isWithdrawn(rule: FeeRule, rules: readonly FeeRule[]): boolean {
  return rules
    .filter((other) => other.withdrawn === true)
    .some(
      (ender) =>
        ender === rule || (placeOf(ender) === placeOf(rule) && byPrecedence(ender, rule) < 0),
    );
}

function selectCode(
  feeCode: string,
  rules: readonly FeeRule[],
  query: TariffQuery,
): SelectedRule | UnchargedCode {
  const refusals = new Map(rules.map((rule) => [rule, refusalOf(rule, query)]));
  const open = rules.filter((rule) => refusals.get(rule) === null);
  for (const rule of open) if (isWithdrawn(rule, open)) refusals.set(rule, 'withdrawn');
  const winner = open.filter((rule) => refusals.get(rule) === null).sort(byPrecedence)[0];
  const losers = rules
    .filter((rule) => rule !== winner)
    .map((rule) => ({
      ruleId: rule.ruleId,
      version: rule.version,
      reason: refusals.get(rule) ?? lossAgainst(winner ?? rule, rule),
    }));
  return winner === undefined ? { feeCode, losers } : { rule: winner, losers };
}

function missing(query: TariffQuery, why: string, feeCode?: string): ClearingError {
  return new ClearingError('FEE_RULE_MISSING', {
    scheduleId: query.scheduleId,
    market: query.market,
    tradeDate: query.tradeDate,
    why,
    ...(feeCode === undefined ? {} : { feeCode }),
  });
}

/**
 * A personal rule alone is no tariff: the account pays what its package and the market ask besides.
 * A mandatory code has to be in force for whomever it was made mandatory.
 */
function assertTariffIsInForce(
  owned: Readonly<Record<RuleOwner, readonly FeeRule[]>>,
  query: TariffQuery,
): void {
  const inForce = (rule: FeeRule): boolean => isInForce(rule, query);
  if (query.ownRulesOptional !== true && !owned.package.some(inForce)) {
    throw missing(query, 'the schedule has no rule in force');
  }
  if (owned.global.length > 0 && !owned.global.some(inForce)) {
    throw missing(query, 'the market has no statutory rule in force');
  }
  for (const rules of Object.values(owned)) {
    const open = new Set(rules.filter(inForce).map((rule) => rule.feeCode));
    const gap = rules.find((rule) => rule.mandatory === true && !open.has(rule.feeCode));
    if (gap !== undefined)
      throw missing(query, 'a mandatory fee has no rule in force', gap.feeCode);
  }
}

function competes(rule: FeeRule, query: TariffQuery): boolean {
  switch (ownerOf(rule)) {
    case 'personal':
      return rule.accountNo === query.accountNo;
    case 'package':
      return rule.scheduleId === query.scheduleId;
    case 'global':
      return query.marketLines?.includes(rule.feeCode) !== false;
  }
}

/** The rules that compete for the query, by who pays them, each by the smallest id. */
function ownedRules(
  rules: readonly FeeRule[],
  query: TariffQuery,
): Readonly<Record<RuleOwner, readonly FeeRule[]>> {
  const competing = rules
    .filter((rule) => rule.market === query.market && competes(rule, query))
    .sort((a, b) => a.ruleId - b.ruleId);
  const of = (owner: RuleOwner) => competing.filter((rule) => ownerOf(rule) === owner);
  return { package: of('package'), global: of('global'), personal: of('personal') };
}

/**
 * One rule for each fee code of the schedule, of its market and of the account, and why the others
 * lost. The schedule's own codes come first, then those of all, then those of the account alone.
 * Throws FEE_RULE_MISSING when the schedule, the market or a mandatory fee has no rule in force.
 */
export function selectRules(rules: readonly FeeRule[], query: TariffQuery): RuleSelection {
  const owned = ownedRules(rules, query);
  assertTariffIsInForce(owned, query);
  const families = new Map<string, FeeRule[]>();
  for (const rule of Object.values(owned).flat()) {
    const family = families.get(rule.feeCode);
    if (family === undefined) families.set(rule.feeCode, [rule]);
    else family.push(rule);
  }
  const outcomes = [...families].map(([feeCode, family]) => selectCode(feeCode, family, query));
  return {
    chosen: outcomes.filter((outcome) => 'rule' in outcome),
    uncharged: outcomes.filter((outcome) => 'feeCode' in outcome),
  };
}
