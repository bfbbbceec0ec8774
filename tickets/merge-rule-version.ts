import Type from 'typebox';
import { currentLedgerDate } from '../db/ledger-dates.repository.ts';
import {
  addMergeRule,
  loadMergeRules,
  loadPackagesOfMarket,
  lockMergeRules,
} from '../db/merge-rules.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { mergeRuleOn, type MergeRule } from '../domain/merging/merge-rule.ts';
import {
  invalidMergeRule,
  newMergeRule,
  voidedMergeRule,
  type MergeRuleDraft,
} from '../domain/merging/new-merge-rule.ts';
import { Channel, Name } from './fee-fields.ts';
import { Day, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

const Draft = strict({
  name: Name,
  market: Name,
  effectiveFrom: Day,
  effectiveTo: Type.Optional(Day),
  packages: Type.Array(Name, { minItems: 1, maxItems: 1000, uniqueItems: true }),
  merge: Type.Boolean(),
  greyMarketMerge: Type.Boolean(),
  items: Type.Array(
    strict({
      orderSources: Type.Array(Channel, { minItems: 1, uniqueItems: true }),
      mergeTag: Name,
    }),
    { maxItems: 10 },
  ),
});

/** 合单规则: a version of a merge rule, or its end. No version is ever edited or deleted. */
export const mergeRuleVersion = ticketKind({
  key: 'billing.merge_rule_version.exec',
  name: { en: 'New version of a merge rule', zhHans: '合单规则变更', zhHant: '合單規則變更' },
  targetType: 'merge_rule',
  target: strict({ mergeRuleId: Name }),
  payload: strict({
    rule: Type.Optional(Draft),
    void: Type.Optional(strict({ effectiveFrom: Day })),
  }),
  ask: 'lb_hk_charging.combination_rule_manage',
  see: 'lb_hk_charging.combination_rule_in_query',

  async subject(t, { target: { mergeRuleId }, payload }, { lock }) {
    if (lock) await lockMergeRules(t);
    const { rule, versions } = await plan(t, mergeRuleId, payload);
    const replaced = mergeRuleOn(versions, rule.effectiveFrom);
    return {
      targetId: mergeRuleId,
      version: String(versions.length),
      before: replaced === undefined ? {} : { ...replaced },
      after: { ...rule },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target: { mergeRuleId }, payload, maker, approvers }) {
      const { rule, today } = await plan(t, mergeRuleId, payload);
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId, knownFrom: today };
      await addMergeRule(t.tx, rule, by);
      return { version: rule.version, effectiveFrom: rule.effectiveFrom };
    },
  },
});

interface Plan {
  readonly rule: MergeRule;
  readonly versions: readonly MergeRule[];
  readonly today: BusinessDate;
}

async function plan(t: Transaction, mergeRuleId: string, asked: object): Promise<Plan> {
  const { rule: draft, void: ended } = asked as {
    readonly rule?: MergeRuleDraft;
    readonly void?: { readonly effectiveFrom: BusinessDate };
  };
  if ((draft === undefined) === (ended === undefined)) {
    throw invalidMergeRule('rule', 'either a rule or void is asked for', draft);
  }
  const today = await currentLedgerDate(t.tx);
  const all = await loadMergeRules(t.tx);
  const versions = all.filter((each) => each.mergeRuleId === mergeRuleId);
  if (ended !== undefined) {
    if (versions.length === 0) throw new ClearingError('NOT_FOUND', { mergeRuleId });
    return {
      rule: voidedMergeRule(mergeRuleId, ended.effectiveFrom, { all, today }),
      versions,
      today,
    };
  }
  const rule = draft as MergeRuleDraft;
  const known = await loadPackagesOfMarket(t.tx, rule.market, rule.effectiveFrom);
  return { rule: newMergeRule(mergeRuleId, rule, { ...known, all, today }), versions, today };
}
