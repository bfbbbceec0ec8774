import type { Db } from '../../db/client.ts';
import { MON_2025_12_22 } from './support.ts';

/**
 * Writes what a sync, a failed check and a billing of the HK flow leave behind: three orders of two
 * accounts, one of them billed, one execution set aside, one difference.
 */
export async function writeSnapshot(db: Db): Promise<void> {
  const query = (text: string, values: unknown[] = []) => db.$client.query(text, values);
  const day = MON_2025_12_22;
  const run = async (step: string, status: string): Promise<number> => {
    const { rows } = await db.$client.query<{ id: number }>(
      `INSERT INTO step_runs (ledger_date, flow, step, generation, pass, status, inputs)
       VALUES ($1, 'HK', $2, 1, 1, $3, '{}') RETURNING step_run_id AS id`,
      [day, step, status],
    );
    const id = rows[0]?.id ?? 0;
    await query(
      `UPDATE flow_steps SET status = $3, step_run_id = $4
       WHERE ledger_date = $1 AND flow = 'HK' AND step = $2`,
      [day, step, status, id],
    );
    return id;
  };
  const sync = await run('sync', 'SUCCEEDED');
  const check = await run('preCheck', 'BLOCKED_BY_CHECK');
  const billing = await run('billing', 'SUCCEEDED');
  const order = `(SELECT $1::date, n, $2::bigint, 'HK', 'HK', 'FRONT_OFFICE', 'ORD-' || n, 1,
      (SELECT account_id FROM accounts WHERE account_no = '2000000' || (1 + n % 2)),
      (SELECT asset_id FROM instruments WHERE instrument_id = 'ST/HK/700'),
      'BUY', 3, 'CCASS', $1::date FROM generate_series(901, 903) n)`;
  await query(
    `INSERT INTO orders (ledger_date, order_no, sync_run_id, flow, market, source, order_id,
       order_version, account_id, asset_id, side, order_channel, settlement_channel, trade_date)
     ${order}`,
    [day, sync],
  );
  await query(
    `INSERT INTO executions (ledger_date, order_no, execution_no, execution_id, execution_version,
       quantity, price, executed_at)
     SELECT $1, n, x, 'EXE-' || n || '-' || x, 1, 100, 600.5, now()
     FROM generate_series(901, 903) n, generate_series(1, 2) x`,
    [day],
  );
  await query(
    `INSERT INTO order_channel_edits (ledger_date, flow, order_id, channel, editor, current)
     VALUES ($1, 'HK', 'ORD-902', 4, 'operator', true)`,
    [day],
  );
  await query(
    `INSERT INTO trade_exceptions (ledger_date, sync_run_id, execution_id, order_id, reason,
       details)
     VALUES ($1, $2, 'EXE-9', 'ORD-9', 'UNKNOWN_ACCOUNT', '{"accountNo": "1"}')`,
    [day, sync],
  );
  await query(
    `INSERT INTO contracts (ledger_date, contract_id, billing_run_id, generation, flow, market,
       order_no, order_id, source, account_id, asset_id, side, trade_date, order_channel,
       settlement_channel, schedule_id, currency, execution_count, quantity, gross_amount,
       fee_amount, net_amount, fee_totals, cash_settlement_date, securities_settlement_date,
       cash_due_date, securities_due_date)
     SELECT o.ledger_date, 9000000 + o.order_no, $2, 1, 'HK', 'HK', o.order_no, o.order_id,
       o.source, o.account_id, o.asset_id, o.side, o.trade_date, o.order_channel, 'CCASS',
       'S', 'HKD', 2, 200, 120100, 0, 120100, '', o.trade_date, o.trade_date, o.trade_date, o.trade_date
     FROM orders o WHERE o.ledger_date = $1 AND o.order_no = 901`,
    [day, billing],
  );
  await query(
    `WITH task AS (INSERT INTO check_summaries (step_run_id, ledger_date, flow, phase, task_code,
       market, settlement_channel, task_status, task_num, differences_hash, details)
       VALUES ($2, $1, 'HK', 1, 'opposite_trade_details', 'HK', 'CCASS', 'FAILED', 1,
         'h', '{}')
       RETURNING task_id)
     INSERT INTO trade_differences (task_id, line_no, ledger_date, trade_date, settlement_channel,
       market, clearing_id, clearing_quantity, quantity, result_tag, verified, tolerance_threshold)
     SELECT task_id, 1, $1, $1, 'CCASS', 'HK', 'EXE-901-1', 100, 100, 'localOnly', 'execution', 0
     FROM task`,
    [day, check],
  );
}
