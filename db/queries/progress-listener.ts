import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Db } from '../client.ts';

const CHANNEL = 'daycut_progress';
const RETRY_MS = 1_000;

export interface ProgressListener {
  close(): Promise<void>;
}

export interface ProgressEvents {
  /** `date/flow`; null once a lost connection is back: anything may have changed meanwhile. */
  readonly onChange: (flow: string | null) => void;
  readonly onError: (error: unknown) => void;
}

/** Listens on one connection of its own, outside of the pool, and replaces it when it is lost. */
export function listenForProgress(db: Db, { onChange, onError }: ProgressEvents): ProgressListener {
  const stopped = new AbortController();
  let connection: pg.Client | undefined;

  const listen = async (): Promise<void> => {
    const client = new pg.Client(db.$client.options);
    connection = client;
    const lost = new Promise<void>((resolve) => {
      // A connection that ends is replaced, so its error needs no other answer.
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ payload }) => onChange(payload ?? null));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      onChange(null);
      await lost;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  const done = (async () => {
    while (!stopped.signal.aborted) {
      await listen().catch(onError);
      await pause(RETRY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();

  return {
    async close() {
      stopped.abort();
      await connection?.end().catch(() => undefined);
      await done;
    },
  };
}
