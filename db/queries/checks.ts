import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import type { Side } from '../../domain/trades/trade.ts';
import { FIX_COLUMNS, joinFix, type FixView } from './fix-status.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface CheckView extends FixView {
  readonly taskId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly stepRunId: number;
  readonly phase: number;
  readonly taskCode: string;
  readonly market: string;
  readonly settlementChannel: string;
  readonly taskStatus: 'PASSED' | 'FAILED';
  /** How many differences there are. */
  readonly taskNum: number;
  readonly differencesHash: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  /** True for results of the run that the step's pointer names: only those count. */
  readonly current: boolean;
}

const CHECKS = `SELECT c.task_id AS "taskId", c.ledger_date AS "ledgerDate", c.flow,
  c.step_run_id AS "stepRunId", c.phase, c.task_code AS "taskCode", c.market,
  c.settlement_channel AS "settlementChannel", c.task_status AS "taskStatus",
  c.task_num AS "taskNum", c.differences_hash AS "differencesHash", ${FIX_COLUMNS},
  c.details, c.created_at AS "createdAt", p.current
  FROM check_summaries c
  JOIN step_runs r ON r.step_run_id = c.step_run_id
  CROSS JOIN LATERAL (SELECT r.discarded_at IS NULL AND EXISTS (
    SELECT 1 FROM flow_steps s WHERE s.ledger_date = c.ledger_date AND s.flow = c.flow
      AND s.step_run_id = c.step_run_id) AS current) p
  ${joinFix({
    kind: 'check',
    ledgerDate: 'c.ledger_date',
    flow: 'c.flow',
    item: `(c.task_code || '/' || c.market || '/' || c.settlement_channel)`,
    evidenceHash: 'c.differences_hash',
    isFixable: `c.task_status = 'FAILED'`,
  })}`;

export interface CheckFilter extends PageRequest {
  readonly ledgerDate: BusinessDate;
  readonly flow?: string | undefined;
  readonly taskCode?: string | undefined;
  readonly taskStatus?: CheckView['taskStatus'] | undefined;
  /** Also results that a later run replaced. */
  readonly includeEarlier: boolean;
}

export async function readChecks(reader: Reader, filter: CheckFilter): Promise<Page<CheckView>> {
  await assertListed(reader, filter);
  const conditions = new Conditions()
    .add('c.ledger_date = ?', filter.ledgerDate)
    .add('c.flow = ?', filter.flow)
    .add('c.task_code = ?', filter.taskCode)
    .add('c.task_status = ?', filter.taskStatus)
    .add('p.current = ?', filter.includeEarlier ? undefined : true);
  const keyOf = (row: CheckView) => [row.taskId];
  return readPage<CheckView>(
    reader,
    { list: 'checks', select: CHECKS, conditions, key: [['c.task_id', 'bigint']], keyOf },
    filter,
  );
}

/** clearing… is our side, other… the counterparty, and the bare name what differs. */
export interface DifferenceView {
  readonly lineNo: number;
  readonly taskId: number;
  readonly ledgerDate: BusinessDate;
  readonly tradeDate: BusinessDate;
  readonly settlementChannel: string;
  readonly settlementAccount: string | null;
  readonly market: string;
  readonly accountNo: string | null;
  readonly clearingInstrumentId: string | null;
  readonly otherInstrumentId: string | null;
  readonly clearingCurrency: string | null;
  readonly otherCurrency: string | null;
  readonly clearingId: string | null;
  readonly otherId: string | null;
  readonly clearingPrice: DecimalString | null;
  readonly otherPrice: DecimalString | null;
  readonly clearingQuantity: DecimalString | null;
  readonly otherQuantity: DecimalString | null;
  readonly clearingAmount: DecimalString | null;
  readonly otherAmount: DecimalString | null;
  readonly clearingIndicator: Side | null;
  readonly otherIndicator: Side | null;
  readonly price: DecimalString | null;
  readonly quantity: DecimalString | null;
  readonly amount: DecimalString | null;
  readonly resultTag: string;
  readonly downgradeStatus: string | null;
  readonly verified: string;
  readonly toleranceThreshold: DecimalString;
  readonly toleranceStatus: string | null;
}

const DIFFERENCES = `SELECT line_no AS "lineNo", task_id AS "taskId", ledger_date AS "ledgerDate",
  trade_date AS "tradeDate", settlement_channel AS "settlementChannel",
  settlement_account AS "settlementAccount", market, account_no AS "accountNo",
  clearing_instrument_id AS "clearingInstrumentId", other_instrument_id AS "otherInstrumentId",
  clearing_currency AS "clearingCurrency", other_currency AS "otherCurrency",
  clearing_id AS "clearingId", other_id AS "otherId",
  clearing_price AS "clearingPrice", other_price AS "otherPrice",
  clearing_quantity AS "clearingQuantity", other_quantity AS "otherQuantity",
  clearing_amount AS "clearingAmount", other_amount AS "otherAmount",
  clearing_indicator AS "clearingIndicator", other_indicator AS "otherIndicator",
  price, quantity, amount, result_tag AS "resultTag", downgrade_status AS "downgradeStatus",
  verified, tolerance_threshold AS "toleranceThreshold", tolerance_status AS "toleranceStatus"
  FROM trade_differences`;

/** Unmatched details of one check task. Throws NOT_FOUND for an unknown task. */
export async function readDifferences(
  reader: Reader,
  taskId: number,
  request: PageRequest & { readonly resultTag?: string | undefined },
): Promise<Page<DifferenceView>> {
  const known = await rows(reader, 'SELECT 1 FROM check_summaries WHERE task_id = $1', [taskId]);
  if (known.length === 0) throw new ClearingError('NOT_FOUND', { taskId });
  const conditions = new Conditions()
    .add('task_id = ?', taskId)
    .add('result_tag = ?', request.resultTag);
  const keyOf = (row: DifferenceView) => [row.lineNo];
  return readPage<DifferenceView>(
    reader,
    {
      list: `differences of ${taskId}`,
      select: DIFFERENCES,
      conditions,
      key: [['line_no', 'integer']],
      keyOf,
    },
    request,
  );
}
