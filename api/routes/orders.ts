import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { readOrders, readTradeExceptions } from '../../db/queries/orders.ts';
import {
  SIDES,
  TRADE_SOURCES,
  TRADE_STAGES,
  type TradeExceptionReason,
} from '../../domain/trades/trade.ts';
import {
  Amount,
  Anything,
  Day,
  FlowId,
  Instant,
  nullable,
  oneOf,
  shape,
  strict,
  Word,
} from '../schemas/fields.ts';
import { PAGE_QUERY, pageOf } from '../schemas/page.ts';

const config = { permission: 'lb_hk_clearing.clearing_busin_steps' } as const;
const tags = ['trades'];
const Channel = Type.Integer({ minimum: 0, maximum: 9 });
const EVERY_REASON: Readonly<Record<TradeExceptionReason, true>> = {
  UNKNOWN_ACCOUNT: true,
  UNKNOWN_INSTRUMENT: true,
  UNKNOWN_ORDER: true,
  ORDER_CANCELLED: true,
  CHANGED_AFTER_POSTING: true,
};
const REASONS = Object.keys(EVERY_REASON) as TradeExceptionReason[];

const Order = shape({
  ledgerDate: Day,
  orderNo: Type.Integer(),
  flow: Type.String(),
  market: Type.String(),
  source: oneOf(TRADE_SOURCES),
  orderId: Type.String(),
  orderVersion: Type.Integer(),
  accountNo: Type.String(),
  instrumentId: Type.String(),
  side: oneOf(SIDES),
  opEntrustWay: Type.Integer({ description: 'The order channel as received.' }),
  manualOpEntrustWay: nullable(Type.Integer({ description: 'As edited.' })),
  orderChannel: Type.Integer({ description: 'The one that billing uses.' }),
  editor: nullable(Type.String()),
  editedAt: nullable(Instant),
  settlementChannel: Type.String(),
  stage: oneOf(TRADE_STAGES),
  emsOrderNo: nullable(Type.String()),
  tradeDate: Day,
  executionCount: Type.Integer(),
  quantity: Amount,
  amount: Amount,
  currency: Type.String(),
  billed: Type.Boolean(),
});

const TradeException = shape({
  ledgerDate: Day,
  flow: Type.String(),
  syncRunId: Type.Integer(),
  executionId: Type.String(),
  orderId: Type.String(),
  reason: oneOf(REASONS),
  details: Anything,
});

export const orderRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const reader = app.daycut.db.$client;
  app.get(
    '/orders',
    {
      config,
      schema: {
        operationId: 'listOrders',
        tags,
        summary: 'Orders of the clearing snapshot',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Day,
          flow: Type.Optional(FlowId),
          accountNo: Type.Optional(Word),
          orderId: Type.Optional(Word),
          billed: Type.Optional(Type.Boolean()),
          orderChannel: Type.Optional(Channel),
        }),
        response: { 200: pageOf(Order) },
      },
    },
    async ({ query }) => readOrders(reader, query),
  );
  app.get(
    '/trade-exceptions',
    {
      config,
      schema: {
        operationId: 'listTradeExceptions',
        tags,
        summary: 'Trades set aside at sync, with the reason',
        querystring: strict({
          ...PAGE_QUERY,
          ledgerDate: Day,
          flow: Type.Optional(FlowId),
          orderId: Type.Optional(Word),
          reason: Type.Optional(oneOf(REASONS)),
        }),
        response: { 200: pageOf(TradeException) },
      },
    },
    async ({ query }) => readTradeExceptions(reader, query),
  );
};
