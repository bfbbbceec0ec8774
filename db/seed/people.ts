import { and, eq, inArray, notInArray } from 'drizzle-orm';
import { DEMO_ACCOUNTS, DEMO_PEOPLE } from '../../domain/permissions/demo-people.ts';
import { PERMISSIONS, ROLES } from '../../domain/permissions/permissions.ts';
import type { Db } from '../client.ts';
import { holderOfAccount, insertPerson, isRoleHeld, replaceRoles } from '../people.repository.ts';
import { people, permissions, rolePermissions, roles } from '../schema/people.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

const PEOPLE_SEED_LOCK = 7705;
const ADMIN = 'admin';

export interface PeopleSettings {
  /** The demo people of an embedded installation. */
  readonly demo: boolean;
  /** The sign-in account of the first administrator of an installation that has none. */
  readonly firstAdmin?: string | undefined;
}

/**
 * Brings the permission codes and the roles of this release into the database, and the people that
 * an installation begins with. Safe to run at every start and by several processes at once: people
 * who are there keep the roles that they have, and a broker's own roles are left alone.
 */
export async function seedPeople(db: Db, { demo, firstAdmin }: PeopleSettings): Promise<void> {
  await inTransaction(db, async (t) => {
    await t.client.query('SELECT pg_advisory_xact_lock($1)', [PEOPLE_SEED_LOCK]);
    await seedCodes(t);
    for (const [role, { description, permissions: codes }] of Object.entries(ROLES)) {
      await seedRole(t, role, description, codes);
    }
    if (demo) await seedDemoPeople(t);
    if (firstAdmin !== undefined) await seedFirstAdmin(t, firstAdmin);
  });
}

async function seedCodes({ tx }: Transaction): Promise<void> {
  for (const [code, description] of Object.entries(PERMISSIONS)) {
    await tx
      .insert(permissions)
      .values({ code, description })
      .onConflictDoUpdate({ target: permissions.code, set: { description } });
  }
}

/** The bundles of our own roles belong to the release: they are made equal to it. */
async function seedRole(
  { tx }: Transaction,
  role: string,
  description: string,
  codes: readonly string[],
): Promise<void> {
  await tx
    .insert(roles)
    .values({ role, description })
    .onConflictDoUpdate({ target: roles.role, set: { description } });
  await tx
    .delete(rolePermissions)
    .where(and(eq(rolePermissions.role, role), notInArray(rolePermissions.code, [...codes])));
  await tx
    .insert(rolePermissions)
    .values(codes.map((code) => ({ role, code })))
    .onConflictDoNothing();
}

async function seedDemoPeople({ tx }: Transaction): Promise<void> {
  const ids = Object.keys(DEMO_PEOPLE);
  const known = await tx
    .select({ personId: people.personId })
    .from(people)
    .where(inArray(people.personId, ids));
  for (const [personId, held] of Object.entries(DEMO_PEOPLE)) {
    if (known.some((row) => row.personId === personId)) continue;
    const accounts = Object.entries(DEMO_ACCOUNTS)
      .filter(([, owner]) => owner === personId)
      .map(([account]) => account);
    await insertPerson(tx, { personId, name: personId, accounts });
    await replaceRoles(tx, personId, held);
  }
}

/**
 * Once somebody is administrator, the setting has no effect any more: it must not be a way back in.
 */
async function seedFirstAdmin({ tx }: Transaction, account: string): Promise<void> {
  if (await isRoleHeld(tx, ADMIN)) return;
  const known = await holderOfAccount(tx, account);
  if (!known) await insertPerson(tx, { personId: account, name: account, accounts: [account] });
  await replaceRoles(tx, known?.personId ?? account, [...(known?.roles ?? []), ADMIN]);
}
