import type { Db } from './client.ts';
import { archivedHistories } from './schema/clearing.ts';

/** Keeps a history. Safe to repeat: a run is stored once. */
export async function archiveHistory(
  db: Db,
  archived: Omit<typeof archivedHistories.$inferInsert, 'archivedAt'>,
): Promise<void> {
  await db.insert(archivedHistories).values(archived).onConflictDoNothing();
}
