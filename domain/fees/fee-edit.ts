import { isBusy, hasBegun, type FlowState } from '../clearing/flow-state.ts';
import type { Refusal } from '../clearing/guards.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { ExactSum } from '../ledger/exact-sum.ts';
import { Decimal, type DecimalString } from '../money/decimal.ts';
import { formatAmount } from '../money/rounding.ts';
import type { Side } from '../trades/trade.ts';

/** What a person asks for: an amount is of all executions together, in the trade currency. */
export type FeeEdit =
  | { readonly action: 'ADD' | 'AMOUNT'; readonly feeCode: string; readonly amount: DecimalString }
  | { readonly action: 'DELETE'; readonly feeCode: string };

/**
 * AMEND: what an amendment takes back or charges instead. CONFIRM: the hand price holds for the
 * changed trade as well. UNPIN: the rules price again. CARRY: billing made the contract anew and
 * left the hand price standing.
 */
export type FeeEditAction = FeeEdit['action'] | 'AMEND' | 'CONFIRM' | 'UNPIN' | 'CARRY';

/** What a contract is charged for one fee code, unsigned, in the trade currency. */
export interface BilledFee {
  readonly feeCode: string;
  readonly amount: DecimalString;
}

/** Where a contract stands. */
export interface EditedContract {
  readonly contractId: number;
  /** False once a later pass or a revoke discarded it, and while its billing has not succeeded. */
  readonly counts: boolean;
  readonly posted: boolean;
}

/**
 * Why the fees of a contract may not be edited now; undefined when they may: after billing, while
 * nothing of the flow runs, and before posting has begun (K.4 row 24).
 */
export function feeEditRefusal(flow: FlowState, contract: EditedContract): Refusal | undefined {
  const { contractId } = contract;
  return (
    postedRefusal(flow, contract) ??
    restRefusal(flow) ??
    (contract.counts ? undefined : { code: 'CONTRACT_DISCARDED', details: { contractId } })
  );
}

/**
 * Why a hand price may not be confirmed or given up now. That is possible without a contract that
 * counts, too: after a revoke, or when billing waits for just this decision.
 */
export const handPriceRefusal = (flow: FlowState, contract: EditedContract): Refusal | undefined =>
  postedRefusal(flow, contract) ?? restRefusal(flow);

/** Once posting has begun some contracts are booked, and which ones is the matter of its shards. */
function postedRefusal(flow: FlowState, contract: EditedContract): Refusal | undefined {
  const hasPostingBegun = contract.counts && hasBegun(flow, 'posting') && !isBusy(flow.mode);
  if (!contract.posted && !hasPostingBegun) return undefined;
  const { contractId } = contract;
  return { code: 'FEE_EDIT_AFTER_POSTING', details: { contractId, offers: ['revoke'] } };
}

function restRefusal({ flow, mode, revokeUnfinished }: FlowState): Refusal | undefined {
  if (isBusy(mode)) {
    return { code: 'STEP_IN_PROGRESS', details: { flow, mode, hint: 'pause first' } };
  }
  return revokeUnfinished ? { code: 'REVOKE_UNFINISHED', details: { flow, mode } } : undefined;
}

/**
 * The fees after an edit, in their order; a new one comes last. Throws FEE_ALREADY_CHARGED for one
 * that is added twice, and FEE_NOT_CHARGED for one that is not there to be changed or deleted.
 */
export function editedFees(fees: readonly BilledFee[], edit: FeeEdit): readonly BilledFee[] {
  const { action, feeCode } = edit;
  const isCharged = fees.some((fee) => fee.feeCode === feeCode);
  if (action === 'ADD' && isCharged) throw new ClearingError('FEE_ALREADY_CHARGED', { feeCode });
  if (action !== 'ADD' && !isCharged) throw new ClearingError('FEE_NOT_CHARGED', { feeCode });
  if (action === 'DELETE') return fees.filter((fee) => fee.feeCode !== feeCode);
  const edited = { feeCode, amount: formatAmount(new Decimal(edit.amount)) };
  return action === 'ADD'
    ? [...fees, edited]
    : fees.map((fee) => (fee.feeCode === feeCode ? edited : fee));
}

export interface Bill {
  readonly feeAmount: DecimalString;
  /** BUY gross + fees, SELL gross − fees: what the client pays or receives. */
  readonly netAmount: DecimalString;
}

/** What the fees add up to, exactly: nothing is rounded here. */
export function billOf(
  contract: { readonly side: Side; readonly grossAmount: DecimalString },
  fees: readonly BilledFee[],
): Bill {
  const sum = new ExactSum();
  for (const { amount } of fees) sum.add(amount);
  const total = new Decimal(sum.toString());
  const gross = new Decimal(contract.grossAmount);
  const net = contract.side === 'BUY' ? gross.plus(total) : gross.minus(total);
  return { feeAmount: formatAmount(total), netAmount: formatAmount(net) };
}
