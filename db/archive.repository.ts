import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { eq, inArray } from 'drizzle-orm';
import { SYSTEM_PERSON } from '../domain/audit/audit-event.ts';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { recordAuditEvent } from './audit.repository.ts';
import type { Tx } from './client.ts';
import { archivedHistories, workflowBundles } from './schema/clearing.ts';
import { tickets } from './schema/tickets.ts';

const HISTORY_ARCHIVED = 'history.archived';
const BUNDLE_STORED = 'release.bundle_stored';

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

/**
 * Keeps a history, compressed, under the hash of its bytes, and puts that hash into the audit log.
 * Safe to repeat: a run is stored once.
 */
export async function archiveRun(tx: Tx, { history, ...facts }: RunToArchive): Promise<void> {
  const sha256 = sha256Of(history);
  const stored = await tx
    .insert(archivedHistories)
    .values({ ...facts, history: gzipSync(history), sha256 })
    .onConflictDoNothing()
    .returning({ runId: archivedHistories.runId });
  if (stored.length === 0) return;
  await recordAuditEvent(tx, {
    person: SYSTEM_PERSON,
    action: HISTORY_ARCHIVED,
    outcome: 'ACCEPTED',
    targetType: 'workflow_run',
    targetId: facts.runId,
    workflowId: facts.workflowId,
    runId: facts.runId,
    ledgerDate: facts.ledgerDate ?? undefined,
    after: { ...facts, sha256 },
  });
}

/** The date that a ticket is about, by the id of its workflow; null where there is none. */
export async function ledgerDateOfTicket(tx: Tx, workflowId: string): Promise<BusinessDate | null> {
  const [, ticketId = ''] = workflowId.split('ticket/');
  const [row] = await tx
    .select({ ledgerDate: tickets.ledgerDate })
    .from(tickets)
    .where(eq(tickets.ticketId, ticketId));
  return row?.ledgerDate ?? null;
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

/** Keeps the code of a release, once, and its hashes in the audit log. Safe to repeat. */
export async function storeBundle(
  tx: Tx,
  { code, auditCode, ...release }: Omit<WorkflowBundle, 'bundleHash'>,
): Promise<void> {
  const bundleHash = bundleHashOf(code);
  if (await findBundle(tx, bundleHash)) return;
  const stored = await tx
    .insert(workflowBundles)
    .values({ ...release, bundleHash, code: gzipSync(code), auditCode: gzipSync(auditCode) })
    .onConflictDoNothing()
    .returning({ bundleHash: workflowBundles.bundleHash });
  if (stored.length === 0) return;
  await recordAuditEvent(tx, {
    person: SYSTEM_PERSON,
    action: BUNDLE_STORED,
    outcome: 'ACCEPTED',
    targetType: 'workflow_bundle',
    targetId: bundleHash,
    after: { ...release, bundleHash, auditCodeSha256: bundleHashOf(auditCode) },
  });
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

/**
 * The first release stored its histories as they are. Bytes that no longer unpack are handed on
 * likewise: whoever compares their hash will say so.
 */
function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}
