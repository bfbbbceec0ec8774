import Type from 'typebox';
import {
  addFeeRule,
  assertNamed,
  loadRulesOfMarket,
  lockFeeRules,
} from '../db/fee-rules.repository.ts';
import { loadScenario } from '../db/fee-scenarios.repository.ts';
import { loadFxRates } from '../db/fx-rates.repository.ts';
import { currentLedgerDate } from '../db/ledger-dates.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import { invalidRule } from '../domain/fees/fee-rule-meaning.ts';
import type { KnownRules, NewFeeRule } from '../domain/fees/new-fee-rule.ts';
import { planFeeRules, type AskedRule } from '../domain/fees/plan-fee-rules.ts';
import type { RuleFamily } from '../domain/fees/rule-family.ts';
import { Name, RuleDraft, Terms } from './fee-fields.ts';
import { Day, Id, strict } from './payload-fields.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';

/** The rules of a market, and the ledger date that is open while they are looked at. */
export async function knownRules(t: Transaction, market: string): Promise<KnownRules> {
  const today = await currentLedgerDate(t.tx);
  const rules = await loadRulesOfMarket(t.tx, market);
  const rates = await loadFxRates(t.tx, { to: rules.currency });
  return { ...rules, rates, today };
}

/**
 * 新增收费规则版本: a fee changes by one more version of its rule; no rule is ever edited. The rule is
 * of a package, of one account (个性化收费), or of all.
 */
export const feeRuleVersion = ticketKind({
  key: 'billing.fee_rule_version.exec',
  name: { en: 'New version of a fee rule', zhHans: '新增收费规则版本', zhHant: '新增收費規則版本' },
  targetType: 'fee_rule',
  target: strict({
    market: Name,
    feeCode: Name,
    scheduleId: Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 64 }),
    accountNo: Type.Optional(Name),
  }),
  payload: strict({
    rule: Type.Optional(RuleDraft),
    scenario: Type.Optional(strict({ scenarioId: Name, terms: Terms })),
    withdraw: Type.Optional(strict({ ruleId: Id, effectiveFrom: Day })),
    opensSchedule: Type.Optional(
      Type.Literal(true, { description: 'The first rule of a package that is not there yet.' }),
    ),
  }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { lock }) {
    if (lock) await lockFeeRules(t);
    const { newest, planned } = await plan(t, target, payload);
    const [first] = planned;
    const owner = target.accountNo ?? target.scheduleId ?? 'statutory';
    return {
      targetId: `${target.market}/${owner}/${target.feeCode}`,
      version: versionOf(newest),
      before: first?.replaces === undefined ? {} : termsOf(first.replaces),
      after: { ...(first === undefined ? {} : termsOf(first.rule)), ...laterOf(planned) },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, maker, approvers }) {
      const { planned, today } = await plan(t, target, payload);
      const by = { addedBy: maker, approvedBy: [...approvers], ticketId, knownFrom: today };
      for (const { rule } of planned) await addFeeRule(t.tx, rule, by);
      const [first] = planned;
      if (first === undefined) return {};
      const { ruleId, version, effectiveFrom } = first.rule;
      return { ruleId, version, effectiveFrom, ...laterOf(planned) };
    },
  },
});

interface Payload extends AskedRule {
  readonly opensSchedule?: true;
}

interface Plan {
  /** Of the family, whatever its side, types and conditions. */
  readonly newest: FeeRule | undefined;
  readonly planned: readonly NewFeeRule[];
  readonly today: BusinessDate;
}

async function plan(t: Transaction, family: RuleFamily, asked: object): Promise<Plan> {
  const payload = asked as Payload;
  const { market, feeCode, scheduleId, accountNo } = family;
  const known = await knownRules(t, market);
  if (!known.feeCodes.includes(feeCode)) throw new ClearingError('NOT_FOUND', { feeCode });
  assertSchedule(family, known, payload.opensSchedule === true);
  const { scenario } = payload;
  const versions = scenario === undefined ? [] : await loadScenario(t.tx, scenario.scenarioId);
  if (scenario !== undefined && versions.length === 0) {
    throw new ClearingError('NOT_FOUND', { scenarioId: scenario.scenarioId });
  }
  const planned = planFeeRules(family, payload, versions, known);
  for (const { rule } of planned) await assertNamed(t.tx, rule);
  const ofFamily = known.ofMarket.filter(
    (rule) =>
      rule.feeCode === feeCode && rule.scheduleId === scheduleId && rule.accountNo === accountNo,
  );
  return { newest: ofFamily.at(-1), planned, today: known.today };
}

/** A package is known by the rules that it has; only who says so begins one. */
function assertSchedule({ market, scheduleId }: RuleFamily, known: KnownRules, opens: boolean) {
  const isKnown = known.ofMarket.some((rule) => rule.scheduleId === scheduleId);
  if (scheduleId === null || !opens) {
    if (scheduleId === null || isKnown) return;
    throw new ClearingError('NOT_FOUND', { market, scheduleId });
  }
  if (isKnown) throw invalidRule('opensSchedule', 'the package is there already', scheduleId);
}

/** What a ticket was asked against: the newest rule, if there was one. */
export const versionOf = (newest: FeeRule | undefined): string =>
  newest === undefined ? 'none' : `rule ${newest.ruleId}, version ${newest.version}`;

/** Ids are given when the rule is added: another one may come in between. */
export const termsOf = (rule: FeeRule): Facts =>
  Object.fromEntries(Object.entries(rule).filter(([name]) => name !== 'ruleId'));

/** Of a rule by scenario: the first days of what later versions of the scenario make of it. */
const laterOf = (planned: readonly NewFeeRule[]): Facts =>
  planned.length > 1 ? { alsoFrom: planned.slice(1).map(({ rule }) => rule.effectiveFrom) } : {};
