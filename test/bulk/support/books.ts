import type { Db } from '../../../db/client.ts';

/** The books as comparable text: no ids, no zero balances. */
export async function balancesOf(db: Db): Promise<string[]> {
  const { rows } = await db.$client.query<{ line: string }>(
    `SELECT format('%s %s %s %s', account, asset_id, bucket, trim_scale(sum(amount))) AS line
     FROM (SELECT ledger_account_id AS account, asset_id, bucket, amount FROM balances
       UNION ALL SELECT ledger_account_id, asset_id, bucket, amount FROM house_balance_deltas) b
     GROUP BY account, asset_id, bucket HAVING sum(amount) <> 0
     ORDER BY account, asset_id, bucket`,
  );
  return rows.map(({ line }) => line);
}

/** What the postings add up to, in the same form: it must be the same text. */
export async function postedOf(db: Db): Promise<string[]> {
  const { rows } = await db.$client.query<{ line: string }>(
    `SELECT format('%s %s %s %s', ledger_account_id, asset_id, bucket, trim_scale(sum(amount)))
       AS line
     FROM postings GROUP BY ledger_account_id, asset_id, bucket HAVING sum(amount) <> 0
     ORDER BY ledger_account_id, asset_id, bucket`,
  );
  return rows.map(({ line }) => line);
}

/** What clients were charged: every counting contract with its fees, without ids. */
export async function billsOf(db: Db): Promise<string[]> {
  const { rows } = await db.$client.query<{ line: string }>(
    `SELECT format('%s %s %s %s %s %s %s', c.order_id, c.account_id, c.execution_count,
       c.quantity, c.gross_amount, c.net_amount,
       (SELECT string_agg(format('%s/%s=%s', fee_code_id, execution_no, amount), ' ' ORDER BY line)
        FROM fees f WHERE f.ledger_date = c.ledger_date AND f.contract_id = c.contract_id)) AS line
     FROM live_contracts c ORDER BY c.order_id, c.contract_id`,
  );
  return rows.map(({ line }) => line);
}

export async function statesOf(db: Db): Promise<Record<string, number>> {
  const { rows } = await db.$client.query<{ orderId: string; state: number }>(
    'SELECT order_id AS "orderId", state FROM contract_states ORDER BY order_id, contract_id',
  );
  return Object.fromEntries(rows.map(({ orderId, state }) => [orderId, state]));
}

export async function count(db: Db, table: string, where = 'true'): Promise<number> {
  const { rows } = await db.$client.query<{ n: number }>(
    `SELECT count(*) AS n FROM ${table} WHERE ${where}`,
  );
  return rows[0]?.n ?? 0;
}

/** Journals whose lines do not add up to zero for some asset. */
export async function unbalancedJournals(db: Db): Promise<number[]> {
  const { rows } = await db.$client.query<{ id: number }>(
    `SELECT journal_id AS id FROM postings GROUP BY journal_id, asset_id HAVING sum(amount) <> 0`,
  );
  return rows.map(({ id }) => id);
}
