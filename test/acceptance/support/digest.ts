import { createHash } from 'node:crypto';
import pg from 'pg';

/*
 * The books of a ledger date in words that do not depend on how often something was begun: no ids
 * of runs, contracts or journals, and no times. Two ways to the same end have the same digest.
 */
const QUERIES = {
  contracts: `SELECT c.flow, c.order_id, c.account_id, c.asset_id, c.side, c.trade_date,
      c.order_channel, c.settlement_channel, c.schedule_id, c.execution_count, c.quantity,
      c.gross_amount, c.fee_amount, c.net_amount, c.cash_settlement_date,
      c.securities_settlement_date, c.cash_due_date, c.securities_due_date
    FROM live_contracts c WHERE c.ledger_date = $1`,
  fees: `SELECT c.order_id, f.line, f.fee_code_id, f.execution_no, f.metric, f.exact_amount,
      f.clamp, f.amount, x.digest
    FROM live_contracts c JOIN fees f USING (ledger_date, contract_id)
      JOIN fee_choices x USING (choice_id) WHERE c.ledger_date = $1`,
  postings: `SELECT j.flow, j.kind, j.generation, j.account_id, j.value_date, c.order_id,
      p.ledger_account_id, p.asset_id, p.bucket, p.settlement_date, p.amount
    FROM journals j JOIN postings p USING (ledger_date, journal_id)
      LEFT JOIN contracts c ON j.source_kind = 'contract' AND c.contract_id = j.source_id
    WHERE j.ledger_date = $1`,
  exceptions: `SELECT t.execution_id, t.reason FROM trade_exceptions t
      JOIN step_runs r ON r.step_run_id = t.sync_run_id
    WHERE t.ledger_date = $1 AND r.status = 'SUCCEEDED' AND r.discarded_at IS NULL`,
  balances: `SELECT ledger_account_id, asset_id, bucket, trim_scale(sum(amount)) FROM (
      SELECT ledger_account_id, asset_id, bucket, amount FROM balances WHERE $1::date IS NOT NULL
      UNION ALL SELECT ledger_account_id, asset_id, bucket, amount FROM house_balance_deltas) b
    GROUP BY 1, 2, 3 HAVING sum(amount) <> 0`,
} as const;

export type Digest = Readonly<Record<keyof typeof QUERIES, string>>;

/** Number of rows and a hash of them, section by section. Balances are those of now. */
export async function digestOf(databaseUrl: string, ledgerDate: string): Promise<Digest> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const sections: [string, string][] = [];
    for (const [name, query] of Object.entries(QUERIES)) {
      const { rows } = await client.query<{ line: string }>(
        `SELECT row_to_json(q)::text AS line FROM (${query}) q`,
        [ledgerDate],
      );
      const lines = rows.map(({ line }) => line).toSorted();
      const hash = createHash('sha256').update(lines.join('\n')).digest('hex');
      sections.push([name, `${lines.length} rows ${hash}`]);
    }
    return Object.fromEntries(sections) as Digest;
  } finally {
    await client.end();
  }
}
