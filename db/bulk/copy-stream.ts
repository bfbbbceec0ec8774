import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Db } from '../client.ts';
import type { CopyBuffer } from './copy-buffer.ts';

/** Writes a buffer's rows with one COPY; `target` is a table with its columns. */
export async function copyIn(
  client: pg.PoolClient,
  target: string,
  rows: CopyBuffer,
): Promise<void> {
  if (rows.rows === 0) return;
  const stream = client.query(copyFrom(`COPY ${target} FROM STDIN`));
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(rows.view());
  });
}

const NEWLINE = 10;

/**
 * Hands every row of a query to `onLine`, as COPY text (latin1, without the newline), in the order
 * of the query. The query has no parameters: its values are literals. `onLine` may return a promise
 * to make the reader wait; between blocks of some hundred rows other work of the process runs.
 */
export async function readLines(
  db: Db,
  query: string,
  onLine: (line: string) => Promise<void> | undefined,
): Promise<void> {
  const client = await db.$client.connect();
  let failed = true;
  try {
    await client.query('BEGIN READ ONLY');
    await client.query('SET LOCAL max_parallel_workers_per_gather = 0');
    await client.query("SET LOCAL work_mem = '64MB'");
    await copyOut(client, query, onLine);
    await client.query('COMMIT');
    failed = false;
  } finally {
    // A connection in the middle of a COPY cannot be used again.
    client.release(failed);
  }
}

/** As readLines, on a connection that somebody holds: for rows that only its transaction sees. */
export async function copyOut(
  client: pg.ClientBase,
  query: string,
  onLine: (line: string) => Promise<void> | undefined,
): Promise<void> {
  const stream = client.query(copyTo(`COPY (${query}) TO STDOUT`));
  let rest: Buffer | undefined;
  for await (const received of stream) {
    const bytes: Buffer = rest ? Buffer.concat([rest, received as Buffer]) : (received as Buffer);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      const waiting = onLine(bytes.toString('latin1', start, end));
      if (waiting !== undefined) await waiting;
      start = end + 1;
    }
    rest = start < bytes.length ? bytes.subarray(start) : undefined;
    await breathe();
  }
}

/** Lets heartbeats, sockets and timers of this process have their turn. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** For the sums at the end of a step, when nothing else of it runs: both cores may read. */
export async function readInParallel(client: pg.PoolClient): Promise<void> {
  await client.query('SET LOCAL max_parallel_workers_per_gather = 2');
  await client.query("SET LOCAL work_mem = '64MB'");
  await client.query('SET LOCAL jit = off');
}
