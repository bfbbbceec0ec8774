import Type from 'typebox';
import { recordAuditEvent } from '../db/audit.repository.ts';
import {
  enterAmendment,
  planAmendment,
  type PlannedAmendment,
} from '../db/amendments.repository.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { TRADE_STAGES } from '../domain/trades/trade.ts';
import { Day, Id, oneOf, strict } from './payload-fields.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';

/** A day of the right form; whether a calendar has it is asked when the terms are looked at. */
const SettlementDay = Type.Unsafe<BusinessDate>(Day);
const Name = Type.String({ minLength: 1, maxLength: 64 });
const FeeAmount = Type.String({ pattern: String.raw`^\d{1,12}(\.\d{1,3})?$` });

/** What may change; what is left out stays. */
const Terms = strict({
  accountNo: Type.Optional(Name),
  orderChannel: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
  settlementChannel: Type.Optional(Name),
  stage: Type.Optional(oneOf(TRADE_STAGES)),
  cashSettlementDate: Type.Optional(SettlementDay),
  securitiesSettlementDate: Type.Optional(SettlementDay),
  fees: Type.Optional(
    Type.Array(strict({ feeCode: Name, amount: FeeAmount }), { maxItems: 50, uniqueItems: true }),
  ),
});

/** 合约修正: a contract of an earlier date is taken back, and another stands in its place. */
export const contractRevise = ticketKind({
  key: 'billing.contract_revise.exec',
  name: { en: 'Contract amendment', zhHans: '合约修正', zhHant: '合約修正' },
  targetType: 'contract',
  target: strict({ contractId: Id }),
  payload: Terms,
  ask: 'lb_hk_clearing.contract_revise',
  see: 'clearing.ledger_query',

  async subject(t, { target, payload }, { lock }) {
    const planned = await planAmendment(t, target.contractId, payload, lock);
    const { origin, ledgerDate, refusal } = planned;
    return {
      ledgerDate,
      flow: origin.flow,
      targetId: String(target.contractId),
      version: `amendment ${origin.amendmentId ?? 'none'}, net ${origin.netAmount}`,
      before: factsOf(planned, origin, planned.fees),
      after: factsOf(planned, planned.terms, planned.terms.fees),
      refusal,
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, reason, maker, approvers, now }) {
      const planned = await planAmendment(t, target.contractId, payload, true);
      const entry = { ticketId, reason, approvers, person: maker, now };
      const amendment = await enterAmendment(t, planned, entry);
      const { origin, ledgerDate, terms } = planned;
      await recordAuditEvent(t.tx, {
        person: maker,
        action: 'contract.amend',
        outcome: 'ACCEPTED',
        targetType: 'contract',
        targetId: String(origin.contractId),
        ledgerDate,
        before: factsOf(planned, origin, planned.fees),
        after: { ...factsOf(planned, terms, terms.fees), ...amendment, approvers },
        ticketId,
      });
      return { ...amendment, originContractId: origin.contractId };
    },
  },
});

/** The same names before and after; fees that nobody names are those of the rules. */
const factsOf = (
  { origin }: PlannedAmendment,
  terms: Omit<PlannedAmendment['terms'], 'fees' | 'accountId'>,
  fees: PlannedAmendment['terms']['fees'],
): Facts => ({
  accountNo: terms.accountNo,
  orderChannel: terms.orderChannel,
  settlementChannel: terms.settlementChannel,
  stage: terms.stage,
  cashSettlementDate: terms.cashSettlementDate,
  securitiesSettlementDate: terms.securitiesSettlementDate,
  tradeDate: origin.tradeDate,
  side: origin.side,
  grossAmount: origin.grossAmount,
  fees: fees ?? 'by the rules',
});
