import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import * as audit from './schema/audit.ts';
import * as books from './schema/books.ts';
import * as checks from './schema/checks.ts';
import * as clearing from './schema/clearing.ts';
import * as feeEdits from './schema/fee-edits.ts';
import * as frontOffice from './schema/front-office.ts';
import * as manualPasses from './schema/manual-passes.ts';
import * as people from './schema/people.ts';
import * as reference from './schema/reference.ts';
import * as settings from './schema/settings.ts';
import * as stampDuty from './schema/stamp-duty.ts';
import * as tickets from './schema/tickets.ts';
import * as trades from './schema/trades.ts';

export const schema = {
  ...audit,
  ...books,
  ...checks,
  ...clearing,
  ...feeEdits,
  ...frontOffice,
  ...manualPasses,
  ...people,
  ...reference,
  ...settings,
  ...stampDuty,
  ...tickets,
  ...trades,
};
export type Schema = typeof schema;

/** A pool with drizzle on top. `$client` is the pool, for COPY, cursors and LISTEN. */
export type Db = NodePgDatabase<Schema> & { $client: pg.Pool };
/** A transaction, or anything that can run queries: repositories take it first. */
export type Tx = NodePgDatabase<Schema>;

/**
 * Ids and counts come as numbers (all stay far below 2^53), days as text (a Date would shift them
 * by the host's zone), numeric as text (its exact digits).
 */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));
types.setTypeParser(pg.types.builtins.DATE, (text) => text);

export interface ConnectOptions {
  readonly poolSize?: number;
  readonly name?: string;
  /**
   * Takes on the role of servers and workers, which may add to what auditors rely on but not change
   * it (migration 0007). Without it a connection has the rights of the login: an owner's.
   */
  readonly asApplication?: boolean;
}

export function connect(url: string, options: ConnectOptions = {}): Db {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize ?? 8,
    application_name: options.name ?? 'daycut',
    options: `-c timezone=UTC${options.asApplication ? ' -c role=daycut_app' : ''}`,
    types,
  });
  // An idle connection that dies (server restart) must not end the process: the pool drops it and
  // the next query opens another, or fails with an error that its caller sees.
  pool.on('error', () => undefined);
  // Nor must one that dies between two queries of whoever holds it: the next query fails instead.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return drizzle(pool, { schema });
}
