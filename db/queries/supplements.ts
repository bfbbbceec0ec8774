import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { Side, TradeStage } from '../../domain/trades/trade.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface SupplementView {
  readonly supplementId: number;
  /** The id of its order in the clearing snapshot. */
  readonly orderId: string;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly generation: number;
  readonly market: string;
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  readonly cashSettlementDate: BusinessDate | null;
  readonly securitiesSettlementDate: BusinessDate | null;
  readonly stage: TradeStage;
  readonly executions: {
    readonly serial: string | null;
    readonly quantity: string;
    readonly price: string;
  }[];
  readonly enteredBy: string;
  readonly enteredAt: string;
  readonly voidedBy: string | null;
  readonly voidedAt: string | null;
}

const SELECT = `SELECT s.supplement_id AS "supplementId", 'SUP-' || s.supplement_id AS "orderId",
  s.ledger_date AS "ledgerDate", s.flow, s.generation, s.market, a.account_no AS "accountNo",
  i.instrument_id AS "instrumentId", s.side, s.order_channel AS "orderChannel",
  s.settlement_channel AS "settlementChannel", s.trade_date AS "tradeDate",
  s.cash_settlement_date AS "cashSettlementDate",
  s.securities_settlement_date AS "securitiesSettlementDate", s.stage,
  s.entered_by AS "enteredBy", s.entered_at AS "enteredAt", s.voided_by AS "voidedBy",
  s.voided_at AS "voidedAt", x.executions
  FROM supplements s
  JOIN accounts a ON a.account_id = s.account_id
  JOIN instruments i ON i.asset_id = s.asset_id
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('serial', e.serial, 'quantity', e.quantity::text,
      'price', e.price::text) ORDER BY e.execution_no) AS executions
    FROM supplement_executions e WHERE e.supplement_id = s.supplement_id) x`;

export interface SupplementFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly flow?: string | undefined;
  readonly accountNo?: string | undefined;
}

/** Newest first, void ones included. */
export async function readSupplements(
  reader: Reader,
  filter: SupplementFilter,
): Promise<Page<SupplementView>> {
  await assertListed(reader, filter);
  return readPage<SupplementView>(
    reader,
    {
      list: 'supplements',
      select: SELECT,
      conditions: new Conditions()
        .add('s.ledger_date = ?', filter.ledgerDate)
        .add('s.flow = ?', filter.flow)
        .add('a.account_no = ?', filter.accountNo),
      key: [['s.supplement_id', 'bigint']],
      direction: 'DESC',
      keyOf: (row) => [row.supplementId],
    },
    filter,
  );
}

/** Throws NOT_FOUND. */
export async function readSupplement(reader: Reader, id: number): Promise<SupplementView> {
  const [row] = await rows<SupplementView>(reader, `${SELECT} WHERE s.supplement_id = $1`, [id]);
  if (!row) throw new ClearingError('NOT_FOUND', { supplementId: id });
  return row;
}
