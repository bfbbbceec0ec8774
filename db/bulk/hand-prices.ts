import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import type { FlowDate } from './run-history.ts';
import { CONTRACT_DIGEST, tradesToBill, type BilledSnapshots } from './trades-to-bill.ts';

/** What takes the place of the amounts that the rules gave a contract. */
export interface HandPrice {
  readonly netAmount: DecimalString;
  /** As contracts.fee_totals; neither needs an escape in COPY. */
  readonly feeTotals: string;
}

/** By contract id, as COPY writes it. Few: whoever books reads them whole, and joins nothing. */
export type HandPrices = ReadonlyMap<string, HandPrice>;

type Range = { readonly accountFrom: number; readonly accountTo: number };

/** The hand prices that a billing run sees, and what it bills. */
interface HandPricesToKeep extends BilledSnapshots {
  readonly maxFeeEditNo: number;
}

/** Hand prices up to $3 that stand and are not booked: posted contracts keep theirs for themselves. */
const KEPT = `SELECT h.* FROM (
    SELECT DISTINCT ON (hand_price_no) * FROM fee_edits
    WHERE ledger_date = $1 AND flow = $2 AND edit_no <= $3
    ORDER BY hand_price_no, edit_no DESC) h
  WHERE h.fee_totals IS NOT NULL AND (SELECT s.posted FROM contract_states s
    WHERE s.ledger_date = h.ledger_date AND s.contract_id = h.contract_id) IS NOT TRUE`;

interface KeptPrice {
  readonly contractId: number | null;
  readonly accountId: number;
  readonly orderId: string;
  readonly tradeDate: BusinessDate;
  readonly trade: string;
}

const stale = (prices: readonly KeptPrice[]): ClearingError =>
  new ClearingError('HAND_PRICE_STALE', {
    contracts: prices.map(({ contractId, orderId }) => ({ contractId, orderId })),
  });

/**
 * Before billing: each hand price must find the trade that it was made for, in one contract. Throws
 * HAND_PRICE_STALE with the contracts whose trade changed, is gone, or is merged otherwise, so that
 * a person decides and nothing is priced otherwise behind anybody's back.
 */
export async function assertHandPricesFit(
  client: pg.PoolClient,
  of: HandPricesToKeep,
): Promise<void> {
  if (of.maxFeeEditNo === 0) return;
  const { rows } = await client.query<KeptPrice>(
    `SELECT contract_id AS "contractId", account_id AS "accountId", order_id AS "orderId",
       trade_date AS "tradeDate", trade FROM (${KEPT}) k ORDER BY contract_id, hand_price_no`,
    [of.ledgerDate, of.flow, of.maxFeeEditNo],
  );
  const trades = await tradesToBill(client, of, {
    orderIds: rows.map(({ orderId }) => orderId),
    accountIds: [...new Set(rows.map(({ accountId }) => accountId))],
  });
  const lost = rows.filter(
    ({ orderId, tradeDate, trade }) =>
      !trades.some(
        (found) =>
          found.trade === trade &&
          found.orders.some((each) => each.orderId === orderId && each.tradeDate === tradeDate),
      ),
  );
  if (lost.length > 0) throw stale(lost);
}

/**
 * After billing: the new contract of each hand-priced trade is charged what the person said, and
 * the price stays theirs. Returns how many. Part of the transaction that ends the run.
 */
export async function carryHandPrices(
  client: pg.PoolClient,
  run: HandPricesToKeep & { readonly stepRunId: number },
): Promise<number> {
  if (run.maxFeeEditNo === 0) return 0;
  const { rowCount } = await client.query(
    `INSERT INTO fee_edits (hand_price_no, ledger_date, flow, contract_id, account_id, order_id,
       trade_date, action, fee_totals, fee_amount, net_amount, trade, reason, editor, edited_at)
     SELECT k.hand_price_no, k.ledger_date, k.flow, c.contract_id, c.account_id, c.order_id,
       k.trade_date, 'CARRY', k.fee_totals, k.fee_amount,
       c.gross_amount + CASE c.side WHEN 'BUY' THEN k.fee_amount ELSE -k.fee_amount END,
       k.trade, k.reason, k.editor, k.edited_at
     FROM (${KEPT}) k
     CROSS JOIN LATERAL (SELECT c.* FROM contracts c
       WHERE c.ledger_date = k.ledger_date AND c.account_id = k.account_id
         AND c.trade_date = k.trade_date AND c.billing_run_id = $4
         AND EXISTS (SELECT 1 FROM contract_orders m WHERE m.ledger_date = c.ledger_date
           AND m.contract_id = c.contract_id AND m.order_id = k.order_id)
         AND ${CONTRACT_DIGEST} = k.trade LIMIT 1) c
     ORDER BY k.hand_price_no`,
    [run.ledgerDate, run.flow, run.maxFeeEditNo, run.stepRunId],
  );
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM (${KEPT}) k`, [
    ...[run.ledgerDate, run.flow, run.maxFeeEditNo],
  ]);
  const [carried, kept] = [rowCount ?? 0, rows[0]?.n ?? 0];
  if (carried !== kept) {
    const what = 'a hand price without the contract that it was made for';
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', { what, carried, kept });
  }
  return carried;
}

const PRICES = `h.contract_id::text AS id, h.net_amount AS "netAmount", h.fee_totals AS "feeTotals"`;

type PriceRow = HandPrice & { readonly id: string };

const byContract = (rows: readonly PriceRow[]): HandPrices =>
  new Map(rows.map(({ id, netAmount, feeTotals }) => [id, { netAmount, feeTotals }]));

/** Of the contracts that a posting run books in an account range, as they were when it opened. */
export async function handPricesToPost(
  client: pg.PoolClient,
  run: FlowDate & { readonly maxFeeEditNo: number; readonly billingRunIds: readonly number[] },
  range: Range,
): Promise<HandPrices> {
  if (run.maxFeeEditNo === 0) return new Map();
  const { rows } = await client.query<PriceRow>(
    `SELECT ${PRICES} FROM (
       SELECT DISTINCT ON (contract_id) * FROM fee_edits
       WHERE ledger_date = $1 AND flow = $2 AND edit_no <= $3 AND account_id BETWEEN $5 AND $6
       ORDER BY contract_id, edit_no DESC) h
     JOIN contracts c ON c.ledger_date = h.ledger_date AND c.contract_id = h.contract_id
     WHERE h.fee_totals IS NOT NULL AND c.billing_run_id = ANY($4::bigint[])`,
    [
      run.ledgerDate,
      run.flow,
      run.maxFeeEditNo,
      run.billingRunIds,
      range.accountFrom,
      range.accountTo,
    ],
  );
  return byContract(rows);
}

/**
 * Of the contracts of an account range whose cash may settle on this ledger date: it fell due after
 * the former one, or was posted today. The fees of a posted contract never change: there is nothing
 * to freeze.
 */
export async function handPricesToSettle(
  client: pg.PoolClient,
  { ledgerDate, flow, dueAfter }: FlowDate & { readonly dueAfter: BusinessDate | null },
  range: Range,
): Promise<HandPrices> {
  const { rows } = await client.query<PriceRow>(
    `SELECT ${PRICES} FROM hand_prices h
     JOIN contracts c ON c.ledger_date = h.ledger_date AND c.contract_id = h.contract_id
     WHERE h.account_id BETWEEN $1 AND $2 AND h.flow = $3 AND h.ledger_date <= $4::date
       AND c.cash_due_date <= $4::date
       AND (h.ledger_date = $4::date OR $5::date IS NULL OR c.cash_due_date > $5::date)`,
    [range.accountFrom, range.accountTo, flow, ledgerDate, dueAfter],
  );
  return byContract(rows);
}
