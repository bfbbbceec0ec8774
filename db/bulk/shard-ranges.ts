import type pg from 'pg';

export interface AccountRange {
  readonly accountFrom: number;
  readonly accountTo: number;
  readonly rowsPlanned: number;
}

export const MAX_SHARDS = 32;

/**
 * Cuts accounts into contiguous ranges with about equal rows. `counts` is a query that gives
 * (account_id, n) once for each account. No rows, no ranges.
 */
export async function accountRanges(
  client: pg.PoolClient,
  counts: string,
  rowsPerShard: number,
): Promise<AccountRange[]> {
  const { rows } = await client.query<{ first: number; last: number; n: number }>(
    `WITH counts AS MATERIALIZED (${counts}),
     total AS (SELECT sum(n) AS n FROM counts),
     shards AS (SELECT least(${MAX_SHARDS}, ceil(n / ${rowsPerShard}::numeric)) AS n FROM total),
     placed AS (
       SELECT account_id, n, sum(n) OVER (ORDER BY account_id) - n AS before FROM counts
     )
     SELECT min(account_id) AS first, max(account_id) AS last, sum(p.n)::bigint AS n
     FROM placed p, total t, shards s
     GROUP BY floor(p.before * s.n / t.n) ORDER BY 1`,
  );
  return rows.map(({ last, n }, index) => ({
    // Without gaps: an account that gets its first row later still belongs to one shard.
    accountFrom: (rows[index - 1]?.last ?? (rows[0]?.first ?? 1) - 1) + 1,
    accountTo: last,
    rowsPlanned: n,
  }));
}
