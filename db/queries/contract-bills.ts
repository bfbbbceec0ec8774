import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeEditAction } from '../../domain/fees/fee-edit.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import { readContract } from './contracts.ts';
import { rows, type Reader } from './rows.ts';

/** One fee code of a contract; null where only the rules, or only a person, charge it. */
export interface BilledFeeView {
  readonly feeCode: string;
  readonly payee: string;
  readonly calculateOutAmount: DecimalString | null;
  readonly billAmount: DecimalString | null;
}

/** What a contract is charged, beside what the rules gave. */
export interface BillView {
  readonly contractId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly orderId: string;
  readonly currency: string;
  /** The newest fee edit of the contract; 0 = none. An edit sends it back. */
  readonly revision: number;
  readonly calculateOutAmount: DecimalString;
  readonly billAmount: DecimalString;
  readonly netAmount: DecimalString;
  readonly handPricedBy: string | null;
  readonly handPricedAt: string | null;
  readonly handPriceReason: string | null;
  readonly items: readonly BilledFeeView[];
}

const REVISION = `SELECT coalesce(max(edit_no), 0) AS revision FROM fee_edits
  WHERE contract_id = $1`;

const PARTS = (totals: string): string =>
  `unnest(string_to_array(${totals}, ' ')) WITH ORDINALITY AS p (part, place)`;
const OF_PART = `split_part(p.part, ':', 1)::smallint AS id, split_part(p.part, ':', 2) AS amount,
  p.place`;

/** Fees by the rules come in the order of the tariff, those that a person added behind them. */
const ITEMS = `WITH c AS (SELECT c.fee_totals AS priced, coalesce(h.fee_totals, c.fee_totals) AS billed
    FROM contracts c LEFT JOIN hand_prices h
      ON h.ledger_date = c.ledger_date AND h.contract_id = c.contract_id
    WHERE c.ledger_date = $1 AND c.contract_id = $2),
  priced AS (SELECT ${OF_PART} FROM c, ${PARTS('c.priced')}),
  billed AS (SELECT ${OF_PART} FROM c, ${PARTS('c.billed')})
  SELECT k.fee_code AS "feeCode", k.payee, p.amount AS "calculateOutAmount",
    b.amount AS "billAmount"
  FROM priced p FULL JOIN billed b ON b.id = p.id
  JOIN fee_codes k ON k.fee_code_id = coalesce(p.id, b.id)
  ORDER BY p.place NULLS LAST, b.place`;

/** Throws NOT_FOUND for an unknown contract. */
export async function readBill(reader: Reader, contractId: number): Promise<BillView> {
  const contract = await readContract(reader, contractId);
  const { ledgerDate, flow, orderId, currency, calculateOutAmount, netAmount } = contract;
  const { handPricedBy, handPricedAt, handPriceReason } = contract;
  const [found] = await rows<{ revision: number }>(reader, REVISION, [contractId]);
  return {
    ...{ contractId, ledgerDate, flow, orderId, currency },
    revision: found?.revision ?? 0,
    ...{ calculateOutAmount, billAmount: contract.feeAmount, netAmount },
    ...{ handPricedBy, handPricedAt, handPriceReason },
    items: await rows<BilledFeeView>(reader, ITEMS, [ledgerDate, contractId]),
  };
}

export interface FeeEditView {
  readonly editNo: number;
  readonly contractId: number;
  readonly action: FeeEditAction;
  readonly feeCode: string | null;
  /** All fees from this edit on; null = those of the rules. */
  readonly billAmount: DecimalString | null;
  readonly netAmount: DecimalString | null;
  readonly reason: string;
  readonly editor: string;
  readonly editedAt: string;
}

const EDITS = `SELECT e.edit_no AS "editNo", e.contract_id AS "contractId", e.action,
    k.fee_code AS "feeCode", e.fee_amount AS "billAmount", e.net_amount AS "netAmount", e.reason,
    e.editor, e.edited_at AS "editedAt"
  FROM fee_edits e LEFT JOIN fee_codes k ON k.fee_code_id = e.fee_code_id
  WHERE e.ledger_date = $1 AND e.hand_price_no IN (
    SELECT hand_price_no FROM fee_edits WHERE contract_id = $2)
  ORDER BY e.edit_no`;

/**
 * Every edit of the hand prices of a contract, oldest first, those of its former contracts as well.
 */
export async function readFeeEdits(reader: Reader, contractId: number): Promise<FeeEditView[]> {
  const { ledgerDate } = await readContract(reader, contractId);
  return rows<FeeEditView>(reader, EDITS, [ledgerDate, contractId]);
}
