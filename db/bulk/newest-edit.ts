import type pg from 'pg';
import type { FlowDate } from './run-history.ts';

/** The newest edit of a flow and date, 0 without one: what comes later plays no part in a run. */
export async function newestEditNo(
  client: pg.PoolClient,
  table: 'order_channel_edits' | 'fee_edits',
  of: FlowDate,
): Promise<number> {
  const { rows } = await client.query<{ max: number }>(
    `SELECT coalesce(max(edit_no), 0) AS max FROM ${table} WHERE ledger_date = $1 AND flow = $2`,
    [of.ledgerDate, of.flow],
  );
  return rows[0]?.max ?? 0;
}
