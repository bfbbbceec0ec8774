import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { FIRST_CLIENT_ACCOUNT } from '../../domain/ledger/house-accounts.ts';
import { recordSealedRun, sealAccounts } from '../bulk/journal-seals.ts';
import { writeDailyRoot } from '../daily-roots.repository.ts';
import type { Transaction } from '../transaction.ts';

interface OlderRun {
  readonly ledgerDate: BusinessDate;
  readonly stepRunId: number;
  readonly status: string;
}

/** Only where no journal was ever sealed: lost seals must be found, not made anew. */
const IS_OLDER = `SELECT EXISTS (SELECT 1 FROM journals)
  AND NOT EXISTS (SELECT 1 FROM journal_seals)
  AND NOT EXISTS (SELECT 1 FROM audit_events WHERE action = 'journals.sealed') AS older`;

const RUNS = `SELECT DISTINCT j.ledger_date AS "ledgerDate", j.step_run_id AS "stepRunId", r.status
  FROM journals j JOIN step_runs r USING (step_run_id) ORDER BY 1, 2`;

/**
 * Seals the books of an installation that is older than its audit log, as they are now, and roots
 * the dates that are cut. Safe to repeat: it does something once.
 */
export async function sealOlderBooks(t: Transaction): Promise<void> {
  const { rows } = await t.client.query<{ older: boolean }>(IS_OLDER);
  if (!rows[0]?.older) return;
  const runs = await t.client.query<OlderRun>(RUNS);
  for (const run of runs.rows) {
    for (const range of await shardsOf(t.client, run.stepRunId)) {
      await sealAccounts(t.client, { ...run, shard: range.shard, chunk: 0 }, range);
    }
    if (run.status !== 'RUNNING') await recordSealedRun(t, run, run.status);
  }
  const cut = await t.client.query<{ date: BusinessDate }>(
    `SELECT ledger_date AS date FROM ledger_dates WHERE status = 'CUT' ORDER BY ledger_date`,
  );
  for (const { date } of cut.rows) await writeDailyRoot(t.client, date);
}

interface Range {
  readonly shard: number;
  readonly accountFrom: number;
  readonly accountTo: number;
}

/**
 * One seal for each shard, as its chunk 0: a run that goes on seals its next chunk under a higher
 * number, as it has counted its chunks all along.
 */
async function shardsOf(client: pg.ClientBase, stepRunId: number): Promise<readonly Range[]> {
  const { rows } = await client.query<Range>(
    `SELECT shard, account_from AS "accountFrom", account_to AS "accountTo" FROM step_shards
     WHERE step_run_id = $1 AND chunks > 0 ORDER BY shard`,
    [stepRunId],
  );
  const everyAccount = {
    shard: 0,
    accountFrom: FIRST_CLIENT_ACCOUNT,
    accountTo: Number.MAX_SAFE_INTEGER,
  };
  return rows.length > 0 ? rows : [everyAccount];
}
