import type { AuditOutcome } from '../../domain/audit/audit-event.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { Conditions, readPage, type Page, type PageRequest } from './page.ts';
import { rows, type Reader } from './rows.ts';

export interface AuditEventView {
  readonly eventId: number;
  /** The link of the chain that stands for it. */
  readonly seq: number | null;
  readonly at: string;
  readonly ledgerDate: BusinessDate | null;
  readonly person: string;
  readonly account: string | null;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly permission: string | null;
  readonly targetType: string;
  readonly targetId: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly ticketId: string | null;
  readonly commandId: string | null;
  readonly workflowId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
}

const EVENTS = `SELECT e.event_id AS "eventId", c.seq, e.at, e.ledger_date AS "ledgerDate",
    e.person, e.account, e.action, e.outcome, e.code, e.permission,
    e.target_type AS "targetType", e.target_id AS "targetId", e.before, e.after,
    e.ticket_id AS "ticketId", e.command_id AS "commandId", e.workflow_id AS "workflowId",
    e.run_id AS "runId", e.request_id AS "requestId"
  FROM audit_events e LEFT JOIN audit_chain c ON c.event_id = e.event_id`;

export interface AuditEventFilter extends PageRequest {
  readonly ledgerDate?: BusinessDate | undefined;
  readonly person?: string | undefined;
  /** How the action begins: `command.` for all about commands. */
  readonly action?: string | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
  readonly ticketId?: string | undefined;
  readonly commandId?: string | undefined;
}

/** The audit log, newest first. */
export const readAuditEvents = (
  reader: Reader,
  filter: AuditEventFilter,
): Promise<Page<AuditEventView>> =>
  readPage<AuditEventView>(
    reader,
    {
      list: 'audit events',
      select: EVENTS,
      conditions: new Conditions()
        .add('e.ledger_date = ?', filter.ledgerDate)
        .add('e.person = ?', filter.person)
        .add('starts_with(e.action, ?)', filter.action)
        .add('e.target_type = ?', filter.targetType)
        .add('e.target_id = ?', filter.targetId)
        .add('e.ticket_id = ?', filter.ticketId)
        .add('e.command_id = ?', filter.commandId),
      key: [['e.event_id', 'bigint']],
      direction: 'DESC',
      keyOf: (row) => [row.eventId],
    },
    filter,
  );

export interface AuditRootView {
  readonly rootNo: number;
  readonly ledgerDate: BusinessDate;
  readonly root: string;
  readonly previousRoot: string;
  readonly lastStepRunId: number;
  readonly seals: number;
  readonly journals: number;
  readonly journalsRoot: string;
  readonly auditSeq: number;
  readonly auditHash: string;
  readonly madeAt: string;
}

const hex = (column: string): string => `encode(${column}, 'hex')`;

const ROOTS = `SELECT root_no AS "rootNo", ledger_date AS "ledgerDate", ${hex('root')} AS root,
    ${hex('previous_root')} AS "previousRoot", last_step_run_id AS "lastStepRunId", seals, journals,
    ${hex('journals_root')} AS "journalsRoot", audit_seq AS "auditSeq",
    ${hex('audit_hash')} AS "auditHash", made_at AS "madeAt"
  FROM daily_roots ORDER BY root_no`;

/**
 * Every daily root, oldest first, and where the chain ends: some hundred bytes a ledger date, kept
 * by somebody else.
 */
export async function readAuditRoots(reader: Reader): Promise<{
  readonly roots: AuditRootView[];
  readonly head: { readonly seq: number; readonly hash: string };
}> {
  // The head first: a root that is cut meanwhile is bound by a later one, not by this head.
  const [head] = await rows<{ seq: number; hash: string }>(
    reader,
    `SELECT seq, ${hex('hash')} AS hash FROM audit_head`,
  );
  if (head === undefined) throw new Error('the audit chain has no head');
  return { roots: await rows<AuditRootView>(reader, ROOTS), head };
}
