import Type from 'typebox';
import type { ContractState } from '../../domain/ledger/journal.ts';
import { SIDES, TRADE_SOURCES, TRADE_STAGES } from '../../domain/trades/trade.ts';
import { Amount, Anything, Day, Instant, list, nullable, oneOf, shape } from './fields.ts';

/** 3 to be charged, 4 to be settled, 6 securities settled, 5 settled. */
const STATES = [3, 4, 5, 6] as const satisfies readonly ContractState[];

export const StateFilter = Type.Unsafe<ContractState>({ type: 'integer', enum: [...STATES] });

export const Contract = shape({
  contractId: Type.Integer(),
  ledgerDate: Day,
  flow: Type.String(),
  market: Type.String(),
  generation: Type.Integer(),
  billingRunId: Type.Integer(),
  source: oneOf(TRADE_SOURCES),
  orderNo: Type.Integer(),
  orderId: Type.String(),
  orderIds: list(Type.String(), {
    description: 'All of its orders, the first by time first; several where they were merged.',
  }),
  accountNo: Type.String(),
  instrumentId: Type.String(),
  side: oneOf(SIDES),
  tradeDate: Day,
  orderChannel: Type.Integer(),
  settlementChannel: Type.String(),
  stage: oneOf(TRADE_STAGES),
  scheduleId: Type.String(),
  policyVersion: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'The newest fee rule that billing could see.',
  }),
  currency: Type.String(),
  executionCount: Type.Integer(),
  quantity: Amount,
  grossAmount: Amount,
  feeAmount: Type.Unsafe<string>({
    ...Amount,
    description: 'What is billed: as a person said, else as the rules gave.',
  }),
  calculateOutAmount: Type.Unsafe<string>({ ...Amount, description: 'What the rules gave.' }),
  netAmount: Amount,
  cashSettlementDate: Day,
  securitiesSettlementDate: Day,
  cashDueDate: Day,
  securitiesDueDate: Day,
  state: Type.Unsafe<ContractState | null>({
    type: ['integer', 'null'],
    description: '3 to be charged, 4 to be settled, 6 securities settled, 5 settled; null = void',
  }),
  posted: nullable(Type.Boolean()),
  cashSettled: nullable(Type.Boolean()),
  securitiesSettled: nullable(Type.Boolean()),
  handPricedBy: nullable(
    Type.String({ description: 'Who priced it by hand; null = the rules did.' }),
  ),
  handPricedAt: nullable(Instant),
  handPriceReason: nullable(Type.String()),
  amendmentId: nullable(
    Type.Integer({ description: 'The newest that takes it back or made it; null = none.' }),
  ),
  originContractId: nullable(Type.Integer()),
  offsetContractId: nullable(Type.Integer()),
  newContractId: nullable(Type.Integer()),
});

export const Fee = shape({
  feeId: Type.String({ description: 'Ledger date, contract and line: 2025-12-22.1042.3' }),
  line: Type.Integer(),
  feeCode: Type.String(),
  payee: Type.String(),
  executionNo: Type.Integer({
    description: 'Through all orders of the contract; 0 = of an order or of the contract.',
  }),
  executionId: nullable(Type.String()),
  orderId: nullable(
    Type.String({
      description: 'The order of the row, of an EMS order its first; null = all of the contract.',
    }),
  ),
  currency: Type.String(),
  metric: Amount,
  exactAmount: Amount,
  clamp: oneOf(['', 'min', 'max', 'cap', 'waived', 'threshold']),
  amount: Amount,
  monthBefore: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'Of a monthly tier: shares or turnover counted before; else null.',
  }),
  choice: Type.Unsafe<object>({
    ...Anything,
    description: 'The rule that won, as it stood, and which rules lost why.',
  }),
  steps: list(Type.Unsafe<object>(Anything), {
    description: 'The arithmetic; its last result is the amount.',
  }),
});
