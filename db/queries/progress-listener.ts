import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Db } from '../client.ts';

const CHANNEL = 'daycut_progress';
const RETRY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface ProgressListener {
  readonly close: () => Promise<void>;
}

export interface ProgressEvents {
  /** `date/flow`; null once a lost connection is back: anything may have changed meanwhile. */
  readonly onChange: (flow: string | null) => void;
  readonly onError: (error: unknown) => void;
}

/** Listens on one connection of its own, outside of the pool, and replaces it when it is lost. */
export function listenForProgress(db: Db, { onChange, onError }: ProgressEvents): ProgressListener {
  const stopped = new AbortController();
  const untilStopped = new Promise<void>((resolve) => {
    stopped.signal.addEventListener('abort', () => resolve());
  });

  const listen = async (): Promise<void> => {
    const { options } = db.$client;
    const client = new pg.Client({ ...options, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    const lost = new Promise<void>((resolve) => {
      // A connection that ends is replaced, so its error needs no other answer.
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ payload }) => onChange(payload ?? null));
    try {
      // Never ended while it connects: the driver would then not say how that came out.
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      onChange(null);
      await Promise.race([lost, untilStopped]);
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  const done = (async () => {
    while (!stopped.signal.aborted) {
      await listen().catch(onError);
      await Promise.race([pause(RETRY_MS, undefined, { ref: false }), untilStopped]);
    }
  })();

  return {
    close: () => {
      stopped.abort();
      return done;
    },
  };
}
