import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeRule } from './fee-rule.ts';
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

const isSpecial = (rule: FeeRule): boolean => rule.conditions?.channels !== undefined;

/** Why a rule cannot price this trade at all, in the order in which it is asked; null: it can. */
function refusalOf(rule: FeeRule, query: TariffQuery): LosingReason | null {
  if (rule.instrumentTypes?.includes(query.instrumentType) === false)
    return 'other-instrument-type';
  if (rule.sides !== 'BOTH' && rule.sides !== query.side) return 'other-side';
  if (query.tradeDate < rule.effectiveFrom) return 'not-yet-in-force';
  if (!isInForce(rule, query)) return 'no-longer-in-force';
  const channels = rule.conditions?.channels;
  if (channels !== undefined && (query.channel === null || !channels.includes(query.channel))) {
    return 'channel-condition-not-met';
  }
  return null;
}

/**
 * Special before ordinary; inside each class the schedule's own rule before the market's; then the
 * later date, the higher version, the higher id.
 */
function strongest(candidates: readonly FeeRule[]): FeeRule | undefined {
  return [...candidates].sort(
    (a, b) =>
      Number(isSpecial(b)) - Number(isSpecial(a)) ||
      Number(a.scheduleId === null) - Number(b.scheduleId === null) ||
      compareText(b.effectiveFrom, a.effectiveFrom) ||
      b.version - a.version ||
      b.ruleId - a.ruleId,
  )[0];
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function lossAgainst(winner: FeeRule, rule: FeeRule): LosingReason {
  if (isSpecial(winner) && !isSpecial(rule)) return 'ordinary-loses-to-special';
  if (winner.scheduleId !== null && rule.scheduleId === null) return 'statutory-loses-to-schedule';
  return winner.effectiveFrom === rule.effectiveFrom ? 'later-version-wins' : 'later-date-wins';
}

function selectCode(rules: readonly FeeRule[], query: TariffQuery): SelectedRule | UnchargedCode {
  const refusals = new Map(rules.map((rule) => [rule, refusalOf(rule, query)]));
  const winner = strongest(rules.filter((rule) => refusals.get(rule) === null));
  const losers = rules
    .filter((rule) => rule !== winner)
    .map((rule) => ({
      ruleId: rule.ruleId,
      version: rule.version,
      reason: refusals.get(rule) ?? lossAgainst(winner ?? rule, rule),
    }));
  const feeCode = rules[0]?.feeCode ?? '';
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

function assertScheduleIsInForce(
  own: readonly FeeRule[],
  statutory: readonly FeeRule[],
  query: TariffQuery,
): void {
  const inForce = (rule: FeeRule): boolean => isInForce(rule, query);
  if (query.ownRulesOptional !== true && !own.some(inForce)) {
    throw missing(query, 'the schedule has no rule in force');
  }
  if (statutory.length > 0 && !statutory.some(inForce)) {
    throw missing(query, 'the market has no statutory rule in force');
  }
  for (const rule of own) {
    const isOpenCode = own.some((other) => other.feeCode === rule.feeCode && inForce(other));
    if (rule.mandatory === true && !isOpenCode) {
      throw missing(query, 'a mandatory fee has no rule in force', rule.feeCode);
    }
  }
}

/**
 * One rule for each fee code of the schedule and of its market, and why the others lost. The
 * schedule's own codes come first, then statutory ones, each by the smallest rule id.
 * Throws FEE_RULE_MISSING when the schedule, the market or a mandatory fee has no rule in force.
 */
export function selectRules(rules: readonly FeeRule[], query: TariffQuery): RuleSelection {
  const ofMarket = rules.filter((rule) => rule.market === query.market);
  const own = ofMarket.filter((rule) => rule.scheduleId === query.scheduleId);
  const statutory = ofMarket.filter(
    (rule) => rule.scheduleId === null && query.marketLines?.includes(rule.feeCode) !== false,
  );
  assertScheduleIsInForce(own, statutory, query);

  const byId = (a: FeeRule, b: FeeRule): number => a.ruleId - b.ruleId;
  const families = new Map<string, FeeRule[]>();
  for (const rule of [...own.sort(byId), ...statutory.sort(byId)]) {
    const family = families.get(rule.feeCode);
    if (family === undefined) families.set(rule.feeCode, [rule]);
    else family.push(rule);
  }
  const outcomes = [...families.values()].map((family) => selectCode(family, query));
  return {
    chosen: outcomes.filter((outcome) => 'rule' in outcome),
    uncharged: outcomes.filter((outcome) => 'feeCode' in outcome),
  };
}
