import { sql } from 'drizzle-orm';
import type { AuditEvent } from '../domain/audit/audit-event.ts';
import type { Tx } from './client.ts';
import { auditEvents } from './schema/audit.ts';

/**
 * Writes an event in the transaction of what it records; when that commits, the database appends
 * the event to the chain. Commands, tickets, decisions, daily roots, versioned configuration,
 * people and roles need no call: triggers record each change of their rows.
 */
export async function recordAuditEvent(tx: Tx, event: AuditEvent): Promise<void> {
  await tx.insert(auditEvents).values({ ...event });
}

/** Who asked for what the transaction writes, by which account, permission and request. */
export interface Origin {
  readonly person: string;
  readonly account: string;
  readonly permission: string | undefined;
  readonly requestId: string;
}

/** What triggers record until the end of this transaction names its origin. */
export async function noteOrigin(tx: Tx, origin: Origin): Promise<void> {
  const { person, account, permission, requestId } = origin;
  await tx.execute(sql`SELECT set_config('daycut.person', ${person}, true),
    set_config('daycut.account', ${account}, true),
    set_config('daycut.permission', ${permission ?? ''}, true),
    set_config('daycut.request_id', ${requestId}, true)`);
}

export interface SignIn {
  readonly person: string;
  readonly account: string;
  readonly requestId: string;
  /** SHA-256 of the token: tells tokens apart and gives none away. */
  readonly tokenHash: string;
}

/** Writes the first use of a token. Safe to repeat, also by several servers: later ones are none. */
export async function recordSignIn(tx: Tx, signIn: SignIn): Promise<void> {
  const { tokenHash, ...who } = signIn;
  const values = { action: 'sign_in.token', outcome: 'ACCEPTED', targetType: 'token' } as const;
  await tx
    .insert(auditEvents)
    .values({ ...who, ...values, targetId: tokenHash })
    .onConflictDoNothing({ target: auditEvents.targetId, where: sql`action = 'sign_in.token'` });
}
