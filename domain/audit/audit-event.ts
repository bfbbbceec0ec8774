import type { BusinessDate } from '../calendar/business-date.ts';

/** ACCEPTED: it was written or shown. REFUSED: a guard said no. FAILED: it broke on the way. */
export type AuditOutcome = 'ACCEPTED' | 'REFUSED' | 'FAILED';

/** What an auditor reads about one thing that happened; `before` and `after` are of its target. */
export interface AuditEvent {
  readonly person: string;
  readonly account?: string | undefined;
  /** `area.verb`, such as command.applied, ticket.approve, settings.change, sign_in.token. */
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly code?: string | undefined;
  readonly permission?: string | undefined;
  readonly targetType: string;
  readonly targetId: string;
  readonly ledgerDate?: BusinessDate | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly ticketId?: string | undefined;
  readonly commandId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly runId?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Whoever acts when no person asked: timers, sweeps, the reconciler. */
export const SYSTEM_PERSON = 'system';
