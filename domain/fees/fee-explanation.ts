import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, ZERO, type DecimalString } from '../money/decimal.ts';
import { roundTo, formatAmount, type RoundingRule } from '../money/rounding.ts';
import {
  conditionsMet,
  lossInWords,
  type ChoiceFacts,
  type ConditionMet,
} from './explain-choice.ts';
import { explainFee, type ExplanationStep } from './explain-fee.ts';
import { sourcesOf } from './fee-dependencies.ts';
import { feeIdOf } from './fee-id.ts';
import type { FeeRule } from './fee-rule.ts';
import type { FeeChoice, FeeLine, LosingReason } from './tariff-plan.ts';

export interface PricedExecution {
  /** 1, 2, 3 … through all orders of the contract. */
  readonly executionNo: number;
  readonly executionId: string;
  readonly orderId: string;
  /** 1, 2, 3 … inside the contract. */
  readonly orderPlace: number;
  /** null: the order is an EMS order of its own. */
  readonly emsOrderNo: string | null;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
}

/** What a person had said about the stamp duty of the instrument when it was billed. */
export interface CountingStampDutyEdit {
  readonly editNo: number;
  /** null: the flag of the master data counted. */
  readonly exempt: boolean | null;
  readonly effectiveFrom: BusinessDate;
  readonly expiresOn: BusinessDate;
  readonly editor: string;
  readonly reason: string;
}

/** The contract that a fee belongs to. */
export interface PricedContract extends ChoiceFacts {
  readonly ledgerDate: BusinessDate;
  readonly contractId: number;
  readonly orderId: string;
  readonly accountNo: string;
  readonly instrumentId: string;
  /** null: the flag of the master data counted. */
  readonly stampDutyEdit: CountingStampDutyEdit | null;
  readonly executions: readonly PricedExecution[];
}

/** A stored fee row. */
export interface StoredFee extends Pick<FeeLine, 'metric' | 'exact' | 'clamp' | 'amount'> {
  readonly contractId: number;
  readonly line: number;
  readonly feeCode: string;
  readonly payee: string;
  /** 0 = all of the contract; −2 = the second order of a contract of several. */
  readonly executionNo: number;
  readonly choice: FeeChoice;
  /** What the rows of the contract before this one add up to. */
  readonly feesBefore: DecimalString;
  /** Of tiers by monthly shares or turnover: what they had counted before; else null. */
  readonly monthBefore: DecimalString | null;
  /** What each fee code charges on the contract. */
  readonly totals: ReadonlyMap<string, DecimalString>;
}

export interface RejectedRule {
  readonly ruleId: number;
  readonly version: number;
  readonly reason: LosingReason;
  readonly words: string;
  readonly definition: FeeRule;
}

/** Everything that a fee followed from: who reads it needs no other table. */
export interface FeeExplanation {
  readonly feeId: string;
  readonly ledgerDate: BusinessDate;
  readonly contractId: number;
  readonly line: number;
  readonly feeCode: string;
  readonly payee: string;
  readonly currency: string;
  readonly inputs: FeeInputs;
  readonly rule: {
    readonly ruleId: number;
    readonly version: number;
    readonly definition: FeeRule;
  };
  readonly matched: readonly ConditionMet[];
  readonly rejected: readonly RejectedRule[];
  /** The rule as it was applied: what of it holds for this kind of trade. */
  readonly terms: Omit<FeeChoice, 'losers'>;
  readonly arithmetic: readonly ExplanationStep[];
  readonly metric: DecimalString;
  /** After minimum, maximum and cap, before rounding. */
  readonly exactAmount: DecimalString;
  readonly clamp: FeeLine['clamp'];
  /** Null where nothing is rounded: the trade is exempt, or the fee is what others leave. */
  readonly rounding: (RoundingRule & { readonly difference: DecimalString }) | null;
  readonly amount: DecimalString;
}

export interface FeeInputs extends ChoiceFacts {
  readonly orderId: string;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly stampDutyEdit: CountingStampDutyEdit | null;
  /** Those on which the line was computed: one, those of an order, or all of the contract. */
  readonly executions: readonly (PricedExecution & { readonly consideration: DecimalString })[];
  readonly quantity: DecimalString;
  readonly consideration: DecimalString;
  /** Shares of one contract. */
  readonly multiplier: DecimalString;
  readonly feesBefore: DecimalString;
  /** Of a fee in monthly tiers: orders, shares or turnover of the month before; else null. */
  readonly monthBefore: DecimalString | null;
  /** Of a fee of fees: what each code charges on the contract; else empty. */
  readonly sources: readonly { readonly feeCode: string; readonly amount: DecimalString }[];
}

/**
 * A stored fee row in full. `rules` holds the winner and the losers of its choice. Throws
 * BOOKS_OUT_OF_BALANCE when the row does not follow from its choice, or names a rule or an
 * execution that is not there.
 */
export function explainedFee(
  fee: StoredFee,
  contract: PricedContract,
  rules: ReadonlyMap<number, FeeRule>,
): FeeExplanation {
  const { contractId, line, feeCode, payee, metric, exact, clamp, amount, monthBefore } = fee;
  const { losers, ...terms } = fee.choice;
  const { ledgerDate } = contract;
  const feeId = feeIdOf({ ledgerDate, contractId, line });
  const ruleOf = (ruleId: number): FeeRule => {
    const rule = rules.get(ruleId);
    if (rule !== undefined) return rule;
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', { why: 'no such fee rule', feeId, ruleId });
  };
  const winner = ruleOf(terms.ruleId);
  const arithmetic = explainFee({ metric, exact, clamp, amount, monthBefore }, fee.choice);
  return {
    feeId,
    ledgerDate,
    contractId,
    line,
    feeCode,
    payee,
    currency: terms.currency,
    inputs: inputsOf(fee, contract, feeId),
    rule: { ruleId: terms.ruleId, version: terms.version, definition: winner },
    matched: conditionsMet(winner, contract),
    rejected: losers.map(({ ruleId, version, reason }) => {
      const definition = ruleOf(ruleId);
      const words = lossInWords(reason, definition, winner, contract);
      return { ruleId, version, reason, words, definition };
    }),
    terms,
    arithmetic,
    metric,
    exactAmount: exact,
    clamp,
    rounding: arithmetic.some(({ step }) => step === 'round')
      ? { ...terms.rounding, difference: lostByRounding(exact, terms.rounding) }
      : null,
    amount,
  };
}

const lostByRounding = (exact: DecimalString, rule: RoundingRule): DecimalString =>
  roundTo(new Decimal(exact), rule).minus(exact).toString();

function isPartOf(
  { executionNo, choice }: StoredFee,
  execution: PricedExecution,
  { executions }: PricedContract,
): boolean {
  const { orderPlace, emsOrderNo } = execution;
  if ([0, execution.executionNo, -orderPlace].includes(executionNo)) return true;
  const first = executions.find((each) => each.orderPlace === -executionNo);
  return choice.unit === 'emsOrder' && emsOrderNo !== null && first?.emsOrderNo === emsOrderNo;
}

function inputsOf(fee: StoredFee, contract: PricedContract, feeId: string): FeeInputs {
  const { market, scheduleId, instrumentType, side, tradeDate, orderChannel, stage } = contract;
  const { orderId, accountNo, instrumentId, stampDutyEdit } = contract;
  const executions = contract.executions
    .filter((execution) => isPartOf(fee, execution, contract))
    .map((execution) => {
      const consideration = new Decimal(execution.quantity).times(execution.price);
      return { ...execution, consideration: consideration.toString() };
    });
  if (executions.length === 0) {
    const { executionNo } = fee;
    const why = 'no such execution';
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', { why, feeId, executionNo });
  }
  const total = (texts: readonly DecimalString[]): DecimalString =>
    texts.reduce((sum, text) => sum.plus(text), ZERO).toString();
  return {
    market,
    scheduleId,
    instrumentType,
    side,
    tradeDate,
    orderChannel,
    stage,
    orderId,
    accountNo,
    instrumentId,
    stampDutyEdit,
    executions,
    quantity: total(executions.map(({ quantity }) => quantity)),
    consideration: total(executions.map(({ consideration }) => consideration)),
    multiplier: '1',
    feesBefore: formatAmount(new Decimal(fee.feesBefore)),
    monthBefore: ordinalBefore(fee) ?? fee.monthBefore,
    sources: sourcesOf(fee.choice.formula).map((feeCode) => {
      const amount = fee.totals.get(feeCode) ?? '0';
      return { feeCode, amount: formatAmount(new Decimal(amount)) };
    }),
  };
}

/** Of tiers by orders the metric itself is the place in the month, so no other row has it. */
const ordinalBefore = ({ choice, metric, clamp }: StoredFee): DecimalString | null =>
  choice.formula.kind === 'orderTier' && clamp !== 'waived'
    ? new Decimal(metric).minus(1).toString()
    : null;
