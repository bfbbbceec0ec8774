import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ReplayJob } from '../../domain/audit/replay.ts';
import { findArchivedRun, findBundle, type ArchivedRun } from '../archive.repository.ts';
import { attemptsOf } from '../attempts.repository.ts';
import type { Db, Tx } from '../client.ts';
import { assertListed } from './names.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface AuditRunView {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly ledgerDate: BusinessDate | null;
  readonly reason: 'CLOSED' | 'MISFIT';
  readonly closeStatus: string;
  readonly events: number;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly archivedAt: string;
  readonly sha256: string;
  readonly sdkVersion: string | null;
  readonly bundleHash: string | null;
  /** The version of Daycut whose bundle it is. */
  readonly release: string | null;
}

export interface AuditRunFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly flow?: string | undefined;
  readonly workflowId?: string | undefined;
}

/** Exact, unlike an instant of JavaScript: it is part of a key. */
const STARTED_US = '(extract(epoch FROM h.started_at) * 1000000)::bigint';

const SELECT = `SELECT ${STARTED_US} AS "startedUs", h.workflow_id AS "workflowId", h.run_id AS "runId",
  h.workflow_type AS "workflowType", h.ledger_date AS "ledgerDate", h.reason,
  h.close_status AS "closeStatus", h.events, h.started_at AS "startedAt",
  h.closed_at AS "closedAt", h.archived_at AS "archivedAt", h.sha256,
  h.sdk_version AS "sdkVersion", h.bundle_hash AS "bundleHash", b.release
  FROM archived_histories h LEFT JOIN workflow_bundles b ON b.bundle_hash = h.bundle_hash`;

/** Archived runs in the order of their names, the runs of one workflow in the order of time. */
export async function readAuditRuns(
  reader: Reader,
  filter: AuditRunFilter,
): Promise<Page<AuditRunView>> {
  await assertListed(reader, { flow: filter.flow });
  return readPage<AuditRunView & { readonly startedUs: number }>(
    reader,
    {
      list: 'audit runs',
      select: SELECT,
      conditions: new Conditions()
        .add('h.ledger_date = ?', filter.ledgerDate)
        .add('split_part(h.workflow_id, ?, 3) = ?', '/', filter.flow)
        .add('h.workflow_id = ?', filter.workflowId),
      key: [
        ['h.workflow_id', 'text'],
        [STARTED_US, 'bigint'],
        ['h.run_id', 'text'],
      ],
      keyOf: (row) => [row.workflowId, row.startedUs, row.runId],
    },
    filter,
  );
}

/** Undefined for a run that is not in the archive. */
export async function findAuditRun(
  reader: Reader,
  runId: string,
): Promise<AuditRunView | undefined> {
  const [run] = await rows<AuditRunView>(reader, `${SELECT} WHERE h.run_id = $1`, [runId]);
  return run;
}

/** Throws RUN_NOT_ARCHIVED. */
export async function readAuditRun(reader: Reader, runId: string): Promise<AuditRunView> {
  const run = await findAuditRun(reader, runId);
  if (!run) throw new ClearingError('RUN_NOT_ARCHIVED', { runId });
  return run;
}

/** The version of Daycut whose workflow code has this hash; null for code that is not kept. */
export async function readRelease(
  reader: Reader,
  bundleHash: string | null,
): Promise<string | null> {
  const [kept] = await rows<{ readonly release: string }>(
    reader,
    'SELECT release FROM workflow_bundles WHERE bundle_hash = $1',
    [bundleHash],
  );
  return kept?.release ?? null;
}

/** Throws RUN_NOT_ARCHIVED. */
export async function loadArchivedRun(tx: Tx, runId: string): Promise<ArchivedRun> {
  const run = await findArchivedRun(tx, runId);
  if (!run) throw new ClearingError('RUN_NOT_ARCHIVED', { runId });
  return run;
}

interface EventHash {
  readonly sha256: string | null;
}

const HASH_IN_LOG = (field: string) =>
  `SELECT after ->> '${field}' AS sha256 FROM audit_events
   WHERE target_type = $1 AND target_id = $2 AND action = $3 ORDER BY event_id LIMIT 1`;

/**
 * All that a replay of the run needs. Throws RUN_NOT_ARCHIVED, and BUNDLE_NOT_KEPT for a run on
 * code that this installation never stored: one that an earlier release began.
 */
export async function loadReplayJob(db: Db, runId: string): Promise<ReplayJob> {
  const run = await loadArchivedRun(db, runId);
  const bundle = run.bundleHash === null ? undefined : await findBundle(db, run.bundleHash);
  if (!bundle) throw new ClearingError('BUNDLE_NOT_KEPT', { runId, bundleHash: run.bundleHash });
  const { bundleHash } = bundle;
  const inLog = async (field: string, ...key: readonly string[]): Promise<string | null> => {
    const [found] = await rows<EventHash>(db.$client, HASH_IN_LOG(field), key);
    return found?.sha256 ?? null;
  };
  const archived = ['workflow_run', runId, 'history.archived'];
  const stored = ['workflow_bundle', bundleHash, 'release.bundle_stored'];
  return {
    workflowId: run.workflowId,
    history: run.history,
    code: bundle.code,
    auditCode: bundle.auditCode,
    hashes: [
      { of: 'history', where: 'the archive', sha256: run.sha256 },
      { of: 'history', where: 'the audit log', sha256: await inLog('sha256', ...archived) },
      { of: 'code', where: 'the history', sha256: bundleHash },
      { of: 'code', where: 'the audit log', sha256: await inLog('bundleHash', ...stored) },
      {
        of: 'auditCode',
        where: 'the audit log',
        sha256: await inLog('auditCodeSha256', ...stored),
      },
    ],
    witnesses: await attemptsOf(db, runId),
  };
}
