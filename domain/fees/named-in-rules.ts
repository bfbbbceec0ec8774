import type { FeeRule } from './fee-rule.ts';

export interface NamedInRules {
  /** Numbers of accounts that have a personal rule, or that a condition names. */
  readonly accountNos: ReadonlySet<string>;
  readonly instrumentIds: ReadonlySet<string>;
  /** Does a condition name a stage (暗盘)? */
  readonly stages: boolean;
}

/**
 * What the rules name of single trades. Orders of all other accounts and instruments share their
 * plans, so a tariff that names nobody costs nothing for each account; likewise the stages.
 */
export function namedInRules(rules: readonly FeeRule[]): NamedInRules {
  const accountNos = new Set<string>();
  const instrumentIds = new Set<string>();
  let stages = false;
  for (const { accountNo, conditions } of rules) {
    if (accountNo !== undefined) accountNos.add(accountNo);
    conditions?.accounts?.forEach((account) => accountNos.add(account));
    if (conditions?.stages !== undefined) stages = true;
    conditions?.instruments?.forEach((instrument) => instrumentIds.add(instrument));
  }
  return { accountNos, instrumentIds, stages };
}
