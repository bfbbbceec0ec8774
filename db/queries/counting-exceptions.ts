/**
 * The exceptions that count, as `t` with their sync run `r`. Each sync judges all trades anew that
 * no posted contract holds, so only the newest snapshot of a flow and date says what is set aside;
 * the orders of an older one can count beside it.
 */
export const COUNTING_EXCEPTIONS = `trade_exceptions t
  JOIN step_runs r ON r.step_run_id = t.sync_run_id AND r.status = 'SUCCEEDED'
    AND r.discarded_at IS NULL AND NOT EXISTS (
      SELECT 1 FROM step_runs n
      WHERE n.ledger_date = r.ledger_date AND n.flow = r.flow AND n.step = 'sync'
        AND n.step_run_id > r.step_run_id AND n.discarded_at IS NULL
        AND n.status IN ('SUCCEEDED', 'SUCCEEDED_EMPTY'))`;
