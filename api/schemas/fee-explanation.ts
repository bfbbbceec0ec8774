import Type from 'typebox';
import { SIDES, TRADE_STAGES } from '../../domain/trades/trade.ts';
import { Amount, Anything, Day, list, nullable, oneOf, shape } from './fields.ts';

const Definition = Type.Unsafe<object>({
  ...Anything,
  description: 'The fee rule as GET /fee-rules has it.',
});

const Inputs = shape({
  market: Type.String(),
  scheduleId: Type.String(),
  instrumentType: Type.String(),
  side: oneOf(SIDES),
  tradeDate: Day,
  orderChannel: Type.Integer(),
  stage: oneOf(TRADE_STAGES),
  orderId: Type.String(),
  accountNo: Type.String(),
  instrumentId: Type.String(),
  stampDutyEdit: nullable(
    shape({
      editNo: Type.Integer(),
      exempt: nullable(Type.Boolean()),
      effectiveFrom: Day,
      expiresOn: Day,
      editor: Type.String(),
      reason: Type.String(),
    }),
  ),
  executions: list(
    shape({
      executionNo: Type.Integer(),
      executionId: Type.String(),
      orderId: Type.String(),
      orderPlace: Type.Integer({ description: '1, 2, 3 … inside the contract.' }),
      emsOrderNo: nullable(Type.String()),
      quantity: Amount,
      price: Amount,
      consideration: Amount,
    }),
    {
      description:
        'Those on which the line was computed: one, of an order, or all of the contract.',
    },
  ),
  quantity: Amount,
  consideration: Amount,
  multiplier: Amount,
  feesBefore: Type.Unsafe<string>({
    ...Amount,
    description: 'What the rows of the contract before this one add up to.',
  }),
  monthBefore: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'Of monthly tiers: orders, shares or turnover of the month before; else null.',
  }),
  sources: list(shape({ feeCode: Type.String(), amount: Amount }), {
    description: 'Of a fee of fees: what each code charges on the contract.',
  }),
});

export const FeeExplanationView = shape({
  feeId: Type.String(),
  ledgerDate: Day,
  contractId: Type.Integer(),
  line: Type.Integer(),
  feeCode: Type.String(),
  payee: Type.String(),
  currency: Type.String(),
  inputs: Inputs,
  rule: shape({ ruleId: Type.Integer(), version: Type.Integer(), definition: Definition }),
  matched: list(shape({ condition: Type.String(), asked: Type.String(), found: Type.String() }), {
    description: 'Every condition of the rule, and what the trade met it with.',
  }),
  rejected: list(
    shape({
      ruleId: Type.Integer(),
      version: Type.Integer(),
      reason: Type.String(),
      words: Type.String(),
      definition: Definition,
    }),
  ),
  terms: Type.Unsafe<object>({
    ...Anything,
    description: 'The rule as it was applied: formula, unit, bounds, rounding, exemption.',
  }),
  arithmetic: list(Type.Unsafe<object>(Anything), {
    description: 'Step by step; the last result is the amount.',
  }),
  metric: Amount,
  exactAmount: Amount,
  clamp: oneOf(['', 'min', 'max', 'cap', 'waived', 'threshold']),
  rounding: nullable(
    shape({
      mode: Type.String(),
      increment: Amount,
      difference: Type.Unsafe<string>({ ...Amount, description: 'What rounding added.' }),
    }),
  ),
  amount: Amount,
});
