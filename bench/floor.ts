import type { Db } from '../db/client.ts';
import { BENCH_DATE } from './generate.ts';
import { cpuSeconds } from './processes.ts';

/** A ledger date of its own, so that the rows go into the same tables a second time. */
const FLOOR_DATE = '2040-01-03';

const DAILY = ['orders', 'executions', 'contracts', 'fees', 'journals', 'postings'] as const;
const OTHERS = ['balances', 'house_balance_deltas', 'trade_exceptions'] as const;
type Table = (typeof DAILY)[number] | (typeof OTHERS)[number];

export interface TableFloor {
  readonly rows: number;
  readonly megabytes: number;
  readonly seconds: number;
  /** CPU seconds of PostgreSQL: steadier than time when other programs run. */
  readonly cpu: number;
}

/** Per table, and as sums: what PostgreSQL needs at least to take in the rows that steps write. */
export interface Floor {
  readonly tables: Readonly<Record<Table, TableFloor>>;
  /** What billing and posting write. */
  readonly billingAndPosting: Cost;
  /** What any step of the market writes. */
  readonly clearing: Cost;
}

export interface Cost {
  readonly seconds: number;
  readonly cpu: number;
}

const BILLING_AND_POSTING: readonly Table[] = [
  'contracts',
  'fees',
  'journals',
  'postings',
  'balances',
  'house_balance_deltas',
];

async function columnsOf(db: Db, table: string): Promise<string[]> {
  const { rows } = await db.$client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0
       AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/**
 * Times COPY of the rows that the run has written, in the order in which it wrote them, from a file
 * of the server: into new partitions of the same tables, or a table alike where there are none.
 * One connection, one table after the other.
 */
export async function measureFloor(db: Db, postgresPid: number): Promise<Floor> {
  const client = await db.$client.connect();
  try {
    const directory = await client.query<{ path: string }>(
      "SELECT current_setting('data_directory') AS path",
    );
    await client.query('SELECT open_partitions($1)', [FLOOR_DATE]);
    const found: Partial<Record<Table, TableFloor>> = {};
    for (const table of [...DAILY, ...OTHERS]) {
      const file = `${directory.rows[0]?.path ?? ''}/floor.copy`;
      const isDaily = DAILY.some((daily) => daily === table);
      const columns = await columnsOf(db, table);
      const list = columns.join(', ');
      const selected = columns
        .map((name) => (isDaily && name === 'ledger_date' ? `date '${FLOOR_DATE}'` : name))
        .join(', ');
      const where = isDaily ? `WHERE ledger_date = '${BENCH_DATE}'` : '';
      const target = isDaily ? table : `floor_${table}`;
      if (!isDaily) await client.query(`CREATE TABLE ${target} (LIKE ${table} INCLUDING ALL)`);
      await client.query(`COPY (SELECT ${selected} FROM ${table} ${where}) TO '${file}'`);
      const size = await client.query<{ bytes: number }>(
        'SELECT (pg_stat_file($1)).size AS bytes',
        [file],
      );
      await client.query('CHECKPOINT');
      const cpuBefore = cpuSeconds(postgresPid);
      const begin = performance.now();
      const copied = await client.query(`COPY ${target} (${list}) FROM '${file}'`);
      found[table] = {
        rows: copied.rowCount ?? 0,
        megabytes: Math.round((size.rows[0]?.bytes ?? 0) / 1e6),
        seconds: (performance.now() - begin) / 1000,
        cpu: cpuSeconds(postgresPid) - cpuBefore,
      };
    }
    const tables = found as Record<Table, TableFloor>;
    const sum = (names: readonly Table[]): Cost => ({
      seconds: names.reduce((total, name) => total + tables[name].seconds, 0),
      cpu: names.reduce((total, name) => total + tables[name].cpu, 0),
    });
    return {
      tables,
      billingAndPosting: sum(BILLING_AND_POSTING),
      clearing: sum([...DAILY, ...OTHERS]),
    };
  } finally {
    client.release();
  }
}
