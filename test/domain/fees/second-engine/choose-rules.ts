import type { FeeRule } from '../../../../domain/fees/fee-rule.ts';
import type { TariffQuery } from '../../../../domain/fees/tariff-plan.ts';

/*
 * Which rule prices each fee code, read from the order of precedence: special.personal >
 * special.package > special.global > ordinary.personal > ordinary.package > ordinary.global, then
 * the later first day, the version, the id.
 */

export const REFUSED = 'FEE_RULE_MISSING';

/** Six ranks of owner and class, the strongest first. */
function rank(rule: FeeRule): number {
  const owner = rule.accountNo !== undefined ? 0 : rule.scheduleId !== null ? 1 : 2;
  return rule.conditions === undefined ? 3 + owner : owner;
}

function isAddressedTo(rule: FeeRule, query: TariffQuery): boolean {
  if (rule.market !== query.market) return false;
  if (rule.accountNo !== undefined) return rule.accountNo === query.accountNo;
  if (rule.scheduleId !== null) return rule.scheduleId === query.scheduleId;
  return query.marketLines === undefined || query.marketLines.includes(rule.feeCode);
}

const isOpenOn = (rule: FeeRule, day: string): boolean =>
  day >= rule.effectiveFrom && day <= (rule.effectiveTo ?? '9999-12-31');

function holds(rule: FeeRule, query: TariffQuery): boolean {
  if (rule.sides !== 'BOTH' && rule.sides !== query.side) return false;
  if (rule.instrumentTypes && !rule.instrumentTypes.includes(query.instrumentType)) return false;
  if (rule.conditions === undefined) return true;
  const { channels, stages, instruments, accounts } = rule.conditions;
  if (channels && (query.channel === null || !channels.includes(query.channel))) return false;
  if (stages && !stages.includes(query.stage ?? 'NORMAL')) return false;
  if (instruments && !instruments.includes(query.instrumentId ?? '')) return false;
  return !accounts || accounts.includes(query.accountNo ?? '');
}

const isStronger = (a: FeeRule, b: FeeRule): boolean => {
  if (rank(a) !== rank(b)) return rank(a) < rank(b);
  if (a.effectiveFrom !== b.effectiveFrom) return a.effectiveFrom > b.effectiveFrom;
  return a.version !== b.version ? a.version > b.version : a.ruleId > b.ruleId;
};

/** What makes two rules versions of each other: owner, side, types and conditions. */
function standsFor(rule: FeeRule): string {
  const listed = (list: readonly (string | number)[] | undefined) => [...(list ?? ['*'])].sort();
  const { channels, stages, instruments, accounts } = rule.conditions ?? {};
  const lists = [rule.instrumentTypes, channels, stages, instruments, accounts].map(listed);
  const isSpecial = rule.conditions !== undefined;
  const { feeCode, accountNo = '', scheduleId, sides } = rule;
  return JSON.stringify([feeCode, accountNo, scheduleId, sides, isSpecial, lists]);
}

/** The winner of each fee code that is charged, or that the trade must not be priced. */
export function chooseRules(
  rules: readonly FeeRule[],
  query: TariffQuery,
): ReadonlyMap<string, FeeRule> | typeof REFUSED {
  const addressed = rules.filter((rule) => isAddressedTo(rule, query));
  if (hasGap(addressed, query)) return REFUSED;
  // Of the versions of one rule the newest speaks alone, and a withdrawn one says that it ended.
  const newest = new Map<string, FeeRule>();
  for (const rule of addressed) {
    if (!isOpenOn(rule, query.tradeDate) || !holds(rule, query)) continue;
    const known = newest.get(standsFor(rule));
    if (known === undefined || isStronger(rule, known)) newest.set(standsFor(rule), rule);
  }
  const winners = new Map<string, FeeRule>();
  for (const rule of newest.values()) {
    const best = winners.get(rule.feeCode);
    if (rule.withdrawn !== true && (best === undefined || isStronger(rule, best)))
      winners.set(rule.feeCode, rule);
  }
  return winners;
}

/** A schedule, a market or a mandatory fee without any rule in force is never just cheaper. */
function hasGap(addressed: readonly FeeRule[], query: TariffQuery): boolean {
  const open = addressed.filter((rule) => isOpenOn(rule, query.tradeDate));
  const isOfAll = (rule: FeeRule) => rule.accountNo === undefined && rule.scheduleId === null;
  const isOfPackage = (rule: FeeRule) => rule.accountNo === undefined && rule.scheduleId !== null;
  if (query.ownRulesOptional !== true && !open.some(isOfPackage)) return true;
  if (addressed.some(isOfAll) && !open.some(isOfAll)) return true;
  return addressed.some(
    (rule) =>
      rule.mandatory === true &&
      !open.some((other) => other.feeCode === rule.feeCode && rank(other) % 3 === rank(rule) % 3),
  );
}
