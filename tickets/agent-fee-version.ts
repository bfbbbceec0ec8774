import Type from 'typebox';
import {
  addAgentFeeRule,
  loadRulesOfAgent,
  type RulesOfAgent,
} from '../db/agent-fee-rules.repository.ts';
import { assertNamed, lockFeeRules } from '../db/fee-rules.repository.ts';
import { currentLedgerDate } from '../db/ledger-dates.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { assertAgentRule } from '../domain/fees/agent-rule.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import type { NewFeeRule } from '../domain/fees/new-fee-rule.ts';
import { planFeeRules } from '../domain/fees/plan-fee-rules.ts';
import { Name, RuleDraft } from './fee-fields.ts';
import { termsOf, versionOf } from './fee-rule-version.ts';
import { Day, Id, strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/**
 * 代理商收费: what the custodian or upstream broker behind a settlement channel charges the house. Like
 * a fee of clients it changes by one more version, and ends by a withdrawn one.
 */
export const agentFeeVersion = ticketKind({
  key: 'billing.agent_fee_version.exec',
  name: { en: 'New version of an agent fee', zhHans: '代理商收费版本', zhHant: '代理商收費版本' },
  targetType: 'agent_fee',
  target: strict({ settlementChannel: Name, feeCode: Name }),
  payload: strict({
    rule: Type.Optional(RuleDraft),
    withdraw: Type.Optional(strict({ ruleId: Id, effectiveFrom: Day })),
  }),
  ask: 'lb_hk_charging.lb_hk_scene_update',
  see: 'billing.agent_fee_query',

  async subject(t, { target, payload }, { lock }) {
    if (lock) await lockFeeRules(t);
    const { newest, planned } = await plan(t, target, payload);
    return {
      targetId: `${target.settlementChannel}/${target.feeCode}`,
      version: versionOf(newest),
      before: planned?.replaces === undefined ? {} : termsOf(planned.replaces),
      after: planned === undefined ? {} : termsOf(planned.rule),
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, maker, approvers }) {
      const { planned, today } = await plan(t, target, payload);
      if (planned === undefined) return {};
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId, knownFrom: today };
      await addAgentFeeRule(t.tx, planned.rule, by);
      const { ruleId, version, effectiveFrom } = planned.rule;
      return { ruleId, version, effectiveFrom };
    },
  },
});

interface Plan {
  /** Of the fee code, whatever its side, types and conditions. */
  readonly newest: FeeRule | undefined;
  readonly planned: NewFeeRule | undefined;
  readonly today: BusinessDate;
}

async function plan(
  t: Transaction,
  target: { readonly settlementChannel: string; readonly feeCode: string },
  asked: object,
): Promise<Plan> {
  const { settlementChannel, feeCode } = target;
  const today = await currentLedgerDate(t.tx);
  const known: RulesOfAgent = await loadRulesOfAgent(t.tx, settlementChannel);
  if (!known.feeCodes.includes(feeCode)) throw new ClearingError('NOT_FOUND', { feeCode });
  const family = { market: known.market, feeCode, scheduleId: settlementChannel };
  // It is owed in the currency of the trade: without rates no other one is taken.
  const [planned] = planFeeRules(family, asked, [], { ...known, rates: [], today });
  if (planned !== undefined) {
    assertAgentRule(planned.rule);
    await assertNamed(t.tx, planned.rule);
  }
  const newest = known.ofMarket.filter((rule) => rule.feeCode === feeCode).at(-1);
  return { newest, planned, today };
}
