import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { RunnableStep } from '../../domain/clearing/steps.ts';

export interface FlowDate {
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
}

export interface CountingRun {
  readonly stepRunId: number;
  readonly ledgerDate: BusinessDate;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Runs of a step whose rows count: they succeeded, and no later pass or revoke discarded them. */
export async function countingRuns(
  client: pg.PoolClient,
  { ledgerDate, flow }: FlowDate,
  step: RunnableStep,
): Promise<CountingRun[]> {
  const { rows } = await client.query<CountingRun>(
    `SELECT step_run_id AS "stepRunId", ledger_date AS "ledgerDate", inputs FROM step_runs
     WHERE ledger_date = $1 AND flow = $2 AND step = $3 AND status = 'SUCCEEDED'
       AND discarded_at IS NULL
     ORDER BY step_run_id`,
    [ledgerDate, flow, step],
  );
  return rows;
}

/**
 * The counting billing runs of a flow and date, and which of them are posted. A posting takes all
 * contracts of a run or, once undone, none; so one contract tells for all of its run.
 */
export async function billingRuns(
  client: pg.PoolClient,
  of: FlowDate,
): Promise<(CountingRun & { readonly isPosted: boolean })[]> {
  const runs = await countingRuns(client, of, 'billing');
  const found = [];
  for (const run of runs) {
    const { rows } = await client.query<{ posted: boolean }>(
      `SELECT count(*) FILTER (WHERE j.kind = 'tradePosting')
            > count(*) FILTER (WHERE j.kind = 'tradePostingReversal') AS posted
       FROM (SELECT contract_id FROM contracts
             WHERE ledger_date = $1 AND billing_run_id = $2 LIMIT 1) c
       JOIN journals j ON j.source_id = c.contract_id AND j.source_kind = 'contract'
        AND j.ledger_date = $1`,
      [of.ledgerDate, run.stepRunId],
    );
    found.push({ ...run, isPosted: rows[0]?.posted === true });
  }
  return found;
}

/** Run ids that a run froze in its inputs. */
export const runIds = (inputs: Readonly<Record<string, unknown>>, key: string): number[] => {
  const ids = inputs[key];
  return Array.isArray(ids) ? ids.filter((id): id is number => Number.isSafeInteger(id)) : [];
};

/** The snapshots that posted contracts came from: their trades are never taken again. */
export async function postedSyncRuns(client: pg.PoolClient, of: FlowDate): Promise<number[]> {
  const posted = (await billingRuns(client, of)).filter((run) => run.isPosted);
  return posted.flatMap((run) => runIds(run.inputs, 'syncRunIds'));
}

export async function previousLedgerDate(
  client: pg.PoolClient,
  ledgerDate: BusinessDate,
): Promise<BusinessDate | null> {
  const { rows } = await client.query<{ date: BusinessDate | null }>(
    'SELECT max(ledger_date) AS date FROM ledger_dates WHERE ledger_date < $1',
    [ledgerDate],
  );
  return rows[0]?.date ?? null;
}
