import type pg from 'pg';

/**
 * Tells PostgreSQL what snapshots hold that have grown since it last looked. Until autovacuum comes
 * by it guesses, and a look-up by id may then read a whole partition, each time.
 */
export async function analyzeGrownSnapshots(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent IN ('orders'::regclass, 'executions'::regclass)
       AND pg_relation_size(c.oid) > 1.2 * c.relpages * current_setting('block_size')::int`,
  );
  if (rows.length > 0) await client.query(`ANALYZE ${rows.map(({ name }) => name).join(', ')}`);
}
