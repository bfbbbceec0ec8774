import type { FeeRule } from './fee-rule.ts';
import type { TariffQuery } from './tariff-plan.ts';

type RulesByOwner = ReadonlyMap<string, readonly FeeRule[]>;

const keyOf = (market: string, scheduleId: string | null, accountNo: string | null): string =>
  JSON.stringify([market, scheduleId, accountNo]);

function byOwner(rules: readonly FeeRule[]): RulesByOwner {
  const lists = new Map<string, FeeRule[]>();
  for (const rule of rules) {
    const key = keyOf(rule.market, rule.scheduleId, rule.accountNo ?? null);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [rule]);
    else list.push(rule);
  }
  return lists;
}

/**
 * Finds what may compete for an order without a look at the rules of other packages and accounts:
 * a broker can have a personal fee for each of many accounts.
 */
export function ruleIndex(rules: readonly FeeRule[]): (query: TariffQuery) => readonly FeeRule[] {
  const lists = byOwner(rules);
  return ({ market, scheduleId, accountNo }) => [
    ...(lists.get(keyOf(market, scheduleId, null)) ?? []),
    ...(lists.get(keyOf(market, null, null)) ?? []),
    ...(accountNo === null || accountNo === undefined
      ? []
      : (lists.get(keyOf(market, null, accountNo)) ?? [])),
  ];
}
