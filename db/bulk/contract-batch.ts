import type pg from 'pg';
import { AGENT_FEES } from './agent-bills.ts';
import { ORDER } from './billing-queries.ts';
import type { ContractOrders } from './contract-orders.ts';
import { CopyBuffer } from './copy-buffer.ts';
import { copyIn } from './copy-stream.ts';
import { FEES } from './fee-rows.ts';

const CONTRACTS = `contracts (ledger_date, contract_id, billing_run_id, generation, flow, market,
  order_no, order_id, source, account_id, asset_id, side, trade_date, order_channel,
  settlement_channel, schedule_id, currency, execution_count, quantity, gross_amount, fee_amount,
  net_amount, fee_totals, cash_settlement_date, securities_settlement_date, cash_due_date,
  securities_due_date, stage)`;

const MERGED_ORDERS =
  'merged_orders (ledger_date, contract_id, place, billing_run_id, order_no, order_id)';

const POSITIONS = 'month_positions (ledger_date, contract_id, line, before)';

/** The rows of one chunk of billing. */
export class ContractBatch {
  readonly contracts = new CopyBuffer(1 << 20);
  readonly mergedOrders = new CopyBuffer();
  readonly fees = new CopyBuffer(1 << 22);
  readonly positions = new CopyBuffer();
  readonly agentFees = new CopyBuffer();

  /** The orders of a contract behind its first; `prefix`: its ledger date and id as COPY fields. */
  addMerged(prefix: string, billingRunId: number, orders: ContractOrders): void {
    for (const [at, order] of orders.entries()) {
      if (at === 0) continue;
      const ids = `${order[ORDER.orderNo]}\t${order[ORDER.orderId]}`;
      this.mergedOrders.row(`${prefix}\t${at + 1}\t${billingRunId}\t${ids}\n`);
    }
  }

  async copy(client: pg.PoolClient): Promise<void> {
    await copyIn(client, CONTRACTS, this.contracts);
    await copyIn(client, MERGED_ORDERS, this.mergedOrders);
    await copyIn(client, FEES, this.fees);
    await copyIn(client, POSITIONS, this.positions);
    await copyIn(client, AGENT_FEES, this.agentFees);
  }

  clear(): void {
    this.contracts.clear();
    this.mergedOrders.clear();
    this.fees.clear();
    this.positions.clear();
    this.agentFees.clear();
  }
}
