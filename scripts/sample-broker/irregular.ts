import type { SampleExecution, SampleOrder, SampleSession } from './model.ts';
import { priceStep } from './orders.ts';

/*
 * What a real week has and an ordinary order does not show. The first ledger date stays free of it.
 */
const MINUTE = 60_000;
/** Both markets of this ledger date: its Hong Kong session and the New York session before. */
const CORRECTED_HK = '2025-12-23';
const CORRECTED_US = '2025-12-22';
const LATE = '2025-12-23';
const MISSING = '2025-12-23';
/** 17:20 in Hong Kong, twenty minutes after the cutoff. */
const LATE_RECORDED_AT = Date.parse('2025-12-23T09:20:11.250Z');

const isFilled = (order: SampleOrder, fills: number): boolean => order.executions.length >= fills;

/** A second version of one execution takes the place of its first. */
function withSecondVersion(
  order: SampleOrder,
  change: Partial<Pick<SampleExecution, 'price' | 'cancelled'>>,
): SampleOrder {
  const [first, ...rest] = order.executions;
  if (first === undefined) return order;
  const recordedAt = first.recordedAt + 7 * MINUTE;
  return {
    ...order,
    executions: [
      { ...first, supersededAt: recordedAt },
      { ...first, ...change, version: 2, recordedAt },
      ...rest,
    ],
  };
}

const cancelled = (order: SampleOrder): SampleOrder =>
  withSecondVersion(order, { cancelled: true });

const corrected = (order: SampleOrder): SampleOrder =>
  withSecondVersion(order, {
    price: (order.executions[0]?.price ?? 0) + priceStep(order.instrument),
  });

/** A trade that a dealer agreed by telephone in the session and typed in after the cutoff. */
function late(order: SampleOrder): SampleOrder {
  const [first] = order.executions;
  if (first === undefined) return order;
  return {
    ...order,
    orderChannel: 1,
    settlementChannel: 'HKOTC',
    quantity: first.quantity,
    recordedAt: LATE_RECORDED_AT - 3 * MINUTE,
    executions: [{ ...first, recordedAt: LATE_RECORDED_AT }],
  };
}

/**
 * Changes the first order that fits, counted from the place given, so that none is changed twice.
 */
function changeOne(
  orders: readonly SampleOrder[],
  from: number,
  fits: (order: SampleOrder) => boolean,
  change: (order: SampleOrder) => SampleOrder,
): SampleOrder[] {
  const at = orders.findIndex((order, index) => index >= from && fits(order));
  return orders.map((order, index) => (index === at ? change(order) : order));
}

const QUARTER = 0.25;

/** A cancelled and a corrected execution in each market, and one late trade. */
export function withIrregularities({ session, orders }: SampleSession): SampleSession {
  const isHk = session.market === 'HK';
  if (session.tradeDate !== (isHk ? CORRECTED_HK : CORRECTED_US)) return { session, orders };
  const channel = isHk ? 'CCASS' : 'IB';
  const fits = (order: SampleOrder): boolean =>
    isFilled(order, 2) && order.settlementChannel === channel;
  const place = (quarter: number): number => Math.floor(orders.length * QUARTER * quarter);
  let changed = changeOne(orders, place(0), fits, cancelled);
  changed = changeOne(changed, place(1), fits, corrected);
  if (isHk && session.tradeDate === LATE) changed = changeOne(changed, place(2), fits, late);
  return { session, orders: changed };
}

/** One execution of the first seat that the clearing house forgot. */
export function missingExecutions(sessions: readonly SampleSession[]): Set<string> {
  const day = sessions.find(
    ({ session }) => session.market === 'HK' && session.tradeDate === MISSING,
  );
  const orders = day?.orders ?? [];
  const order = orders
    .slice(Math.floor(orders.length * 3 * QUARTER))
    .find((each) => isFilled(each, 2) && each.settlementChannel === 'CCASS');
  const execution = order?.executions.at(-1);
  return new Set(execution === undefined ? [] : [execution.executionId]);
}
