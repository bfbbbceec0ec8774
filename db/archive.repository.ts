import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Tx } from './client.ts';
import { archivedHistories } from './schema/clearing.ts';

/** A history as it is handed over: protobuf, and the facts that are searched for. */
export interface RunToArchive extends Omit<
  typeof archivedHistories.$inferInsert,
  'history' | 'sha256' | 'archivedAt'
> {
  readonly history: Uint8Array;
}

/** Keeps a history, compressed, under the hash of its bytes. Safe to repeat: a run is stored once. */
export async function archiveRun(tx: Tx, { history, ...facts }: RunToArchive): Promise<void> {
  await tx
    .insert(archivedHistories)
    .values({ ...facts, history: gzipSync(history), sha256: sha256Of(history) })
    .onConflictDoNothing();
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
