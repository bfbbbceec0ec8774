import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { billOf, type BilledFee } from '../domain/fees/fee-edit.ts';
import type { DecimalString } from '../domain/money/decimal.ts';
import { supplementOrderId } from '../domain/supplements/supplement.ts';
import type { Side } from '../domain/trades/trade.ts';
import { recordAuditEvent } from './audit.repository.ts';
import { loadFeeCodeIds } from './bulk/billing-queries.ts';
import { totalsOf } from './fee-edits.repository.ts';
import type { Entry } from './supplements.repository.ts';
import type { Transaction } from './transaction.ts';

export interface AmendedFeesEntry extends Entry {
  readonly ticketId: string;
  readonly reason: string;
}

/** A hand price that waits for its contract, and its event; see hand-prices.ts for the rest. */
export async function setAmendedFees(
  { tx, client }: Transaction,
  supplementId: number,
  priced: {
    readonly side: Side;
    readonly grossAmount: DecimalString;
    readonly fees: readonly BilledFee[];
    readonly ledgerDate: BusinessDate;
  },
  { reason, person, now, ticketId }: AmendedFeesEntry,
): Promise<void> {
  const totals = totalsOf(priced.fees, await loadFeeCodeIds(client));
  const { feeAmount, netAmount } = billOf(priced, priced.fees);
  await client.query(
    `INSERT INTO fee_edits (edit_no, hand_price_no, ledger_date, flow, account_id, order_id,
       trade_date, action, fee_totals, fee_amount, net_amount, trade, reason, editor, edited_at)
     SELECT n, n, s.ledger_date, s.flow, s.account_id, x.order_id, s.trade_date, 'AMEND', $2, $3,
       $4, md5(concat_ws('|', s.account_id, s.asset_id, s.side, x.executions)), $5, $6, $7
     FROM supplements s
     CROSS JOIN LATERAL (
       SELECT 'SUP-' || s.supplement_id AS order_id,
         string_agg(concat_ws(':', e.id, trim_scale(e.quantity), trim_scale(e.price)), ' '
           ORDER BY e.id) AS executions
       FROM (SELECT 'SUP-' || supplement_id || '-' || execution_no AS id, quantity, price
         FROM supplement_executions WHERE supplement_id = s.supplement_id) e) x
     CROSS JOIN (SELECT nextval(pg_get_serial_sequence('fee_edits', 'edit_no')) AS n) no
     WHERE s.supplement_id = $1`,
    [supplementId, totals, feeAmount, netAmount, reason, person, now.toISOString()],
  );
  await recordAuditEvent(tx, {
    person,
    action: 'contract_fee.amend',
    outcome: 'ACCEPTED',
    targetType: 'order',
    targetId: supplementOrderId(supplementId),
    ledgerDate: priced.ledgerDate,
    after: { items: priced.fees, billAmount: feeAmount, netAmount, reason },
    ticketId,
  });
}
