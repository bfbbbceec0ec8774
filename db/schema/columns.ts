import { sql } from 'drizzle-orm';
import { bigint, customType, date, numeric, text, timestamp } from 'drizzle-orm/pg-core';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';

/** A calendar day; read and written as text, so no driver can shift it by a time zone. */
export const day = (name: string) => date(name, { mode: 'string' }).$type<BusinessDate>();

/** An instant, ISO text in UTC. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/** An exact decimal of any scale: amounts, quantities, prices. */
export const decimal = (name: string) => numeric(name).$type<DecimalString>();

/** 64-bit ids, as JS numbers: every id handed out here stays far below 2^53. */
export const id64 = (name: string) => bigint(name, { mode: 'number' });

export const word = <T extends string>(name: string) => text(name).$type<T>();

/** By whom, through which ticket, and when. */
export const origin = {
  addedBy: text('added_by').notNull(),
  approvedBy: text('approved_by')
    .array()
    .notNull()
    .default(sql`'{}'`),
  ticketId: text('ticket_id'),
  addedAt: instant('added_at').notNull().defaultNow(),
};

/** Bytes as they are: hashes, histories, compressed code. */
export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
