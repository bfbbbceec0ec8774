import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { schema, type Db, type Tx } from './client.ts';

/**
 * One transaction seen twice: drizzle for ordinary queries, the raw client for COPY and cursors.
 */
export interface Transaction {
  readonly tx: Tx;
  readonly client: pg.PoolClient;
}

/** Runs `work` in one transaction on one connection: all of it is committed, or none of it. */
export async function inTransaction<T>(db: Db, work: (t: Transaction) => Promise<T>): Promise<T> {
  const client = await db.$client.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({ tx: drizzle(client, { schema }), client });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: unknown) => {
      broken = rollbackError as Error;
    });
    throw error;
  } finally {
    // A connection whose rollback failed is in an unknown state and must not be reused.
    client.release(broken);
  }
}

/** Undoes only what `work` did when it throws; the transaction around it goes on. */
export async function inSavepoint<T>({ client }: Transaction, work: () => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT work');
  try {
    const result = await work();
    await client.query('RELEASE SAVEPOINT work');
    return result;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT work');
    throw error;
  }
}
