import { sum, type Exact } from './exact.ts';

export interface Fill {
  readonly quantity: Exact;
  readonly price: Exact;
  readonly value: Exact;
  readonly order: number;
  readonly emsOrder: number;
}

/** What one row of a fee is computed on. */
export interface Group {
  readonly fills: readonly Fill[];
  readonly quantity: Exact;
  readonly value: Exact;
  readonly orders: number;
  readonly execution: number;
  readonly order: number;
}

export type Groups = Readonly<
  Record<'execution' | 'order' | 'emsOrder' | 'contract', readonly Group[]>
>;

export function groupsOf(fills: readonly Fill[]): Groups {
  const orders = Math.max(...fills.map((fill) => fill.order)) + 1;
  const of = (chosen: readonly Fill[], count: number, execution: number, order: number): Group => ({
    fills: chosen,
    quantity: sum(chosen.map((fill) => fill.quantity)),
    value: sum(chosen.map((fill) => fill.value)),
    orders: count,
    execution,
    order,
  });
  const named = (order: number) => (orders === 1 ? -1 : order);
  const contract = of(fills, orders, -1, -1);
  return {
    execution: fills.map((fill, at) => of([fill], 1, at, named(fill.order))),
    order:
      orders === 1
        ? [contract]
        : Array.from({ length: orders }, (_, order) => {
            const own = fills.filter((fill) => fill.order === order);
            return of(own, 1, -1, order);
          }),
    emsOrder: [...new Set(fills.map((fill) => fill.emsOrder))].map((ems) => {
      const own = fills.filter((fill) => fill.emsOrder === ems);
      const parts = new Set(own.map((fill) => fill.order));
      return of(own, parts.size, -1, named(Math.min(...parts)));
    }),
    contract: [contract],
  };
}
