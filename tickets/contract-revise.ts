import Type from 'typebox';
import { recordAuditEvent } from '../db/audit.repository.ts';
import {
  enterAmendment,
  planAmendment,
  type PlannedAmendment,
} from '../db/amendments.repository.ts';
import { feesInTrial } from '../db/fee-trial.ts';
import type { Transaction } from '../db/transaction.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { billOf, type BilledFee } from '../domain/fees/fee-edit.ts';
import { TRADE_STAGES } from '../domain/trades/trade.ts';
import { Day, Id, oneOf, strict } from './payload-fields.ts';
import { ticketKind, type Facts } from './ticket-kind.ts';

/** A day of the right form; whether a calendar has it is asked when the terms are looked at. */
const SomeDay = Type.Unsafe<BusinessDate>(Day);
const Name = Type.String({ minLength: 1, maxLength: 64 });
const FeeAmount = Type.String({ pattern: String.raw`^\d{1,12}(\.\d{1,3})?$` });

/** What may change; what is left out stays. */
const Terms = strict({
  accountNo: Type.Optional(Name),
  orderChannel: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
  settlementChannel: Type.Optional(Name),
  stage: Type.Optional(oneOf(TRADE_STAGES)),
  tradeDate: Type.Optional(SomeDay),
  cashSettlementDate: Type.Optional(SomeDay),
  securitiesSettlementDate: Type.Optional(SomeDay),
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

  async subject(t, { target, payload }, context) {
    const planned = await planAmendment(t, target.contractId, payload, context);
    const { origin, ledgerDate, refusal } = planned;
    const billed: ShownFees = { fees: planned.fees, feesFrom: 'the bill' };
    return {
      ledgerDate,
      flow: origin.flow,
      targetId: String(target.contractId),
      version: `amendment ${origin.amendmentId ?? 'none'}, net ${origin.netAmount}`,
      before: factsOf(planned, origin, billed),
      // What cannot be amended is not priced: the refusal says more than what pricing would.
      after: factsOf(planned, planned.terms, refusal ? billed : await feesOf(t, planned)),
      refusal,
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target, payload, reason, maker, approvers, now }) {
      const planned = await planAmendment(t, target.contractId, payload, { lock: true, now });
      const fees = await feesOf(t, planned);
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
        before: factsOf(planned, origin, { fees: planned.fees, feesFrom: 'the bill' }),
        after: { ...factsOf(planned, terms, fees), ...amendment, approvers },
        ticketId,
      });
      return { ...amendment, originContractId: origin.contractId };
    },
  },
});

interface ShownFees {
  readonly fees: readonly BilledFee[];
  /** The rules: as they would price it now; the next billing prices it once more. */
  readonly feesFrom: 'the bill' | 'the amendment' | 'the rules';
}

/** What the new contract would pay. Throws what its billing would fail with. */
async function feesOf(t: Transaction, { origin, terms }: PlannedAmendment): Promise<ShownFees> {
  if (terms.fees !== undefined) return { fees: terms.fees, feesFrom: 'the amendment' };
  const { items } = await feesInTrial(t, origin.contractId, terms);
  const fees = items.map(({ feeCode, amount }) => ({ feeCode, amount }));
  return { fees, feesFrom: 'the rules' };
}

/** The same names before and after, so that what changes stands side by side. */
const factsOf = (
  { origin: { side, grossAmount } }: PlannedAmendment,
  terms: Omit<PlannedAmendment['terms'], 'fees' | 'accountId'>,
  { fees, feesFrom }: ShownFees,
): Facts => ({
  accountNo: terms.accountNo,
  orderChannel: terms.orderChannel,
  settlementChannel: terms.settlementChannel,
  stage: terms.stage,
  tradeDate: terms.tradeDate,
  cashSettlementDate: terms.cashSettlementDate,
  securitiesSettlementDate: terms.securitiesSettlementDate,
  side,
  grossAmount,
  fees,
  feesFrom,
  ...billOf({ side, grossAmount }, fees),
});
