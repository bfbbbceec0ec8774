import Type from 'typebox';
import { addFeeRule, loadRuleFamily, lockFeeRules } from '../db/fee-rules.repository.ts';
import { openLedgerDateRow } from '../db/ledger-dates.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { FeeRule } from '../domain/fees/fee-rule.ts';
import { newFeeRule, type NewFeeRule, type RuleFamily } from '../domain/fees/new-fee-rule.ts';
import { ROUNDING_MODES } from '../domain/money/rounding.ts';
import { INSTRUMENT_TYPES } from '../domain/trades/trade.ts';
import { Day, oneOf, strict } from './payload-fields.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';

const Name = Type.String({ minLength: 1, maxLength: 64 });
const Decimal = Type.String({ pattern: String.raw`^\d{1,18}(\.\d{1,18})?$` });
const InstrumentTypes = Type.Array(oneOf(INSTRUMENT_TYPES), { minItems: 1, uniqueItems: true });

/** The shape; what the values have to be together is said by domain/fees. */
const Draft = strict({
  effectiveFrom: Day,
  effectiveTo: Type.Optional(Day),
  sides: oneOf(['BUY', 'SELL', 'BOTH']),
  instrumentTypes: Type.Optional(InstrumentTypes),
  exemptTypes: Type.Optional(
    Type.Array(strict({ type: oneOf(INSTRUMENT_TYPES), from: Type.Optional(Day) })),
  ),
  exemptByInstrumentFlag: Type.Optional(Type.Literal(true)),
  unit: Name,
  formula: Type.Object({ kind: Name }),
  min: Type.Optional(Decimal),
  max: Type.Optional(Decimal),
  capRate: Type.Optional(Decimal),
  minBeatsMax: Type.Optional(Type.Literal(true)),
  minWaivedFor: Type.Optional(InstrumentTypes),
  rounding: strict({ mode: oneOf(ROUNDING_MODES), increment: Decimal }),
  floorPerLine: Type.Optional(Decimal),
  conditions: Type.Optional(
    strict({
      channels: Type.Array(Type.Integer({ minimum: 0, maximum: 9 }), {
        minItems: 1,
        uniqueItems: true,
      }),
    }),
  ),
  mandatory: Type.Optional(Type.Literal(true)),
  currency: Name,
  note: Type.Optional(Type.String({ maxLength: 500 })),
});

/** 新增收费规则版本: a fee changes by one more version of its rule; no rule is ever edited. */
export const feeRuleVersion = ticketKind({
  key: 'billing.fee_rule_version.exec',
  name: { en: 'New version of a fee rule', zhHans: '新增收费规则版本', zhHant: '新增收費規則版本' },
  targetType: 'fee_rule',
  target: strict({
    market: Name,
    feeCode: Name,
    scheduleId: Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 64 }),
  }),
  payload: strict({ rule: Draft }),
  ask: 'billing.fee_rule_operation',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { lock }) {
    if (lock) await lockFeeRules(t);
    const { newest, planned } = await plan(t, target, payload.rule);
    return {
      targetId: `${target.market}/${target.scheduleId ?? 'statutory'}/${target.feeCode}`,
      version: newest === undefined ? 'none' : `rule ${newest.ruleId}, version ${newest.version}`,
      before: planned.replaces === undefined ? {} : termsOf(planned.replaces),
      after: termsOf(planned.rule),
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, maker, approvers }) {
      const { planned } = await plan(t, target, payload.rule);
      const { ruleId, version, effectiveFrom } = planned.rule;
      const by = { addedBy: maker, approvedBy: approvers, ticketId };
      await addFeeRule(t.tx, planned.rule, by);
      return { ruleId, version, effectiveFrom };
    },
  },
});

async function plan(
  t: Transaction,
  family: RuleFamily,
  draft: Facts,
): Promise<{ readonly newest: FeeRule | undefined; readonly planned: NewFeeRule }> {
  const open = await openLedgerDateRow(t.tx);
  if (!open) throw new ClearingError('NOT_FOUND', { what: 'an open ledger date' });
  const known = await loadRuleFamily(t.tx, family);
  const planned = newFeeRule(family, draft, { ...known, today: open.ledgerDate });
  return { newest: known.rules.at(-1), planned };
}

/** Ids are given when the rule is added: another one may come in between. */
const termsOf = (rule: FeeRule): Facts =>
  Object.fromEntries(Object.entries(rule).filter(([name]) => name !== 'ruleId'));
