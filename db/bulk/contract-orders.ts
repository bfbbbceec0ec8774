import { emsOrderPlaces } from '../../domain/fees/ems-order-places.ts';
import type { OrderToPrice } from '../../domain/fees/tariff-plan.ts';
import { ORDER } from './billing-queries.ts';
import { COPY_NULL } from './copy-buffer.ts';

/** The columns of ordersQuery. */
export type Fields = readonly string[];

/** The orders that one contract is made of, in the order of time. */
export type ContractOrders = readonly [Fields, ...Fields[]];

const textsOf = (f: Fields, column: number): readonly string[] => (f[column] ?? '').split(' ');

function emsOrderNoOf(f: Fields): string | null {
  const field = f[ORDER.emsOrderNo];
  return field === undefined || field === COPY_NULL ? null : field;
}

/** The executions of each order follow those of the order before it. */
export function executionsOf(orders: ContractOrders): OrderToPrice {
  if (orders.length === 1) {
    const [f] = orders;
    return { quantities: textsOf(f, ORDER.quantities), prices: textsOf(f, ORDER.prices) };
  }
  return {
    quantities: orders.flatMap((f) => textsOf(f, ORDER.quantities)),
    prices: orders.flatMap((f) => textsOf(f, ORDER.prices)),
    orderOf: orders.flatMap((f, at) => textsOf(f, ORDER.quantities).map(() => at)),
    emsOrderOf: emsOrderPlaces(orders.map(emsOrderNoOf)),
  };
}
