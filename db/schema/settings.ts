import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * Every value that a setting ever had, by ticket. What a readiness item or a settlement channel is
 * set to stands in its own table, and this is its history; the newest row of `cutoff.time` is the
 * setting itself. Append-only by trigger.
 */
export const settingVersions = pgTable(
  'setting_versions',
  {
    /** As in domain/settings/settings.ts. */
    setting: text('setting').notNull(),
    version: integer('version').notNull(),
    /** Null for a first value that nobody asked for. */
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>().notNull(),
    changedBy: text('changed_by').notNull(),
    approvedBy: text('approved_by')
      .array()
      .notNull()
      .default(sql`'{}'`),
    ticketId: text('ticket_id'),
    changedAt: instant('changed_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'setting_versions_pk', columns: [t.setting, t.version] })],
);
