import { rows, type Reader } from './rows.ts';

/** A worker that was silent for longer counts as gone. */
const SILENCE_S = 15;

export interface StoreHealth {
  readonly postgres: boolean;
  readonly workers: { readonly control: boolean; readonly batch: boolean };
}

const NOTHING: StoreHealth = { postgres: false, workers: { control: false, batch: false } };

/** Which roles have a living worker. Never throws: a store that does not answer is a finding. */
export async function readHealth(reader: Reader): Promise<StoreHealth> {
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
    return NOTHING;
  }
}
