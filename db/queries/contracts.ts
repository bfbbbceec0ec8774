import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ContractState } from '../../domain/ledger/journal.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import type { Side, TradeSource, TradeStage } from '../../domain/trades/trade.ts';
import { accountIdOf, assertListed, assertNarrowed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface ContractView {
  readonly contractId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly market: string;
  readonly generation: number;
  readonly billingRunId: number;
  readonly source: TradeSource;
  readonly orderNo: number;
  /** The first of its orders by time. */
  readonly orderId: string;
  /** All of its orders, in the order of time; several where they were merged. */
  readonly orderIds: readonly string[];
  readonly accountNo: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly tradeDate: BusinessDate;
  readonly orderChannel: number;
  readonly settlementChannel: string;
  readonly stage: TradeStage;
  readonly scheduleId: string;
  /** The newest fee rule that billing could see; null for what no billing run made. */
  readonly policyVersion: number | null;
  readonly currency: string;
  readonly executionCount: number;
  readonly quantity: DecimalString;
  readonly grossAmount: DecimalString;
  /** What is billed: as a person said, else as the rules gave. */
  readonly feeAmount: DecimalString;
  /** What the rules gave. */
  readonly calculateOutAmount: DecimalString;
  readonly netAmount: DecimalString;
  readonly cashSettlementDate: BusinessDate;
  readonly securitiesSettlementDate: BusinessDate;
  readonly cashDueDate: BusinessDate;
  readonly securitiesDueDate: BusinessDate;
  /** Null for a contract that a later pass or a revoke discarded. */
  readonly state: ContractState | null;
  readonly posted: boolean | null;
  readonly cashSettled: boolean | null;
  readonly securitiesSettled: boolean | null;
  /** Who priced it by hand, when and why; null = the rules did. */
  readonly handPricedBy: string | null;
  readonly handPricedAt: string | null;
  readonly handPriceReason: string | null;
  /** The newest amendment that takes it back or made it; null = none. */
  readonly amendmentId: number | null;
  readonly originContractId: number | null;
  readonly offsetContractId: number | null;
  readonly newContractId: number | null;
}

const TERMS = `c.contract_id AS "contractId", c.ledger_date AS "ledgerDate", c.flow, c.market,
  c.generation, c.billing_run_id AS "billingRunId", c.source, c.order_no AS "orderNo",
  c.order_id AS "orderId", c.order_id || ARRAY(SELECT o.order_id FROM merged_orders o
    WHERE o.ledger_date = c.ledger_date AND o.contract_id = c.contract_id ORDER BY o.place)
    AS "orderIds", a.account_no AS "accountNo", i.instrument_id AS "instrumentId", c.side,
  c.trade_date AS "tradeDate", c.order_channel AS "orderChannel",
  c.settlement_channel AS "settlementChannel", c.stage, c.schedule_id AS "scheduleId",
  (SELECT (r.inputs -> 'feeRules' ->> 'maxRuleId')::integer FROM step_runs r
   WHERE r.step_run_id = c.billing_run_id) AS "policyVersion", c.currency,
  c.execution_count AS "executionCount", c.quantity, c.gross_amount AS "grossAmount",
  coalesce(h.fee_amount, c.fee_amount) AS "feeAmount", c.fee_amount AS "calculateOutAmount",
  coalesce(h.net_amount, c.net_amount) AS "netAmount",
  c.cash_settlement_date AS "cashSettlementDate",
  c.securities_settlement_date AS "securitiesSettlementDate",
  c.cash_due_date AS "cashDueDate", c.securities_due_date AS "securitiesDueDate",
  h.editor AS "handPricedBy", h.edited_at AS "handPricedAt", h.reason AS "handPriceReason",
  m.amendment_id AS "amendmentId", m.origin_contract_id AS "originContractId",
  m.offset_contract_id AS "offsetContractId", m.new_contract_id AS "newContractId"`;
const STATE = (of: string): string => `${of}.state, ${of}.posted,
  ${of}.cash_settled AS "cashSettled", ${of}.securities_settled AS "securitiesSettled"`;
const NAMES = `JOIN accounts a ON a.account_id = c.account_id
  JOIN instruments i ON i.asset_id = c.asset_id
  LEFT JOIN hand_prices h ON h.ledger_date = c.ledger_date AND h.contract_id = c.contract_id
  LEFT JOIN LATERAL (SELECT * FROM amended_contracts a WHERE a.voided_at IS NULL
    AND (a.origin_contract_id = c.contract_id
      OR c.order_id IN ('SUP-' || a.offset_supplement_id, 'SUP-' || a.new_supplement_id))
    ORDER BY a.amendment_id DESC LIMIT 1) m ON true`;

const LIST = `SELECT ${TERMS}, ${STATE('c')} FROM contract_states c ${NAMES}`;

/** Each partition is asked by its own key: contract ids alone are not indexed across dates. */
const ONE = `SELECT ${TERMS}, ${STATE('s')} FROM ledger_dates d
  JOIN contracts c ON c.ledger_date = d.ledger_date AND c.contract_id = $1 ${NAMES}
  LEFT JOIN contract_states s ON s.ledger_date = c.ledger_date AND s.contract_id = c.contract_id`;

export interface ContractFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly accountNo?: string | undefined;
  readonly orderId?: string | undefined;
  readonly flow?: string | undefined;
  readonly state?: ContractState | undefined;
  readonly handPriced?: boolean | undefined;
}

/** Contracts that count. One of date, account and order must narrow the list. */
export async function readContracts(
  reader: Reader,
  filter: ContractFilter,
): Promise<Page<ContractView>> {
  const { ledgerDate, accountNo, orderId } = filter;
  assertNarrowed({ ledgerDate, accountNo, orderId });
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('c.ledger_date = ?', ledgerDate)
    .add('c.account_id = ?', await accountIdOf(reader, accountNo))
    .add('c.flow = ?', filter.flow)
    .add('c.state = ?', filter.state)
    .add('(h.contract_id IS NOT NULL) = ?', filter.handPriced);
  if (orderId !== undefined) {
    // An index finds contracts by account, not by order: whose order it is comes first.
    conditions.add('c.account_id = ANY(?)', await accountsOfOrder(reader, orderId));
    conditions.add(
      `(c.order_id = ? OR (c.ledger_date, c.contract_id) IN (
        SELECT ledger_date, contract_id FROM merged_orders WHERE order_id = ?))`,
      orderId,
      orderId,
    );
  }
  return readPage<ContractView>(
    reader,
    {
      list: 'contracts',
      select: LIST,
      conditions,
      key: [
        ['c.ledger_date', 'date'],
        ['c.contract_id', 'bigint'],
      ],
      keyOf: (row) => [row.ledgerDate, row.contractId],
    },
    filter,
  );
}

async function accountsOfOrder(reader: Reader, orderId: string): Promise<number[]> {
  const found = await rows<{ id: number }>(
    reader,
    `SELECT account_id AS id FROM orders WHERE order_id = $1
     UNION SELECT a.account_id FROM front_office.orders f
       JOIN accounts a ON a.account_no = f.account_no WHERE f.order_id = $1`,
    [orderId],
  );
  return found.map(({ id }) => id);
}

/** Also one that no longer counts, so that its journals can be followed. Throws NOT_FOUND. */
export async function readContract(reader: Reader, contractId: number): Promise<ContractView> {
  const [row] = await rows<ContractView>(reader, ONE, [contractId]);
  if (!row) throw new ClearingError('NOT_FOUND', { contractId });
  return row;
}
