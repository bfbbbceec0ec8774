import type pg from 'pg';
import type { ExportedRoots } from '../../domain/audit/exported-roots.ts';
import type { Finding } from '../../domain/audit/finding.ts';
import { verifyChain } from './verify-chain.ts';
import { verifyCoveredRows } from './verify-covered-rows.ts';
import { verifyJournals } from './verify-journals.ts';
import { compareRoots, verifyRoots } from './verify-roots.ts';

export interface AuditReport {
  readonly ok: boolean;
  /** The first bad row of each kind, in the order of the checks; the first one counts. */
  readonly findings: readonly Finding[];
  /** What was looked at. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Computes every proof of the audit log again from the rows. The caller has begun a transaction
 * that sees one state of the database and belongs to UTC; nothing is written. Memory does not grow
 * with the number of rows.
 */
export async function verifyAudit(
  client: pg.ClientBase,
  exported?: ExportedRoots,
): Promise<AuditReport> {
  const chain = await verifyChain(client);
  // Events of a broken chain prove nothing about the rows that they speak of.
  const isChainWhole = chain.finding === undefined;
  const covered = isChainWhole ? await verifyCoveredRows(client) : { rows: {}, findings: [] };
  const journals = await verifyJournals(client, { isChainWhole });
  const roots = await verifyRoots(client);
  const outside = exported && (await compareRoots(client, exported));
  const findings = [
    ...(chain.finding ? [chain.finding] : []),
    ...covered.findings,
    ...journals.findings,
    ...(roots.finding ? [roots.finding] : []),
    ...(outside ? [outside] : []),
  ];
  return {
    ok: findings.length === 0,
    findings,
    counts: {
      audit_events: chain.events,
      ...covered.rows,
      ledger_dates: journals.dates,
      journals: journals.journals,
      journal_seals: journals.seals,
      daily_roots: roots.roots,
      ...(exported ? { exported_roots: exported.roots.length } : {}),
    },
  };
}
