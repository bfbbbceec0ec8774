import { desc } from 'drizzle-orm';
import type pg from 'pg';
import { dayInZone, type BusinessDate } from '../domain/calendar/business-date.ts';
import { planIntake } from '../domain/front-office/intake.ts';
import type { RawRow, RowError } from '../domain/front-office/row-reader.ts';
import type { FrontOfficeFacts } from '../domain/front-office/rows.ts';
import { earliestTradeDate, LATE_LEDGER_DATES } from '../domain/trades/trade-window.ts';
import { loadClearingCalendar } from './calendars.repository.ts';
import type { Tx } from './client.ts';
import { ACCOUNTS, INSTRUMENTS } from './front-office-master.ts';
import type { FrontOfficeTable, NumberedRow } from './front-office-table.ts';
import { EXECUTIONS, ORDERS } from './front-office-trades.ts';
import { ledgerDates } from './schema/clearing.ts';
import { settlementChannels } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

export type FrontOfficeKind = 'orders' | 'executions' | 'accounts' | 'instruments';

export interface IntakeResult {
  readonly rows: number;
  /** Rows with an id that was unknown. */
  readonly added: number;
  /** Rows that replaced a lower version. */
  readonly replaced: number;
  /** Repetitions of what is stored. */
  readonly unchanged: number;
  /** Rows left out. */
  readonly bad: number;
}

const INTAKE_LOCKS = 7710;
const LOCK_OF: Readonly<Record<FrontOfficeKind, number>> = {
  orders: 1,
  executions: 2,
  accounts: 3,
  instruments: 4,
};

/** Markets, channels and what day it is where; `now` comes from the clock port. */
export async function loadFrontOfficeFacts(tx: Tx, now: Date): Promise<FrontOfficeFacts> {
  const calendar = await loadClearingCalendar(tx);
  const channelRows = await tx.select().from(settlementChannels);
  const oldest = await oldestForNextLedgerDate(tx);
  return {
    markets: new Map(
      calendar.markets.map((market) => [
        market.market,
        {
          currency: market.currency,
          today: dayInZone(now, market.timeZone),
          earliestTradeDate: oldest && earliestTradeDate(market, oldest, calendar.union),
        },
      ]),
    ),
    channels: new Map(
      channelRows.map(({ settlementChannel, market }) => [settlementChannel, market]),
    ),
  };
}

/** The earliest ledger date whose missed trades the one after the open one takes. */
async function oldestForNextLedgerDate(tx: Tx): Promise<BusinessDate | undefined> {
  const newest = await tx
    .select({ ledgerDate: ledgerDates.ledgerDate })
    .from(ledgerDates)
    .orderBy(desc(ledgerDates.ledgerDate))
    .limit(LATE_LEDGER_DATES);
  return newest.at(-1)?.ledgerDate;
}

/**
 * Takes batches of rows in, in their order, inside the caller's transaction. Each batch is written
 * in bulk; its bad rows go to `onErrors` and are left out. Writers of one kind wait for each other,
 * so the version that is compared with is the one that is replaced.
 */
export async function takeIn(
  t: Transaction,
  kind: FrontOfficeKind,
  facts: FrontOfficeFacts,
  batches: AsyncIterable<readonly RawRow[]> | Iterable<readonly RawRow[]>,
  onErrors: (errors: readonly RowError[]) => Promise<void> | void,
): Promise<IntakeResult> {
  await t.client.query('SELECT pg_advisory_xact_lock($1, $2)', [INTAKE_LOCKS, LOCK_OF[kind]]);
  const totals = { rows: 0, added: 0, replaced: 0, unchanged: 0, bad: 0 };
  for await (const batch of batches) {
    const { errors, ...done } = await takeBatch(t.client, kind, facts, batch, totals.rows);
    totals.rows += batch.length;
    totals.added += done.added;
    totals.replaced += done.replaced;
    totals.unchanged += done.unchanged;
    totals.bad += new Set(errors.map((error) => error.row)).size;
    if (errors.length > 0) await onErrors(errors);
  }
  return totals;
}

interface BatchOutcome {
  readonly added: number;
  readonly replaced: number;
  readonly unchanged: number;
  readonly errors: readonly RowError[];
}

function takeBatch(
  client: pg.PoolClient,
  kind: FrontOfficeKind,
  facts: FrontOfficeFacts,
  batch: readonly RawRow[],
  rowsBefore: number,
): Promise<BatchOutcome> {
  switch (kind) {
    case 'orders':
      return takeRows(client, ORDERS, facts, batch, rowsBefore);
    case 'executions':
      return takeRows(client, EXECUTIONS, facts, batch, rowsBefore);
    case 'accounts':
      return takeRows(client, ACCOUNTS, facts, batch, rowsBefore);
    case 'instruments':
      return takeRows(client, INSTRUMENTS, facts, batch, rowsBefore);
  }
}

async function takeRows<
  Row extends { readonly version: number; readonly recordedAt: string | null },
  Stored extends Row,
>(
  client: pg.PoolClient,
  table: FrontOfficeTable<Row, Stored>,
  facts: FrontOfficeFacts,
  batch: readonly RawRow[],
  rowsBefore: number,
): Promise<BatchOutcome> {
  const errors: RowError[] = [];
  const read: NumberedRow<Row>[] = [];
  batch.forEach((raw, index) => {
    const rowNo = rowsBefore + index + 1;
    const outcome = table.read(raw, rowNo, facts);
    if (outcome.ok) read.push({ rowNo, row: outcome.row });
    else errors.push(...outcome.errors);
  });
  const resolved = await table.resolve(client, read, facts);
  errors.push(...resolved.errors);
  const incoming = resolved.rows.map(({ rowNo, row }) => ({
    rowNo,
    id: table.idOf(row),
    version: row.version,
    recordedAt: row.recordedAt ?? table.ownTimeOf(row),
    isRecordedBySender: row.recordedAt !== null,
    content: table.contentOf(row),
    row,
  }));
  const ids = [...new Set(incoming.map(({ id }) => id))];
  const plan = planIntake(incoming, await table.stored(client, ids));
  if (plan.inserts.length > 0) await table.store(client, plan.inserts);
  await table.supersede(client, plan.supersessions);
  errors.push(...plan.errors);
  errors.sort((a, b) => a.row - b.row);
  const { added, replaced, unchanged } = plan;
  return { added, replaced, unchanged, errors };
}

/** Keeps the errors of an import, so that a screen can list them later. */
export async function storeImportErrors(
  t: Transaction,
  importId: string,
  errors: readonly RowError[],
): Promise<void> {
  await t.client.query(
    `INSERT INTO import_errors (import_id, row_no, field, code, value, message)
     SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[])`,
    [
      importId,
      errors.map((error) => error.row),
      errors.map((error) => error.field),
      errors.map((error) => error.code),
      errors.map((error) => error.value),
      errors.map((error) => error.message),
    ],
  );
}
