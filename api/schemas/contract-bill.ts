import Type from 'typebox';
import type { FeeEditAction } from '../../domain/fees/fee-edit.ts';
import { Amount, Day, Instant, list, nullable, oneOf, prose, shape, strict } from './fields.ts';

const ACTIONS = [
  'ADD',
  'AMOUNT',
  'DELETE',
  'AMEND',
  'CONFIRM',
  'UNPIN',
  'CARRY',
] as const satisfies readonly FeeEditAction[];

export const Bill = shape({
  contractId: Type.Integer(),
  ledgerDate: Day,
  flow: Type.String(),
  orderId: Type.String(),
  currency: Type.String(),
  revision: Type.Integer({ description: 'The newest fee edit; 0 = none. An edit sends it back.' }),
  calculateOutAmount: Amount,
  billAmount: Amount,
  netAmount: Amount,
  handPricedBy: nullable(Type.String()),
  handPricedAt: nullable(Instant),
  handPriceReason: nullable(Type.String()),
  items: list(
    shape({
      feeCode: Type.String(),
      payee: Type.String(),
      calculateOutAmount: nullable(Amount),
      billAmount: nullable(Amount),
    }),
    { description: 'By fee code: what the rules gave, null = nothing; what is billed.' },
  ),
});

export const FeeTrial = shape({
  contractId: Type.Integer(),
  currency: Type.String(),
  orderChannel: Type.Integer(),
  scheduleId: Type.String(),
  calculateOutAmount: Amount,
  netAmount: nullable(Amount),
  items: list(shape({ feeCode: Type.String(), ruleId: Type.Integer(), amount: Amount })),
});

export const FeeEditRow = shape({
  editNo: Type.Integer(),
  contractId: Type.Integer({ description: 'Billing again makes another contract.' }),
  action: oneOf(ACTIONS),
  feeCode: nullable(Type.String()),
  billAmount: nullable(Amount),
  netAmount: nullable(Amount),
  reason: Type.String(),
  editor: Type.String(),
  editedAt: Instant,
});

/** What an amount may be: not below zero, and no finer than the finest fee rule rounds to. */
const FeeAmount = Type.String({
  pattern: String.raw`^\d{1,12}(\.\d{1,3})?$`,
  description: 'Of all executions together, in the trade currency: 0 or more, 3 decimals at most.',
});

const decided = {
  reason: prose(500),
  revision: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
};
export const FeeCode = Type.String({ pattern: '^[A-Z][A-Z0-9_]{0,63}$' });
export const Decided = strict(decided);
export const ChargedAmount = strict({ amount: FeeAmount, ...decided });
export const NewFee = strict({ feeCode: FeeCode, amount: FeeAmount, ...decided });
