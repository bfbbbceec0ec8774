import { addFeeRule, lockFeeRules } from '../db/fee-rules.repository.ts';
import { addScenario, loadScenario } from '../db/fee-scenarios.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { FEE_METRICS, type FeeScenario } from '../domain/fees/fee-scenario.ts';
import { invalidRule } from '../domain/fees/fee-rule-meaning.ts';
import {
  newFeeScenario,
  type FeeScenarioDraft,
  type NewFeeScenario,
} from '../domain/fees/new-fee-scenario.ts';
import { newestOn } from '../domain/fees/newest-version.ts';
import { knownRules } from './fee-rule-version.ts';
import { Name, ScenarioDraft } from './fee-fields.ts';
import { strict } from './payload-fields.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';

/**
 * 收费场景: a version of a scenario, new or the next one. The rules that depend on it are issued again
 * in the same transaction: no rule is ever in force by half of a scenario.
 */
export const feeScenarioVersion = ticketKind({
  key: 'billing.fee_scenario_version.exec',
  name: { en: 'New version of a fee scenario', zhHans: '收费场景变更', zhHant: '收費場景變更' },
  targetType: 'fee_scenario',
  target: strict({ scenarioId: Name }),
  payload: strict({ scenario: ScenarioDraft }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target: { scenarioId }, payload }, { lock }) {
    if (lock) await lockFeeRules(t);
    const { versions, planned } = await plan(t, scenarioId, payload.scenario);
    const replaced = newestOn(versions, planned.scenario.effectiveFrom);
    return {
      targetId: scenarioId,
      version: String(versions.length),
      before: replaced === undefined ? {} : { ...replaced },
      after: { ...planned.scenario, ...reissuedOf(planned) },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target: { scenarioId }, payload, maker, approvers }) {
      const { planned, today } = await plan(t, scenarioId, payload.scenario);
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId };
      await addScenario(t.tx, planned.scenario, by);
      for (const { rule } of planned.reissued) {
        await addFeeRule(t.tx, rule, { ...by, knownFrom: today });
      }
      const ruleIds = planned.reissued.map(({ rule }) => rule.ruleId);
      return { version: planned.scenario.version, ruleIds };
    },
  },
});

interface Plan {
  readonly versions: readonly FeeScenario[];
  readonly planned: NewFeeScenario;
  readonly today: BusinessDate;
}

async function plan(t: Transaction, scenarioId: string, asked: object): Promise<Plan> {
  const draft = asked as FeeScenarioDraft;
  const known = await knownRules(t, draft.market);
  if (!known.feeCodes.includes(draft.feeCode)) {
    throw new ClearingError('NOT_FOUND', { feeCode: draft.feeCode });
  }
  if (!FEE_METRICS.includes(draft.metric)) {
    throw invalidRule('metric', `has to be ${FEE_METRICS.join(', ')}`, draft.metric);
  }
  const versions = await loadScenario(t.tx, scenarioId);
  return {
    versions,
    planned: newFeeScenario(scenarioId, draft, versions, known),
    today: known.today,
  };
}

/** Which rules would be issued again, and from when: an approver reads how far it reaches. */
const reissuedOf = ({ reissued }: NewFeeScenario): Facts =>
  reissued.length === 0
    ? {}
    : {
        reissued: reissued.map(({ rule, replaces }) => ({
          owner: rule.accountNo ?? rule.scheduleId ?? 'statutory',
          effectiveFrom: rule.effectiveFrom,
          replaces: replaces?.ruleId ?? null,
        })),
      };
