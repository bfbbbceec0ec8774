import { and, eq, inArray, sql } from 'drizzle-orm';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import type { Tx } from './client.ts';
import { people, personRoles, roles, signInAccounts } from './schema/people.ts';

/** A person with what they hold now; both sets are empty for somebody who has left. */
export interface Holder {
  readonly personId: string;
  readonly name: string;
  readonly active: boolean;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

const HELD = sql`
  SELECT p.person_id AS "personId", p.name, p.active,
    coalesce(array_agg(DISTINCT r.role) FILTER (WHERE r.role IS NOT NULL), '{}') AS roles,
    coalesce(array_agg(DISTINCT c.code) FILTER (WHERE c.code IS NOT NULL), '{}') AS codes
  FROM people p
  LEFT JOIN person_roles r ON r.person_id = p.person_id AND p.active
  LEFT JOIN role_permissions c ON c.role = r.role`;

interface HeldRow extends Record<string, unknown> {
  readonly personId: string;
  readonly name: string;
  readonly active: boolean;
  readonly roles: readonly string[];
  readonly codes: readonly string[];
}

const holderOf = ({ codes, ...row }: HeldRow): Holder => ({ ...row, permissions: new Set(codes) });

/** Who signs in by an account; undefined for an account that nobody registered. */
export async function holderOfAccount(tx: Tx, account: string): Promise<Holder | undefined> {
  const { rows } = await tx.execute<HeldRow>(sql`${HELD}
    JOIN sign_in_accounts a ON a.person_id = p.person_id
    WHERE a.account = ${account} GROUP BY p.person_id`);
  return rows.map(holderOf)[0];
}

/** Everybody who holds a role, or these persons only. */
export async function holders(tx: Tx, personIds?: readonly string[]): Promise<Holder[]> {
  const which = personIds
    ? sql`p.person_id = ANY(ARRAY[${sql.join(
        [...personIds, ''].map((id) => sql`${id}`),
        sql`, `,
      )}])`
    : sql`EXISTS (SELECT 1 FROM person_roles h WHERE h.person_id = p.person_id)`;
  const { rows } = await tx.execute<HeldRow>(sql`${HELD} WHERE ${which} GROUP BY p.person_id`);
  return rows.map(holderOf);
}

/** Whose accounts these are, and what each holds now. An account that nobody has is not in it. */
export async function holdersOfAccounts(
  tx: Tx,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const owners = await tx
    .select()
    .from(signInAccounts)
    .where(inArray(signInAccounts.account, [...accounts]));
  const found = await holders(
    tx,
    owners.map(({ personId }) => personId),
  );
  const byPerson = new Map(found.map((holder) => [holder.personId, holder]));
  return new Map(
    owners.flatMap(({ account, personId }) => {
      const holder = byPerson.get(personId);
      return holder ? [[account, holder] as const] : [];
    }),
  );
}

export interface NewPerson {
  readonly personId: string;
  readonly name: string;
  readonly accounts: readonly string[];
}

/**
 * Registers a person without any role. Throws PERSON_KNOWN for an id that somebody has, and
 * ACCOUNT_TAKEN for an account by which somebody signs in.
 */
export async function insertPerson(tx: Tx, { personId, name, accounts }: NewPerson): Promise<void> {
  const written = await tx
    .insert(people)
    .values({ personId, name, active: true, version: 1 })
    .onConflictDoNothing()
    .returning({ personId: people.personId });
  if (written.length === 0) throw new ClearingError('PERSON_KNOWN', { personId });
  for (const account of accounts) {
    const taken = await tx
      .insert(signInAccounts)
      .values({ account, personId })
      .onConflictDoNothing()
      .returning({ account: signInAccounts.account });
    if (taken.length === 0) throw new ClearingError('ACCOUNT_TAKEN', { account });
  }
}

export interface LockedPerson {
  readonly personId: string;
  readonly active: boolean;
  /** Counts changes of the person's roles. */
  readonly version: number;
  readonly roles: readonly string[];
}

/** Nobody else changes the person until this transaction ends. Throws NOT_FOUND. */
export async function lockPerson(tx: Tx, personId: string): Promise<LockedPerson> {
  const [row] = await tx.select().from(people).where(eq(people.personId, personId)).for('update');
  if (!row) throw new ClearingError('NOT_FOUND', { personId });
  const held = await tx
    .select({ role: personRoles.role })
    .from(personRoles)
    .where(eq(personRoles.personId, personId))
    .orderBy(personRoles.role);
  return {
    personId,
    active: row.active,
    version: row.version,
    roles: held.map(({ role }) => role),
  };
}

/**
 * Gives a person exactly these roles and counts the change; it holds from the next request of the
 * person on. Throws UNKNOWN_ROLE. The caller has locked the person.
 */
export async function replaceRoles(
  tx: Tx,
  personId: string,
  held: readonly string[],
): Promise<void> {
  const wanted = [...new Set(held)];
  const known = new Set((await tx.select({ role: roles.role }).from(roles)).map((r) => r.role));
  const unknown = wanted.filter((role) => !known.has(role));
  if (unknown.length > 0) throw new ClearingError('UNKNOWN_ROLE', { roles: unknown });
  await tx.delete(personRoles).where(eq(personRoles.personId, personId));
  if (wanted.length > 0) {
    await tx.insert(personRoles).values(wanted.map((role) => ({ personId, role })));
  }
  await tx
    .update(people)
    .set({ version: sql`${people.version} + 1` })
    .where(eq(people.personId, personId));
}

/**
 * Says that a person has left, or is back. Whoever leaves loses every role, so that coming back
 * gives none: roles are given by a second person's consent only. The caller has locked the person.
 */
export async function setActive(tx: Tx, personId: string, active: boolean): Promise<void> {
  if (!active) await replaceRoles(tx, personId, []);
  await tx.update(people).set({ active }).where(eq(people.personId, personId));
}

/** Whether a living person holds the role. */
export async function isRoleHeld(tx: Tx, role: string): Promise<boolean> {
  const held = await tx
    .select({ personId: people.personId })
    .from(personRoles)
    .innerJoin(people, eq(people.personId, personRoles.personId))
    .where(and(eq(personRoles.role, role), eq(people.active, true)))
    .limit(1);
  return held.length > 0;
}
