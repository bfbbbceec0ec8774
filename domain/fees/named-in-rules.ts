import type { FeeRule } from './fee-rule.ts';

export interface NamedInRules {
  /** Numbers of accounts that have a personal rule, or that a condition names. */
  readonly accountNos: ReadonlySet<string>;
  readonly instrumentIds: ReadonlySet<string>;
}

/**
 * The accounts and instruments that the rules name. Orders of all others share their plans, so a
 * tariff that names nobody costs nothing for each account.
 */
export function namedInRules(rules: readonly FeeRule[]): NamedInRules {
  const accountNos = new Set<string>();
  const instrumentIds = new Set<string>();
  for (const { accountNo, conditions } of rules) {
    if (accountNo !== undefined) accountNos.add(accountNo);
    conditions?.accounts?.forEach((account) => accountNos.add(account));
    conditions?.instruments?.forEach((instrument) => instrumentIds.add(instrument));
  }
  return { accountNos, instrumentIds };
}
