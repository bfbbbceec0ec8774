import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { explainFee, type ExplanationStep } from '../../domain/fees/explain-fee.ts';
import { feeIdOf } from '../../domain/fees/fee-id.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import type { FeeChoice, FeeClamp } from '../../domain/fees/tariff-plan.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';
import { readContract } from './contracts.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface FeeView {
  readonly feeId: string;
  readonly line: number;
  readonly feeCode: string;
  readonly payee: string;
  /** 1, 2, 3 … through all orders of the contract; 0 = a row of an order or of the contract. */
  readonly executionNo: number;
  readonly executionId: string | null;
  /** The order of the row, of an EMS order the first of its orders; null = all of the contract. */
  readonly orderId: string | null;
  readonly currency: string;
  readonly metric: DecimalString;
  readonly exactAmount: DecimalString;
  readonly clamp: FeeClamp;
  readonly amount: DecimalString;
  /** Of a monthly tier: the shares or the turnover that it had counted before; else null. */
  readonly monthBefore: DecimalString | null;
  /** The rule that won, as it stood, and which lost why. */
  readonly choice: FeeChoice;
  /** The arithmetic; its last result is the amount. */
  readonly steps: readonly ExplanationStep[];
}

/**
 * Of contracts of the ledger date $1: their executions, numbered as fee rows name them, through the
 * orders in their places.
 */
export const executionsOfContracts = (which: string): string =>
  `SELECT o.contract_id AS "contractId", o.place AS "orderPlace", o.order_id AS "orderId",
     row_number() OVER (PARTITION BY o.contract_id ORDER BY o.place, x.execution_no)::int
       AS "executionNo", x.execution_id AS "executionId", x.quantity, x.price,
     s.ems_order_no AS "emsOrderNo"
   FROM contract_orders o
   JOIN orders s ON s.ledger_date = o.ledger_date AND s.order_no = o.order_no
   JOIN executions x ON x.ledger_date = o.ledger_date AND x.order_no = o.order_no
   WHERE o.ledger_date = $1 AND o.contract_id ${which}`;

const FEES = `SELECT f.line, k.fee_code AS "feeCode", k.payee,
  greatest(f.execution_no, 0) AS "executionNo", x."executionId",
  coalesce(x."orderId", o.order_id) AS "orderId", f.metric, f.exact_amount AS "exactAmount", f.clamp, f.amount,
  h.choice, m.before AS "monthBefore"
  FROM fees f
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
  JOIN fee_choices h ON h.choice_id = f.choice_id
  LEFT JOIN month_positions m ON m.ledger_date = f.ledger_date
    AND m.contract_id = f.contract_id AND m.line = f.line
  LEFT JOIN contract_orders o ON o.ledger_date = f.ledger_date
    AND o.contract_id = f.contract_id AND o.place = -f.execution_no
  LEFT JOIN (${executionsOfContracts('= $2')}) x ON x."executionNo" = f.execution_no
  WHERE f.ledger_date = $1 AND f.contract_id = $2 ORDER BY f.line`;

/** Every fee of a contract, explained to the cent. Throws NOT_FOUND for an unknown contract. */
export async function readFees(reader: Reader, contractId: number): Promise<FeeView[]> {
  const { ledgerDate } = await readContract(reader, contractId);
  const values = [ledgerDate, contractId];
  const found = await rows<Omit<FeeView, 'feeId' | 'steps' | 'currency'>>(reader, FEES, values);
  return found.map((row) => {
    const { metric, exactAmount: exact, clamp, amount, monthBefore, choice } = row;
    const steps = explainFee({ metric, exact, clamp, amount, monthBefore }, choice);
    const feeId = feeIdOf({ ledgerDate, contractId, line: row.line });
    return { feeId, ...row, currency: choice.currency, steps };
  });
}

export interface FeeRuleView {
  readonly ruleId: number;
  readonly market: string;
  readonly feeCode: string;
  /** Null for a rule of all, such as a statutory line, and for a personal one. */
  readonly scheduleId: string | null;
  /** Of a personal rule. */
  readonly accountNo: string | null;
  readonly version: number;
  readonly effectiveFrom: BusinessDate;
  readonly definition: FeeRule;
  readonly addedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly addedAt: string;
}

const FEE_RULES = `SELECT rule_id AS "ruleId", market, fee_code AS "feeCode",
  schedule_id AS "scheduleId", account_no AS "accountNo", version, effective_from AS "effectiveFrom", definition,
  added_by AS "addedBy", approved_by AS "approvedBy", ticket_id AS "ticketId",
  added_at AS "addedAt" FROM fee_rules`;

export interface FeeRuleFilter extends PageRequest {
  readonly market?: string | undefined;
  readonly feeCode?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly accountNo?: string | undefined;
}

/** Every version of every fee rule, in the order in which they were added. */
export async function readFeeRules(
  reader: Reader,
  filter: FeeRuleFilter,
): Promise<Page<FeeRuleView>> {
  await assertListed(reader, { market: filter.market });
  const conditions = new Conditions()
    .add('market = ?', filter.market)
    .add('fee_code = ?', filter.feeCode)
    .add('schedule_id = ?', filter.scheduleId)
    .add('account_no = ?', filter.accountNo);
  const keyOf = (row: FeeRuleView) => [row.ruleId];
  return readPage<FeeRuleView>(
    reader,
    { list: 'fee rules', select: FEE_RULES, conditions, key: [['rule_id', 'integer']], keyOf },
    filter,
  );
}
