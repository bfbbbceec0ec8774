import { AsyncLocalStorage } from 'node:async_hooks';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { schema, type Db, type Tx } from './client.ts';

/**
 * One transaction seen twice: drizzle for ordinary queries, the raw client for COPY and cursors.
 */
export interface Transaction {
  readonly tx: Tx;
  readonly client: pg.PoolClient;
}

const workflowRun = new AsyncLocalStorage<string>();

/** Whatever `work` commits names this run of a workflow in the audit log. */
export const asWorkflowRun = <T>(runId: string, work: () => Promise<T>): Promise<T> =>
  workflowRun.run(runId, work);

/** With the setting that the default of audit_events.run_id reads; it ends with the transaction. */
function begin(): string {
  const runId = workflowRun.getStore();
  return runId === undefined
    ? 'BEGIN'
    : `BEGIN; SET LOCAL daycut.run_id = ${pg.escapeLiteral(runId)}`;
}

/** Runs `work` in one transaction on one connection: all of it is committed, or none of it. */
export async function inTransaction<T>(db: Db, work: (t: Transaction) => Promise<T>): Promise<T> {
  const client = await db.$client.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin());
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
