import { SILENCE_S } from '../heartbeats.repository.ts';
import { rows, type Reader } from './rows.ts';

export interface StoreHealth {
  readonly postgres: boolean;
  readonly workers: { readonly control: boolean; readonly batch: boolean };
}

export const STORE_IS_SILENT: StoreHealth = {
  postgres: false,
  workers: { control: false, batch: false },
};

/**
 * Asks which roles have a living worker. Never throws: a store that does not answer is a finding.
 * While one question waits, all who ask wait for it, so that those who watch a frozen store do not
 * queue up at the pool.
 */
export function storeProbe(reader: Reader): () => Promise<StoreHealth> {
  let asked: Promise<StoreHealth> | undefined;
  return () => {
    asked ??= readHealth(reader).finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

async function readHealth(reader: Reader): Promise<StoreHealth> {
  try {
    const living = await rows<{ role: string }>(
      reader,
      `SELECT DISTINCT role FROM worker_heartbeats
       WHERE beat_at > now() - make_interval(secs => $1)`,
      [SILENCE_S],
    );
    const has = (role: string): boolean => living.some((row) => row.role === role);
    return { postgres: true, workers: { control: has('control'), batch: has('batch') } };
  } catch {
    return STORE_IS_SILENT;
  }
}
