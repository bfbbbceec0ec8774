import type { Api } from './api.ts';

export interface Fill {
  readonly quantity: string;
  readonly price: string;
  readonly executionId?: string;
  readonly executedAt?: string;
}

export interface OrderAsked {
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly tradeDate: string;
  /** BUY unless given. */
  readonly side?: 'BUY' | 'SELL';
  /** 0 to 9; 3 unless given. */
  readonly orderChannel?: number;
  /** Not reconciled in Hong Kong, by order in New York, unless given. */
  readonly settlementChannel?: string;
  /** One lot of a hundred at 100 unless given. */
  readonly executions?: readonly Fill[];
  /** The front office's own time; a minute into the session's second hour unless given. */
  readonly recordedAt?: string;
  readonly orderId?: string;
}

export interface PlacedExecution {
  readonly executionId: string;
  readonly quantity: string;
  readonly price: string;
  readonly executedAt: string;
}

/** An order as the front office sent it; enough to write its row of a counterparty file. */
export interface PlacedOrder {
  readonly orderId: string;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly market: string;
  readonly tradeDate: string;
  readonly side: 'BUY' | 'SELL';
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly recordedAt: string;
  readonly executions: readonly PlacedExecution[];
}

/** In the session, in UTC. */
const IN_SESSION: Readonly<Record<string, string>> = { HK: '02:30:00Z', US: '15:30:00Z' };
const CHANNEL: Readonly<Record<string, string>> = { HK: 'HKOTC', US: 'IB' };
const ORDINARY_FILL: Fill = { quantity: '100', price: '100' };

let placed = 0;

/** What the front office would send for it, with ids of its own. */
export function orderOf(asked: OrderAsked): PlacedOrder {
  placed += 1;
  const market = asked.instrumentId.split('/')[1] ?? '';
  const executedAt = `${asked.tradeDate}T${IN_SESSION[market] ?? ''}`;
  const orderId = asked.orderId ?? `O${String(placed).padStart(6, '0')}`;
  return {
    orderId,
    accountNo: asked.accountNo,
    instrumentId: asked.instrumentId,
    market,
    tradeDate: asked.tradeDate,
    side: asked.side ?? 'BUY',
    orderChannel: asked.orderChannel ?? 3,
    settlementChannel: asked.settlementChannel ?? CHANNEL[market] ?? '',
    recordedAt: asked.recordedAt ?? executedAt.replace(':30:00', ':31:00'),
    executions: (asked.executions ?? [ORDINARY_FILL]).map((fill, index) => ({
      executionId: fill.executionId ?? `${orderId}-${index + 1}`,
      quantity: fill.quantity,
      price: fill.price,
      executedAt: fill.executedAt ?? executedAt,
    })),
  };
}

/** Sends orders with their executions. The front office's route is idempotent by its own ids. */
export async function sendOrders(api: Api, orders: readonly PlacedOrder[]): Promise<void> {
  if (orders.length === 0) return;
  await api.post('/front-office/orders', {
    items: orders.map((order) => ({
      orderId: order.orderId,
      version: 1,
      accountNo: order.accountNo,
      instrumentId: order.instrumentId,
      side: order.side,
      orderChannel: order.orderChannel,
      settlementChannel: order.settlementChannel,
      quantity: sumOf(order.executions.map(({ quantity }) => quantity)),
      recordedAt: order.recordedAt,
    })),
  });
  await api.post('/front-office/executions', {
    items: orders.flatMap(({ orderId, tradeDate, recordedAt, executions }) =>
      executions.map((execution) => ({ ...execution, orderId, tradeDate, recordedAt, version: 1 })),
    ),
  });
}

export async function placeOrder(api: Api, asked: OrderAsked): Promise<PlacedOrder> {
  const order = orderOf(asked);
  await sendOrders(api, [order]);
  return order;
}

/** Whole shares only. */
const sumOf = (quantities: readonly string[]): string =>
  String(quantities.reduce((sum, quantity) => sum + BigInt(quantity), 0n));
