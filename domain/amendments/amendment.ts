import type { BusinessDate } from '../calendar/business-date.ts';
import type { FlowState } from '../clearing/flow-state.ts';
import type { Refusal } from '../clearing/guards.ts';
import type { BilledFee } from '../fees/fee-edit.ts';
import { negated } from '../ledger/exact-sum.ts';
import { supplementRefusal } from '../supplements/supplement.ts';
import type { Side, TradeSource, TradeStage } from '../trades/trade.ts';

/** What an amendment (合约修正) changes; what it does not name stays as it was. */
export interface AmendedTerms {
  readonly accountNo?: string;
  readonly orderChannel?: number;
  readonly settlementChannel?: string;
  readonly stage?: TradeStage;
  readonly cashSettlementDate?: BusinessDate;
  readonly securitiesSettlementDate?: BusinessDate;
  /** All fees of the new contract; without them the rules of its trade date price it. */
  readonly fees?: readonly BilledFee[];
}

/** The contract that was wrong. */
export interface AmendedContract {
  readonly contractId: number;
  readonly ledgerDate: BusinessDate;
  readonly source: TradeSource;
  /** How many orders it is made of: several where they were merged. */
  readonly orders: number;
  readonly counts: boolean;
  /** The amendment in force that takes it back already. */
  readonly amendmentId: number | null;
}

/**
 * Why a contract cannot be amended now; undefined when it can: one of an earlier ledger date, once,
 * while the open date still takes supplements of its flow. One of the open date is revoked instead.
 * The new contract is one order, so the rules would price a merged one otherwise: it needs fees.
 */
export function amendmentRefusal(
  origin: AmendedContract,
  openDate: BusinessDate,
  flow: FlowState,
  fees: AmendedTerms['fees'],
): Refusal | undefined {
  const { contractId, ledgerDate, amendmentId, orders } = origin;
  if (!origin.counts) return { code: 'CONTRACT_DISCARDED', details: { contractId } };
  if (origin.source === 'AMENDMENT_REVERSE') {
    return { code: 'PART_OF_AMENDMENT', details: { contractId } };
  }
  if (ledgerDate >= openDate) {
    return { code: 'AMENDMENT_NOT_NEEDED', details: { contractId, offers: ['revoke'] } };
  }
  if (amendmentId !== null) {
    return { code: 'ALREADY_AMENDED', details: { contractId, amendmentId } };
  }
  if (orders > 1 && fees === undefined) {
    return { code: 'AMENDMENT_NEEDS_FEES', details: { contractId, orders } };
  }
  return supplementRefusal(flow);
}

/** What takes a trade back: the same trade on the other side. */
export const otherSide = (side: Side): Side => (side === 'BUY' ? 'SELL' : 'BUY');

/**
 * Fees that take fees back. On the other side they give the same net amount with the other sign: a
 * BUY pays gross + fees, and its reversal, a SELL, receives gross − (−fees).
 */
export const takenBack = (fees: readonly BilledFee[]): readonly BilledFee[] =>
  fees.map(({ feeCode, amount }) => ({ feeCode, amount: negated(amount) }));
