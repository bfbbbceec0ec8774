import type { Db } from '../../../db/client.ts';
import type { BusinessDate } from '../../../domain/calendar/business-date.ts';
import { addTrade } from './broker.ts';

/** To 1,000,000 a month 0.08 %, to 5,000,000 0.05 %, above 0.03 %; 18.00 an order at least. */
export const MARGINAL = 'hk-value-tier-marginal';
export const NEXT_DAY = 'hk-value-tier-next-day';
/** Orders 1 to 5 of a month 30.00, 6 to 20 15.00. */
export const BY_ORDERS = 'hk-order-count-tier';

/** Gives an account another package, from the beginning. */
export async function givePackage(db: Db, accountNo: string, scheduleId: string): Promise<void> {
  await db.$client.query(
    `UPDATE account_fee_schedules SET schedule_id = $2
     WHERE account_id = (SELECT account_id FROM accounts WHERE account_no = $1)`,
    [accountNo, scheduleId],
  );
}

export interface TimedTrade {
  readonly orderId: string;
  readonly accountNo?: string;
  readonly side?: 'BUY' | 'SELL';
  readonly instrumentId?: string;
  readonly tradeDate?: BusinessDate;
  /** UTC; on the trade date. */
  readonly at: string;
  /** At 100.00 a share: consideration of each fill, in thousands. */
  readonly thousands: readonly number[];
}

const MON = '2025-12-22' as BusinessDate;

export async function trade(db: Db, one: TimedTrade): Promise<void> {
  const { orderId, accountNo = 'A0001', tradeDate = MON, at, thousands, ...rest } = one;
  await addTrade(db, {
    ...rest,
    orderId,
    accountNo,
    tradeDate,
    recordedAt: `${tradeDate}T${at}Z`,
    fills: thousands.map((amount, index) => [
      `${orderId}-${tradeDate}-${at}-${index + 1}`,
      String(amount * 10),
      '100',
    ]),
  });
}

/** What counting contracts were charged for a code, by order, in the order of contracts. */
export async function chargedBy(db: Db, feeCode: string): Promise<Record<string, string>> {
  const { rows } = await db.$client.query<{ orderId: string; amounts: string }>(
    `SELECT c.order_id AS "orderId", string_agg(f.amount::text, ' ' ORDER BY c.contract_id, line)
       AS amounts
     FROM live_contracts c JOIN fees f USING (ledger_date, contract_id)
     JOIN fee_codes k USING (fee_code_id)
     WHERE k.fee_code = $1 GROUP BY c.order_id`,
    [feeCode],
  );
  return Object.fromEntries(rows.map(({ orderId, amounts }) => [orderId, amounts]));
}
