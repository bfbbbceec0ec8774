import type { AuditEvent } from '../domain/audit/audit-event.ts';
import type { Tx } from './client.ts';
import { auditEvents } from './schema/audit.ts';

/**
 * Writes an event in the transaction of what it records; when that commits, the database appends
 * the event to the chain. Commands, tickets, their decisions, approval flows and daily roots need
 * no call: triggers record each change of their rows (migration 0007).
 */
export async function recordAuditEvent(tx: Tx, event: AuditEvent): Promise<void> {
  await tx.insert(auditEvents).values({ ...event });
}
