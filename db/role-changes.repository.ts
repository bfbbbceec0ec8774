import { and, eq, ne } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Role } from '../domain/permissions/permissions.ts';
import type { Tx } from './client.ts';
import type { LockedPerson } from './people.repository.ts';
import { people, personRoles, roles } from './schema/people.ts';
import type { Transaction } from './transaction.ts';

const ROLE_CHANGES_LOCK = 7715;
const ADMIN = 'admin' satisfies Role;

/**
 * Nobody else takes a role, or lets a person go, until this transaction ends: of the last two
 * administrators, each could otherwise be the one who stays. Taken before any person is locked.
 */
export async function lockRoleChanges({ client }: Transaction): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [ROLE_CHANGES_LOCK]);
}

/** Throws UNKNOWN_ROLE. */
export async function assertRolesKnown(tx: Tx, wanted: readonly string[]): Promise<void> {
  const known = (await tx.select({ role: roles.role }).from(roles)).map(({ role }) => role);
  const unknown = wanted.filter((role) => !known.includes(role));
  if (unknown.length > 0) throw new ClearingError('UNKNOWN_ROLE', { roles: unknown });
}

/** Whether the person is administrator and nobody else is who is still here. */
export async function isOnlyAdmin(
  tx: Tx,
  { personId, active, roles: held }: LockedPerson,
): Promise<boolean> {
  if (!active || !held.includes(ADMIN)) return false;
  const others = await tx
    .select({ personId: people.personId })
    .from(personRoles)
    .innerJoin(people, eq(people.personId, personRoles.personId))
    .where(and(eq(personRoles.role, ADMIN), eq(people.active, true), ne(people.personId, personId)))
    .limit(1);
  return others.length === 0;
}
