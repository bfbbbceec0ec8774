import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/*
 * Who may do what. A token proves an account; the account belongs to a person; the person holds
 * roles; a role bundles permission codes. Roles and codes are data, seeded from
 * domain/permissions; who holds a role changes by ticket only.
 */
export const people = pgTable('people', {
  personId: text('person_id').primaryKey(),
  name: text('name').notNull(),
  active: boolean('active').notNull(),
  /** Counts changes of the person's roles: what a ticket about them was asked for. */
  version: integer('version').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

/** One person may sign in by several accounts; maker and checker are compared as persons. */
export const signInAccounts = pgTable('sign_in_accounts', {
  /** The `sub` of the token. */
  account: text('account').primaryKey(),
  personId: text('person_id')
    .notNull()
    .references(() => people.personId),
});

export const permissions = pgTable('permissions', {
  code: text('code').primaryKey(),
  description: text('description').notNull(),
});

export const roles = pgTable('roles', {
  role: text('role').primaryKey(),
  description: text('description').notNull(),
});

export const rolePermissions = pgTable(
  'role_permissions',
  {
    role: text('role')
      .notNull()
      .references(() => roles.role),
    code: text('code')
      .notNull()
      .references(() => permissions.code),
  },
  (t) => [primaryKey({ name: 'role_permissions_pk', columns: [t.role, t.code] })],
);

export const personRoles = pgTable(
  'person_roles',
  {
    personId: text('person_id')
      .notNull()
      .references(() => people.personId),
    role: text('role')
      .notNull()
      .references(() => roles.role),
  },
  (t) => [primaryKey({ name: 'person_roles_pk', columns: [t.personId, t.role] })],
);
