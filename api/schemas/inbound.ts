import Type from 'typebox';
import {
  ACCOUNT_KINDS,
  ACCOUNT_STATUSES,
  INSTRUMENT_TYPES,
  SIDES,
  TRADE_STAGES,
  type TradeStage,
} from '../../domain/trades/trade.ts';
import { Day, Instant, oneOf, shape, strict } from './fields.ts';

const SourceId = Type.String({ pattern: '^[!-~]{1,64}$' });
const Positive = Type.String({
  pattern: String.raw`^(0|[1-9]\d*)(\.\d{1,10})?$`,
  description: 'Greater than zero; at most 10 decimals and 18 digits in all.',
});
const Version = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const RecordedAt = Type.Optional(
  Type.String({
    format: 'date-time',
    description:
      'The front office’s own time, which the cutoff compares. Absent: an execution counts from its ' +
      'executedAt, anything else from the beginning, a correction from what it corrects.',
  }),
);
const Cancelled = Type.Optional(Type.Boolean({ default: false }));

/** 下单渠道 0–9. */
export const OrderChannelCode = Type.Integer({ minimum: 0, maximum: 9 });
export const SideWord = oneOf(SIDES);
export const StageWord = oneOf(TRADE_STAGES);
export const Stage = Type.Optional(
  Type.Unsafe<TradeStage>({
    ...StageWord,
    default: 'NORMAL',
    description: 'GREY: done in the grey market (暗盘), before the listing; of Hong Kong only.',
  }),
);

export const OrderBody = strict({
  orderId: SourceId,
  version: Version,
  accountNo: SourceId,
  instrumentId: Type.String({ description: 'TYPE/MARKET/CODE, like ST/HK/700' }),
  side: SideWord,
  orderChannel: OrderChannelCode,
  settlementChannel: SourceId,
  quantity: Positive,
  cancelled: Cancelled,
  stage: Stage,
  emsOrderNo: Type.Optional(
    Type.String({
      ...SourceId,
      description: 'The order of an execution management system that this one is a part of.',
    }),
  ),
  recordedAt: RecordedAt,
});

export const ExecutionBody = strict({
  executionId: SourceId,
  version: Version,
  orderId: SourceId,
  tradeDate: Day,
  quantity: Positive,
  price: Positive,
  cancelled: Cancelled,
  executedAt: Instant,
  recordedAt: RecordedAt,
});

export const AccountBody = strict({
  accountNo: SourceId,
  version: Version,
  kind: oneOf(ACCOUNT_KINDS),
  status: oneOf(ACCOUNT_STATUSES),
  openedOn: Day,
  closedOn: Type.Optional(Day),
  recordedAt: RecordedAt,
});

export const InstrumentBody = strict({
  instrumentId: Type.String({ description: 'TYPE/MARKET/CODE, like ST/HK/700' }),
  version: Version,
  type: oneOf(INSTRUMENT_TYPES),
  name: Type.String({ maxLength: 200 }),
  currency: Type.String(),
  lotSize: Type.Integer({ minimum: 1 }),
  stampDutyExempt: Type.Optional(Type.Boolean({ default: false })),
  recordedAt: RecordedAt,
});

export const SupplementBody = strict({
  ledgerDate: Day,
  accountNo: SourceId,
  instrumentId: Type.String({ description: 'TYPE/MARKET/CODE, like ST/HK/700' }),
  side: SideWord,
  orderChannel: Type.Optional(Type.Integer({ minimum: 0, maximum: 9, default: 1 })),
  settlementChannel: SourceId,
  tradeDate: Day,
  cashSettlementDate: Type.Optional(Day),
  securitiesSettlementDate: Type.Optional(Day),
  stage: Stage,
  executions: Type.Array(
    strict({
      serial: Type.Optional(SourceId),
      quantity: Positive,
      price: Positive,
    }),
    { minItems: 1, maxItems: 1000 },
  ),
});

export const CsvBody = Type.Unsafe<Buffer>({
  type: 'string',
  description: 'CSV, see docs/files.md',
});

export const RowErrorSchema = shape({
  row: Type.Integer({ description: 'The n-th data row, from 1.' }),
  field: Type.String(),
  code: Type.String(),
  value: Type.String(),
  message: Type.String(),
});
