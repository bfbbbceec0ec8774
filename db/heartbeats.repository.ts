import { eq, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { workerHeartbeats } from './schema/clearing.ts';

const BEAT_EVERY_MS = 1_000;
/** A worker that has not beaten for this long counts as gone: some beats may be late. */
export const SILENCE_S = 6;

/**
 * Writes a worker's heartbeat until the returned function is called, which removes it, so that
 * health need not wait for it to go stale. Rows of workers that were killed are swept up first.
 */
export function keepBeating(
  db: Db,
  worker: { readonly workerId: string; readonly role: string },
  onError: (error: unknown) => void,
): () => Promise<void> {
  const beat = (): void => {
    db.insert(workerHeartbeats)
      .values({ ...worker, startedAt: sql`now()`, beatAt: sql`now()` })
      .onConflictDoUpdate({ target: workerHeartbeats.workerId, set: { beatAt: sql`now()` } })
      .catch(onError);
  };
  db.delete(workerHeartbeats)
    .where(sql`${workerHeartbeats.beatAt} < now() - make_interval(secs => ${SILENCE_S})`)
    .catch(onError);
  const beating = setInterval(beat, BEAT_EVERY_MS);
  beat();
  return async () => {
    clearInterval(beating);
    await db
      .delete(workerHeartbeats)
      .where(eq(workerHeartbeats.workerId, worker.workerId))
      .catch(onError);
  };
}
