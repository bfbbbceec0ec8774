import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { eq, inArray } from 'drizzle-orm';
import type { Tx } from './client.ts';
import { archivedHistories, workflowBundles } from './schema/clearing.ts';

/** A history as it is handed over: protobuf, and the facts that are searched for. */
export interface RunToArchive extends Omit<
  typeof archivedHistories.$inferInsert,
  'history' | 'sha256' | 'archivedAt'
> {
  readonly history: Uint8Array;
}

/** As it is stored; `history` is protobuf again. */
export type ArchivedRun = typeof archivedHistories.$inferSelect;

/** The workflow code of a release, twice: as it ran, and with the interceptors of the audit. */
export interface WorkflowBundle {
  readonly bundleHash: string;
  readonly sdkVersion: string;
  readonly release: string;
  readonly code: string;
  readonly auditCode: string;
}

/** Keeps a history, compressed, under the hash of its bytes. Safe to repeat: a run is stored once. */
export async function archiveRun(tx: Tx, { history, ...facts }: RunToArchive): Promise<void> {
  await tx
    .insert(archivedHistories)
    .values({ ...facts, history: gzipSync(history), sha256: sha256Of(history) })
    .onConflictDoNothing();
}

/** Those of these runs that are not in the archive. */
export async function notArchived<Run extends { readonly runId: string }>(
  tx: Tx,
  runs: readonly Run[],
): Promise<readonly Run[]> {
  if (runs.length === 0) return [];
  const known = await tx
    .select({ runId: archivedHistories.runId })
    .from(archivedHistories)
    .where(
      inArray(
        archivedHistories.runId,
        runs.map(({ runId }) => runId),
      ),
    );
  const archived = new Set(known.map(({ runId }) => runId));
  return runs.filter(({ runId }) => !archived.has(runId));
}

/** The run as it was stored, whether or not its hash still holds; undefined when there is none. */
export async function findArchivedRun(tx: Tx, runId: string): Promise<ArchivedRun | undefined> {
  const [row] = await tx.select().from(archivedHistories).where(eq(archivedHistories.runId, runId));
  return row && { ...row, history: unpacked(row.history) };
}

/** Keeps the code of a release, once. Safe to repeat: it is found by its own hash. */
export async function storeBundle(
  tx: Tx,
  bundle: Omit<WorkflowBundle, 'bundleHash'>,
): Promise<void> {
  const bundleHash = bundleHashOf(bundle.code);
  if (await findBundle(tx, bundleHash)) return;
  await tx
    .insert(workflowBundles)
    .values({
      ...bundle,
      bundleHash,
      code: gzipSync(bundle.code),
      auditCode: gzipSync(bundle.auditCode),
    })
    .onConflictDoNothing();
}

export async function findBundle(tx: Tx, bundleHash: string): Promise<WorkflowBundle | undefined> {
  const [row] = await tx
    .select()
    .from(workflowBundles)
    .where(eq(workflowBundles.bundleHash, bundleHash));
  return (
    row && {
      ...row,
      code: unpacked(row.code).toString(),
      auditCode: unpacked(row.auditCode).toString(),
    }
  );
}

/** Workers carry it as their build id, so that every history names the code that it ran on. */
export const bundleHashOf = (code: string): string => sha256Of(Buffer.from(code));

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The first release stored its histories as they are. */
const unpacked = (bytes: Buffer): Buffer =>
  bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
