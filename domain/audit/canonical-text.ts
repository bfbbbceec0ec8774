/*
 * What is hashed is text that a person can read: a JSON array of the fields in a fixed order, with
 * a comma and a space between two of them, exactly as PostgreSQL writes a jsonb array. So the
 * database (audit_event_text in migration 0007) and a script without a database agree on it.
 */

/** A stored event, each value as text of the database; `before` and `after` as text of jsonb. */
export interface StoredEvent {
  readonly eventId: number;
  /** UTC with six decimals: 2025-12-22T09:30:00.000000Z. */
  readonly at: string;
  readonly ledgerDate: string | null;
  /** The table whose row `after` is a copy of. */
  readonly covers: string | null;
  readonly person: string;
  readonly account: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly permission: string | null;
  readonly targetType: string;
  readonly targetId: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly ticketId: string | null;
  readonly commandId: string | null;
  readonly workflowId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
}

/** Escapes as PostgreSQL does: quotes, backslashes and control characters, nothing else. */
const value = (field: string | number | null): string => JSON.stringify(field);

export const canonicalText = (fields: readonly (string | number | null)[]): string =>
  `[${fields.map(value).join(', ')}]`;

/** The text whose SHA-256 is the content hash of an event. */
export function eventText(event: StoredEvent): string {
  const parts = [
    value(event.eventId),
    value(event.at),
    value(event.ledgerDate),
    value(event.covers),
    value(event.person),
    value(event.account),
    value(event.action),
    value(event.outcome),
    value(event.code),
    value(event.permission),
    value(event.targetType),
    value(event.targetId),
    event.before ?? 'null',
    event.after ?? 'null',
    value(event.ticketId),
    value(event.commandId),
    value(event.workflowId),
    value(event.runId),
    value(event.requestId),
  ];
  return `[${parts.join(', ')}]`;
}
