import Type from 'typebox';
import { SIDES } from '../../domain/trades/trade.ts';
import { Amount, Anything, Day, list, nullable, oneOf, shape, strict } from './fields.ts';
import { OrderChannelCode, RowErrorSchema, SideWord, Stage, StageWord } from './inbound.ts';

const Value = Type.String({ description: 'Greater than zero, or several with a blank between.' });

export const HypotheticalOrderBody = strict({
  accountNo: Type.String(),
  instrumentId: Type.String({ description: 'TYPE/MARKET/CODE, like ST/HK/700' }),
  side: SideWord,
  orderChannel: OrderChannelCode,
  settlementChannel: Type.Optional(
    Type.String({ description: 'Plays no part in the fees; must be one of the market.' }),
  ),
  stage: Stage,
  tradeDate: Day,
  quantity: Type.Optional(Value),
  price: Type.Optional(Value),
  executions: Type.Optional(
    Type.Array(strict({ quantity: Type.String(), price: Type.String() }), {
      minItems: 1,
      maxItems: 1000,
      description: 'Instead of quantity and price.',
    }),
  ),
});

const Choice = Type.Unsafe<object>({
  ...Anything,
  description: 'The rule that won, as it stands, and which rules lost why.',
});

export const Losers = list(
  shape({ ruleId: Type.Integer(), version: Type.Integer(), reason: Type.String() }),
);

const SimulatedFee = shape({
  feeCode: Type.String(),
  executionNo: Type.Integer({ description: '0 = the whole order.' }),
  currency: Type.String(),
  metric: Amount,
  exactAmount: Amount,
  clamp: oneOf(['', 'min', 'max', 'cap', 'waived', 'threshold']),
  amount: Amount,
  choice: Choice,
  steps: list(Type.Unsafe<object>(Anything)),
});

export const SimulationView = shape({
  saved: Type.Unsafe<false>({ const: false, description: 'Nothing is written, ever.' }),
  orders: list(
    shape({
      row: Type.Integer({ description: 'The n-th data row or item, from 1.' }),
      accountNo: Type.String(),
      instrumentId: Type.String(),
      market: Type.String(),
      side: oneOf(SIDES),
      tradeDate: Day,
      orderChannel: Type.Integer(),
      settlementChannel: nullable(Type.String()),
      stage: StageWord,
      scheduleId: Type.String(),
      currency: Type.String(),
      executionCount: Type.Integer(),
      quantity: Amount,
      grossAmount: Amount,
      feeAmount: Amount,
      netAmount: nullable(Amount),
      cashSettlementDate: Day,
      securitiesSettlementDate: Day,
      fees: list(SimulatedFee),
      notCharged: list(shape({ feeCode: Type.String(), losers: Losers })),
      policyVersion: Type.Integer({ description: 'The newest fee rule that played a part.' }),
    }),
  ),
  bad: Type.Integer({ description: 'Orders that could not be priced.' }),
  errors: Type.Array(RowErrorSchema),
  errorsOmitted: Type.Integer(),
});
