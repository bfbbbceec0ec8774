import type { FeeRule } from './fee-rule.ts';

/**
 * Rules that compete for one line: a fee code of a market, of a package, of one account, or of all
 * (neither).
 */
export interface RuleFamily {
  readonly market: string;
  readonly feeCode: string;
  readonly scheduleId: string | null;
  readonly accountNo?: string | undefined;
}

/** Rules with the same family, side, types and conditions take each other's place, and no others. */
export function placeOf(rule: FeeRule): string {
  const { market, feeCode, scheduleId, accountNo, sides, instrumentTypes, conditions } = rule;
  const sorted = (list: readonly unknown[] | undefined) => (list ? [...list].sort() : null);
  const { channels, stages, instruments, accounts } = conditions ?? {};
  return JSON.stringify([
    ...[market, feeCode, scheduleId, accountNo ?? null, sides, sorted(instrumentTypes)],
    conditions === undefined
      ? null
      : [sorted(channels), sorted(stages), sorted(instruments), sorted(accounts)],
  ]);
}

/** The versions that a rule may take the place of. */
export function rivalsOf(rule: FeeRule, rules: readonly FeeRule[]): readonly FeeRule[] {
  const place = placeOf(rule);
  return rules.filter((other) => other.feeCode === rule.feeCode && placeOf(other) === place);
}
