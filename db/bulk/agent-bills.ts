import type { OrderToPrice, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import { priceInto } from '../../domain/fees/fee-kernel.ts';
import type { TradeSource } from '../../domain/trades/trade.ts';
import type { InstrumentRow } from './billing-queries.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import type { FeeChoices } from './fee-choices.ts';
import { FeeRows } from './fee-rows.ts';
import type { OrderTerms, PlanChoice } from './plan-choice.ts';

export const AGENT_FEES = `agent_fees (ledger_date, contract_id, line, fee_code_id, execution_no,
  choice_id, metric, exact_amount, clamp, amount)`;

/** What of an order decides what its agent charges. */
export interface AgentTrade extends OrderTerms {
  readonly source: TradeSource;
  readonly settlementChannel: string;
}

/**
 * Prices what the agent behind an order's settlement channel charges the house, from the same
 * executions and by the same engine as the fees of the client, under rules that clients never meet.
 */
export class AgentBills {
  private readonly plans: PlanChoice;
  private readonly choices: FeeChoices;
  private readonly feeRows = new FeeRows();

  constructor(plans: PlanChoice, choices: FeeChoices) {
    this.plans = plans;
    this.choices = choices;
  }

  /**
   * Null where nothing is charged: no rule of the channel holds, or the order is half of an
   * amendment, which moves a trade between clients and tells the street nothing.
   */
  planOf(trade: AgentTrade, instrument: InstrumentRow): TariffPlan | null {
    if (trade.source === 'AMENDMENT_REVERSE' || trade.source === 'AMENDMENT_NEW') return null;
    const fixed = { ownRulesOptional: true };
    const plan = this.plans.planUnder(trade.settlementChannel, trade, instrument, fixed);
    return plan.lines.length === 0 ? null : plan;
  }

  /** `prefix`: ledger date and contract id as COPY fields. The choices of the plan are stored. */
  write(rows: CopyBuffer, prefix: string, plan: TariffPlan, executions: OrderToPrice): void {
    this.feeRows.begin({ fees: rows }, prefix, this.choices.idsOf(plan) ?? []);
    priceInto(plan, executions, this.feeRows.sink);
  }
}
