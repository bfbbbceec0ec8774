import { and, eq } from 'drizzle-orm';
import { dayInZone, type BusinessDate } from '../domain/calendar/business-date.ts';
import { tradeDateOf } from '../domain/calendar/ledger-date.ts';
import { isBusy, statusOf, type FlowRef } from '../domain/clearing/flow-state.ts';
import { isDone } from '../domain/clearing/steps.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { columnOfField } from '../domain/front-office/csv-columns.ts';
import type { RawRow, RowError } from '../domain/front-office/row-reader.ts';
import { SHOWN_ERRORS } from '../domain/front-office/row-refusal.ts';
import { readTradeFileRow, type TradeFileRow } from '../domain/matching/trade-file-row.ts';
import { loadClearingCalendar, type ClearingMarket } from './calendars.repository.ts';
import { changeFlow, invalidateSteps, lockFlow } from './flows.repository.ts';
import { storeImportErrors } from './front-office.repository.ts';
import { lockLedgerDate, openLedgerDateRow } from './ledger-dates.repository.ts';
import { tradeFiles } from './schema/checks.ts';
import { settlementChannels } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

export interface TradeFileImport {
  readonly market: string;
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  readonly name: string;
  readonly sha256: string;
  readonly requestId: string;
  readonly person: string;
  /** By the clock port. */
  readonly now: Date;
}

export interface ImportedTradeFile {
  readonly fileId: number;
  readonly rowCount: number;
  readonly badRowCount: number;
  /** True when the current file has this very content already: nothing was written. */
  readonly unchanged: boolean;
  /** The file that this one took the place of. */
  readonly replacedFileId: number | null;
  /** True when a pre-check of the open ledger date has to be repeated because of it. */
  readonly preCheckInvalidated: boolean;
}

const CHANNEL_LOCKS = 7712;
const NEVER_INVALIDATED = ['NOT_STARTED', 'INVALIDATED', 'RUNNING'];

/** Where the errors of a file are listed. */
export const tradeFileErrorsId = (fileId: number): string => `trade-file:${fileId}`;

/**
 * Imports a counterparty file inside the caller's transaction. It takes the place of the current
 * one of the same market, channel and trade date, and a pre-check that compares this trade date has
 * to be repeated. The flow is locked only at the end, so that a long file does not hold its
 * commands up. Throws UNKNOWN_MARKET, UNKNOWN_SETTLEMENT_CHANNEL, FUTURE_TRADE_DATE, FILE_MALFORMED
 * (from the batches), ROWS_REFUSED when no row is good, and STEP_IN_PROGRESS.
 */
export async function importTradeFile(
  t: Transaction,
  file: TradeFileImport,
  batches: AsyncIterable<readonly RawRow[]>,
): Promise<ImportedTradeFile> {
  const { market, matchMode } = await checkTarget(t, file);
  await t.client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
    CHANNEL_LOCKS,
    `${file.market}/${file.settlementChannel}/${file.tradeDate}`,
  ]);
  const current = await currentFile(t, file);
  if (current?.sha256 === file.sha256) {
    const { fileId, rowCount, badRowCount } = current;
    const nothing = { replacedFileId: null, preCheckInvalidated: false };
    return { fileId, rowCount, badRowCount, unchanged: true, ...nothing };
  }
  const stored = await storeFile(t, file, matchMode, batches);
  const preCheckInvalidated = await invalidatePreCheck(t, market, file);
  if (current) await setStatus(t, current.fileId, 'REPLACED');
  await setStatus(t, stored.fileId, 'CURRENT');
  return {
    ...stored,
    unchanged: false,
    replacedFileId: current?.fileId ?? null,
    preCheckInvalidated,
  };
}

interface Target {
  readonly market: ClearingMarket;
  readonly matchMode: string;
}

async function checkTarget(t: Transaction, file: TradeFileImport): Promise<Target> {
  const calendar = await loadClearingCalendar(t.tx);
  const market = calendar.markets.find((each) => each.market === file.market);
  if (!market) throw new ClearingError('UNKNOWN_MARKET', { market: file.market });
  const [channel] = await t.tx
    .select()
    .from(settlementChannels)
    .where(eq(settlementChannels.settlementChannel, file.settlementChannel));
  if (channel?.market !== file.market) {
    throw new ClearingError('UNKNOWN_SETTLEMENT_CHANNEL', {
      market: file.market,
      settlementChannel: file.settlementChannel,
    });
  }
  const today = dayInZone(file.now, market.timeZone);
  if (file.tradeDate > today) {
    throw new ClearingError('FUTURE_TRADE_DATE', { tradeDate: file.tradeDate, today });
  }
  return { market, matchMode: channel.matchMode };
}

async function currentFile(t: Transaction, file: TradeFileImport) {
  const [row] = await t.tx
    .select()
    .from(tradeFiles)
    .where(
      and(
        eq(tradeFiles.market, file.market),
        eq(tradeFiles.settlementChannel, file.settlementChannel),
        eq(tradeFiles.tradeDate, file.tradeDate),
        eq(tradeFiles.status, 'CURRENT'),
      ),
    );
  return row;
}

async function setStatus(
  t: Transaction,
  fileId: number,
  status: 'CURRENT' | 'REPLACED',
): Promise<void> {
  await t.tx.update(tradeFiles).set({ status }).where(eq(tradeFiles.fileId, fileId));
}

interface StoredFile {
  readonly fileId: number;
  readonly rowCount: number;
  readonly badRowCount: number;
}

/**
 * Writes the file and its good rows; it becomes the current one later. A file without a good row is
 * no file of this channel, and must not take the place of one: it is refused. One without any row
 * says that nothing was traded.
 */
async function storeFile(
  t: Transaction,
  file: TradeFileImport,
  matchMode: string,
  batches: AsyncIterable<readonly RawRow[]>,
): Promise<StoredFile> {
  const { market, settlementChannel, tradeDate, name, sha256, requestId, person } = file;
  const [inserted] = await t.tx
    .insert(tradeFiles)
    .values({
      market,
      settlementChannel,
      tradeDate,
      name,
      sha256,
      requestId,
      importedBy: person,
      status: 'REPLACED',
      rowCount: 0,
      badRowCount: 0,
      importedAt: file.now.toISOString(),
    })
    .returning({ fileId: tradeFiles.fileId });
  if (!inserted) throw new ClearingError('INTERNAL', { name });
  const { fileId } = inserted;
  let rowCount = 0;
  let badRowCount = 0;
  const shown: RowError[] = [];
  for await (const batch of batches) {
    const errors: RowError[] = [];
    const good: (TradeFileRow & { readonly rowNo: number })[] = [];
    batch.forEach((raw, index) => {
      const rowNo = rowCount + badRowCount + index + 1;
      const outcome = readTradeFileRow(raw, rowNo, { market, matchMode });
      if (outcome.ok) good.push({ rowNo, ...outcome.row });
      else errors.push(...outcome.errors);
    });
    rowCount += good.length;
    badRowCount += batch.length - good.length;
    if (good.length > 0) await storeRows(t, fileId, good);
    if (errors.length > 0) await storeImportErrors(t, tradeFileErrorsId(fileId), errors);
    shown.push(...errors.slice(0, SHOWN_ERRORS - shown.length));
  }
  if (rowCount === 0 && badRowCount > 0) {
    const errors = shown.map((error) => ({ ...error, field: columnOfField(error.field) }));
    throw new ClearingError('ROWS_REFUSED', { rows: badRowCount, errors });
  }
  await t.tx.update(tradeFiles).set({ rowCount, badRowCount }).where(eq(tradeFiles.fileId, fileId));
  return { fileId, rowCount, badRowCount };
}

async function storeRows(
  t: Transaction,
  fileId: number,
  rows: readonly (TradeFileRow & { readonly rowNo: number })[],
): Promise<void> {
  await t.client.query(
    `INSERT INTO trade_file_rows (file_id, row_no, serial, order_id, settlement_account,
       instrument_id, currency, side, quantity, price, amount)
     SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::text[], $8::text[], $9::numeric[], $10::numeric[], $11::numeric[])`,
    [
      fileId,
      rows.map((row) => row.rowNo),
      rows.map((row) => row.serial),
      rows.map((row) => row.orderId),
      rows.map((row) => row.settlementAccount),
      rows.map((row) => row.instrumentId),
      rows.map((row) => row.currency),
      rows.map((row) => row.side),
      rows.map((row) => row.quantity),
      rows.map((row) => row.price),
      rows.map((row) => row.amount),
    ],
  );
}

/**
 * Marks a pre-check that has ended INVALIDATED while billing has not been done on its strength. A
 * file of a trade date that the open ledger date does not compare concerns nobody.
 */
async function invalidatePreCheck(
  t: Transaction,
  market: ClearingMarket,
  file: TradeFileImport,
): Promise<boolean> {
  const open = await openLedgerDateRow(t.tx);
  if (!open) return false;
  const locked = await lockLedgerDate(t.tx, open.ledgerDate, 'share');
  // Cut meanwhile: its pre-check is history, and the next date has not looked at any file yet.
  if (locked.status !== 'OPEN') return false;
  const ref = { ledgerDate: open.ledgerDate, flow: market.flow };
  const flow = await lockFlow(t.tx, ref);
  if (isDone(statusOf(flow, 'billing')) || !(await isCompared(t, market, ref, file))) return false;
  if (isBusy(flow.mode)) {
    throw new ClearingError('STEP_IN_PROGRESS', { ...ref, mode: flow.mode, hint: 'pause first' });
  }
  if (NEVER_INVALIDATED.includes(statusOf(flow, 'preCheck'))) return false;
  await invalidateSteps(t.tx, ref, ['preCheck']);
  await changeFlow(t.tx, ref, {});
  return true;
}

/**
 * The pre-check compares the market's own trade date, and those of late trades and supplements in
 * the snapshot. Without a snapshot only the former is sure; a pre-check opens after the sync and
 * under the lock that is held here, so it sees this file.
 */
async function isCompared(
  t: Transaction,
  market: ClearingMarket,
  { ledgerDate, flow }: FlowRef,
  { settlementChannel, tradeDate }: TradeFileImport,
): Promise<boolean> {
  const { union } = await loadClearingCalendar(t.tx);
  if (tradeDate === tradeDateOf(market, ledgerDate, union)) return true;
  const { rowCount } = await t.client.query(
    `SELECT 1 FROM live_orders WHERE ledger_date = $1 AND flow = $2 AND settlement_channel = $3
       AND trade_date = $4 LIMIT 1`,
    [ledgerDate, flow, settlementChannel, tradeDate],
  );
  return rowCount === 1;
}
