import { compareText } from '../compare-text.ts';
import type { FeeRule } from './fee-rule.ts';
import type { LosingReason } from './tariff-plan.ts';

/** In the order in which they win: one account, a general package, everybody. */
const OWNERS = ['personal', 'package', 'global'] as const;
export type RuleOwner = (typeof OWNERS)[number];

/** Who pays a rule. Statutory and exchange lines are global, as is what a broker takes of all. */
export function ownerOf(rule: Pick<FeeRule, 'accountNo' | 'scheduleId'>): RuleOwner {
  if (rule.accountNo !== undefined) return 'personal';
  return rule.scheduleId === null ? 'global' : 'package';
}

const isSpecial = (rule: FeeRule): boolean => rule.conditions !== undefined;
const rankOf = (rule: FeeRule): number => OWNERS.indexOf(ownerOf(rule));

/**
 * For a sort, the winner first: special before ordinary; inside each class personal before package
 * before global; then the later date, the higher version, the higher id. So a package does not
 * shield its accounts from a special global fee.
 */
export const byPrecedence = (a: FeeRule, b: FeeRule): number =>
  Number(isSpecial(b)) - Number(isSpecial(a)) ||
  rankOf(a) - rankOf(b) ||
  compareText(b.effectiveFrom, a.effectiveFrom) ||
  b.version - a.version ||
  b.ruleId - a.ruleId;

/** Why a rule that could price the trade lost against the winner. */
export function lossAgainst(winner: FeeRule, rule: FeeRule): LosingReason {
  if (isSpecial(winner) && !isSpecial(rule)) return 'ordinary-loses-to-special';
  const [stronger, weaker] = [ownerOf(winner), ownerOf(rule)];
  if (stronger !== weaker) {
    if (weaker === 'package') return 'package-loses-to-personal';
    return stronger === 'personal' ? 'global-loses-to-personal' : 'global-loses-to-package';
  }
  if (winner.effectiveFrom !== rule.effectiveFrom) return 'later-date-wins';
  return winner.version === rule.version ? 'later-rule-wins' : 'later-version-wins';
}
