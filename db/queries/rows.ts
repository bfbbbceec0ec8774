import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Db } from '../client.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

/** A pool, or one connection of it inside a transaction. */
export type Reader = pg.Pool | pg.PoolClient;

/** As the pool's own, and instants as ISO text, which is what an answer shows. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));
types.setTypeParser(pg.types.builtins.DATE, (text) => text);
types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString());

const names = new Map<string, string>();

/**
 * Statements are prepared once a connection under a name of their text: planning costs the most.
 */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}

/**
 * Runs one read. The text must not contain values, which go into `values` as $1, $2 …; columns
 * are named by the query as the caller's type has them.
 */
export async function rows<T extends object>(
  reader: Reader,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const config = { name: nameOf(text), text, values: [...values], types };
  const { rows: found } = await reader.query<T>(config);
  return found;
}

const READ_ONLY = `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '120s'; SET LOCAL max_parallel_workers_per_gather = 0`;

/**
 * Several reads of one moment: what they say fits together, whatever is committed meanwhile.
 * Without parallel plans, which are slower than serial ones over the books on few cores.
 */
export async function readSnapshot<T>(db: Db, work: (t: Transaction) => Promise<T>): Promise<T> {
  return inTransaction(db, async (t) => {
    await t.client.query(READ_ONLY);
    return work(t);
  });
}
