import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ShardClaim } from '../fence.ts';

export const BALANCES_PER_ACCOUNT =
  'SELECT ledger_account_id AS account_id, count(*) AS n FROM balances GROUP BY 1';

interface Run {
  readonly stepRunId: number;
  readonly ledgerDate: BusinessDate;
}

/**
 * Totals of an account range; one statement, so they are one moment's. Returns the rows written.
 */
export async function writeAccountTotals(
  client: pg.PoolClient,
  run: Run,
  claim: ShardClaim,
): Promise<number> {
  const written = await client.query(
    `INSERT INTO account_totals (ledger_date, step_run_id, account_id, asset_id, settled,
       unsettled, frozen)
     SELECT $1, $2, ledger_account_id, asset_id,
       coalesce(sum(amount) FILTER (WHERE bucket = 1), 0),
       coalesce(sum(amount) FILTER (WHERE bucket = 2), 0),
       coalesce(sum(amount) FILTER (WHERE bucket = 3), 0)
     FROM balances WHERE ledger_account_id BETWEEN $3 AND $4
     GROUP BY ledger_account_id, asset_id HAVING bool_or(amount <> 0)
     ORDER BY ledger_account_id, asset_id`,
    [run.ledgerDate, run.stepRunId, claim.accountFrom, claim.accountTo],
  );
  return written.rowCount ?? 0;
}

export interface SummaryTotals {
  readonly rows: number;
  readonly accounts: number;
  /** By currency: what clients hold, and what is on the way. */
  readonly cash: Readonly<Record<string, { readonly settled: string; readonly unsettled: string }>>;
  readonly positions: number;
}

/** Reads the totals back. Throws BOOKS_OUT_OF_BALANCE when they are not the sum of the balances. */
export async function summaryTotals(client: pg.PoolClient, run: Run): Promise<SummaryTotals> {
  const { rows } = await client.query<{
    code: string;
    kind: string;
    n: number;
    settled: string;
    unsettled: string;
    equal: boolean;
  }>(
    `SELECT a.code, a.kind, coalesce(t.n, 0) AS n, coalesce(t.settled, 0)::text AS settled,
       coalesce(t.unsettled, 0)::text AS unsettled, coalesce(t.total, 0) = b.total AS equal
     FROM (SELECT asset_id, sum(amount) AS total FROM balances GROUP BY 1) b
     JOIN assets a USING (asset_id)
     LEFT JOIN (SELECT asset_id, count(*) AS n, sum(settled) AS settled,
         sum(unsettled) AS unsettled, sum(settled + unsettled + frozen) AS total
       FROM account_totals WHERE step_run_id = $1 GROUP BY 1) t USING (asset_id)
     ORDER BY a.kind, a.code`,
    [run.stepRunId],
  );
  const wrong = rows.find((row) => !row.equal);
  if (wrong) {
    throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
      what: 'account totals differ from the balances',
      asset: wrong.code,
    });
  }
  const { rows: counted } = await client.query<{ accounts: number }>(
    'SELECT count(DISTINCT account_id) AS accounts FROM account_totals WHERE step_run_id = $1',
    [run.stepRunId],
  );
  const cash = rows.filter((row) => row.kind === 'CURRENCY');
  return {
    rows: rows.reduce((sum, row) => sum + row.n, 0),
    accounts: counted[0]?.accounts ?? 0,
    cash: Object.fromEntries(
      cash.map(({ code, settled, unsettled }) => [code, { settled, unsettled }]),
    ),
    positions: rows.reduce((sum, row) => sum + (row.kind === 'INSTRUMENT' ? row.n : 0), 0),
  };
}
