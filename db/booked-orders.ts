import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { Transaction } from './transaction.ts';

/** True when a contract of this order counts on the ledger date: it is billed, or posted. */
export async function isOrderBooked(
  t: Transaction,
  ledgerDate: BusinessDate,
  orderId: string,
): Promise<boolean> {
  const { rows } = await t.client.query(
    `SELECT 1 FROM orders o
     JOIN live_contract_orders c ON c.ledger_date = o.ledger_date AND c.order_no = o.order_no
     WHERE o.ledger_date = $1 AND o.order_id = $2 LIMIT 1`,
    [ledgerDate, orderId],
  );
  return rows.length > 0;
}
