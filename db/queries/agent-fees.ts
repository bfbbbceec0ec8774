import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { explainFee } from '../../domain/fees/explain-fee.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { readContract } from './contracts.ts';
import { executionsOfContracts, type FeeView } from './fees.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

/** What a contract costs the house: apart from `FeeView`, which clients may see. */
export interface AgentFeeView extends Omit<FeeView, 'feeId' | 'payee' | 'monthBefore'> {
  /** The rules that charge it are those of the agent behind it. */
  readonly settlementChannel: string;
}

const FEES = `SELECT f.line, k.fee_code AS "feeCode",
  greatest(f.execution_no, 0) AS "executionNo", x."executionId",
  coalesce(x."orderId", o.order_id) AS "orderId", f.metric, f.exact_amount AS "exactAmount",
  f.clamp, f.amount, h.choice
  FROM agent_fees f
  JOIN fee_codes k ON k.fee_code_id = f.fee_code_id
  JOIN fee_choices h ON h.choice_id = f.choice_id
  LEFT JOIN contract_orders o ON o.ledger_date = f.ledger_date
    AND o.contract_id = f.contract_id AND o.place = -f.execution_no
  LEFT JOIN (${executionsOfContracts('= $2')}) x ON x."executionNo" = f.execution_no
  WHERE f.ledger_date = $1 AND f.contract_id = $2 ORDER BY f.line`;

/** Every agent fee of a contract, explained to the cent. Throws NOT_FOUND. */
export async function readAgentFees(reader: Reader, contractId: number): Promise<AgentFeeView[]> {
  const { ledgerDate, settlementChannel } = await readContract(reader, contractId);
  const values = [ledgerDate, contractId];
  const found = await rows<Omit<AgentFeeView, 'steps' | 'currency'>>(reader, FEES, values);
  return found.map((row) => {
    const { metric, exactAmount: exact, clamp, amount, choice } = row;
    const steps = explainFee({ metric, exact, clamp, amount }, choice);
    return { ...row, settlementChannel, currency: choice.currency, steps };
  });
}

export interface AgentFeeRuleView {
  readonly ruleId: number;
  readonly settlementChannel: string;
  readonly feeCode: string;
  readonly market: string;
  readonly version: number;
  readonly effectiveFrom: BusinessDate;
  readonly definition: FeeRule;
  readonly addedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly addedAt: string;
}

const RULES = `SELECT rule_id AS "ruleId", settlement_channel AS "settlementChannel",
  fee_code AS "feeCode", market, version, effective_from AS "effectiveFrom", definition,
  added_by AS "addedBy", approved_by AS "approvedBy", ticket_id AS "ticketId",
  added_at AS "addedAt" FROM agent_fee_rules`;

/** Every version of what agents charge, in the order in which they were added. */
export const readAgentFeeRules = (
  reader: Reader,
  filter: PageRequest & {
    readonly settlementChannel?: string | undefined;
    readonly feeCode?: string | undefined;
  },
): Promise<Page<AgentFeeRuleView>> =>
  readPage<AgentFeeRuleView>(
    reader,
    {
      list: 'agent fee rules',
      select: RULES,
      conditions: new Conditions()
        .add('settlement_channel = ?', filter.settlementChannel)
        .add('fee_code = ?', filter.feeCode),
      key: [['rule_id', 'integer']],
      keyOf: (row) => [row.ruleId],
    },
    filter,
  );
