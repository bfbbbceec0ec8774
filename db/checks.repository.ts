import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import { ledgerDateOf, tradeDateOf } from '../domain/calendar/ledger-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import { columnOfField } from '../domain/front-office/csv-columns.ts';
import type { ChannelOutcome, KeptDifference } from '../domain/matching/channel-match.ts';
import type { MatchMode, MatchRule } from '../domain/matching/match-pair.ts';
import { countingRuns, postedSyncRuns } from './bulk/run-history.ts';
import { loadClearingCalendar, marketsOfFlow } from './calendars.repository.ts';
import type { ChannelScope, CheckPair } from './check-pairs.ts';
import type { Tx } from './client.ts';
import type { tradeDifferences } from './schema/checks.ts';
import { checkSummaries, tradeFiles } from './schema/checks.ts';
import { ledgerDates } from './schema/clearing.ts';
import { settlementChannels } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

/** The one check task of this release that is real: our trades against the counterparty's. */
export const TRADE_CHECK = 'opposite_trade_details';
/** 清算前检查. */
const BEFORE_CLEARING = 1;

/** What a check of one channel reads and by which rule; frozen in the inputs of its run. */
export interface ChannelCheck extends ChannelScope, MatchRule {
  readonly matchMode: MatchMode;
  readonly orders: number;
  readonly fileRows: number;
  /** Trade dates with trades of ours but without a file. */
  readonly missingFiles: readonly BusinessDate[];
}

export type CheckSummary = typeof checkSummaries.$inferSelect;

interface ChannelDay {
  readonly settlementChannel: string;
  readonly tradeDate: BusinessDate;
  readonly orders: number;
}

async function ordersByChannel(
  t: Transaction,
  ref: FlowRef,
  runIds: readonly number[],
): Promise<ChannelDay[]> {
  if (runIds.length === 0) return [];
  const { rows } = await t.client.query<ChannelDay>(
    `SELECT settlement_channel AS "settlementChannel", trade_date AS "tradeDate",
            count(*) AS orders
     FROM orders WHERE ledger_date = $1 AND sync_run_id = ANY($2::bigint[]) GROUP BY 1, 2`,
    [ref.ledgerDate, runIds],
  );
  return rows;
}

/** Snapshots of earlier ledger dates that may hold trades of these days, all of them posted. */
async function earlierSyncRuns(
  t: Transaction,
  ref: FlowRef,
  bookedFrom: BusinessDate,
): Promise<number[]> {
  const earlier = await t.tx
    .select({ ledgerDate: ledgerDates.ledgerDate })
    .from(ledgerDates)
    .where(
      sql`${ledgerDates.ledgerDate} >= ${bookedFrom} AND ${ledgerDates.ledgerDate} < ${ref.ledgerDate}`,
    );
  const found: number[] = [];
  for (const { ledgerDate } of earlier) {
    found.push(...(await postedSyncRuns(t.client, { ledgerDate, flow: ref.flow })));
  }
  return found;
}

/**
 * What the trade check of a flow has to compare: for each reconciled channel the trade dates of its
 * trades and the market's own trade date, and every file that is current for them. A file holds the
 * trades of a trade date, whichever ledger date booked them; so posted ones of that trade date are
 * on our side as well. Of this ledger date every snapshot that counts is, as for billing: after a
 * revoke that kept postings there are several, also once a later one undid them. Channels where
 * both sides are empty are left out.
 */
export async function loadChannelChecks(t: Transaction, ref: FlowRef): Promise<ChannelCheck[]> {
  const counting = (await countingRuns(t.client, ref, 'sync')).map((run) => run.stepRunId);
  const posted = await postedSyncRuns(t.client, ref);
  const runIds = [...new Set([...counting, ...posted])];
  const days = await ordersByChannel(t, ref, runIds);
  const calendar = await loadClearingCalendar(t.tx);
  const checks: ChannelCheck[] = [];
  for (const market of marketsOfFlow(calendar, ref.flow)) {
    const channels = await t.tx
      .select()
      .from(settlementChannels)
      .where(
        and(eq(settlementChannels.market, market.market), ne(settlementChannels.matchMode, 'none')),
      )
      .orderBy(asc(settlementChannels.settlementChannel));
    const ownDate = tradeDateOf(market, ref.ledgerDate, calendar.union);
    for (const { settlementChannel, matchMode, tolerance, fuzzyByInstrument } of channels) {
      if (matchMode === 'none') continue;
      const ours = days.filter((day) => day.settlementChannel === settlementChannel);
      const tradeDates = [
        ...new Set([...ours.map((day) => day.tradeDate), ...(ownDate ? [ownDate] : [])]),
      ].sort();
      const files = await currentFiles(t.tx, market.market, settlementChannel, tradeDates);
      const fileRows = files.reduce((sum, file) => sum + file.rowCount, 0);
      const [first] = tradeDates;
      if (first === undefined || (ours.length === 0 && fileRows === 0)) continue;
      const bookedFrom = ledgerDateOf(market, first, calendar.union);
      checks.push({
        settlementChannel,
        market: market.market,
        matchMode,
        tolerance,
        fuzzyByInstrument,
        tradeDates,
        bookedFrom,
        bookedTo: ref.ledgerDate,
        syncRunIds: [...runIds, ...(await earlierSyncRuns(t, ref, bookedFrom))],
        fileIds: files.map((file) => file.fileId),
        orders: ours.reduce((sum, day) => sum + day.orders, 0),
        fileRows,
        missingFiles: tradeDates.filter(
          (date) =>
            ours.some((day) => day.tradeDate === date) &&
            !files.some((file) => file.tradeDate === date),
        ),
      });
    }
  }
  return checks;
}

async function currentFiles(
  tx: Tx,
  market: string,
  settlementChannel: string,
  dates: readonly BusinessDate[],
) {
  if (dates.length === 0) return [];
  return tx
    .select({
      fileId: tradeFiles.fileId,
      tradeDate: tradeFiles.tradeDate,
      rowCount: tradeFiles.rowCount,
    })
    .from(tradeFiles)
    .where(
      and(
        eq(tradeFiles.market, market),
        eq(tradeFiles.settlementChannel, settlementChannel),
        eq(tradeFiles.status, 'CURRENT'),
        inArray(tradeFiles.tradeDate, [...dates]),
      ),
    )
    .orderBy(asc(tradeFiles.tradeDate));
}

/** Writes what the check of one channel found: its summary, and a row for each difference. */
export async function storeChannelOutcome(
  t: Transaction,
  run: FlowRef & { readonly stepRunId: number },
  found: {
    readonly check: ChannelCheck;
    readonly outcome: ChannelOutcome<CheckPair>;
    readonly differencesHash: string;
  },
): Promise<void> {
  const { check, outcome, differencesHash } = found;
  const { kept, passed, unmatched, ...counts } = outcome;
  const [summary] = await t.tx
    .insert(checkSummaries)
    .values({
      stepRunId: run.stepRunId,
      ledgerDate: run.ledgerDate,
      flow: run.flow,
      phase: BEFORE_CLEARING,
      taskCode: TRADE_CHECK,
      market: check.market,
      settlementChannel: check.settlementChannel,
      taskStatus: passed ? 'PASSED' : 'FAILED',
      taskNum: unmatched,
      differencesHash,
      details: {
        ...counts,
        matchMode: check.matchMode,
        tolerance: check.tolerance,
        fuzzyByInstrument: check.fuzzyByInstrument,
        orders: check.orders,
        fileRows: check.fileRows,
        tradeDates: check.tradeDates,
        fileIds: check.fileIds,
        missingFiles: check.missingFiles,
      },
    })
    .returning({ taskId: checkSummaries.taskId });
  if (summary && kept.length > 0) await storeDifferences(t, run, check, summary.taskId, kept);
}

/** One statement for all of them: as one document, which costs a fraction of parameters by row. */
async function storeDifferences(
  t: Transaction,
  run: FlowRef,
  check: ChannelCheck,
  taskId: number,
  kept: readonly KeptDifference<CheckPair>[],
): Promise<void> {
  const rows = kept.map((difference, index) => {
    const row: typeof tradeDifferences.$inferInsert = {
      ...columnsOf(difference),
      taskId,
      lineNo: index + 1,
      ledgerDate: run.ledgerDate,
      settlementChannel: check.settlementChannel,
      market: check.market,
      verified: check.matchMode,
      toleranceThreshold: check.tolerance,
    };
    return Object.fromEntries(Object.entries(row).map(([key, v]) => [columnOfField(key), v]));
  });
  await t.client.query(
    `INSERT INTO trade_differences
     SELECT * FROM jsonb_populate_recordset(NULL::trade_differences, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}

/** The field's columns: clearing_* is our side, other_* theirs, the bare name the difference. */
function columnsOf({ pair, verdict, downgradeStatus }: KeptDifference<CheckPair>) {
  const { local, other } = pair;
  return {
    tradeDate: pair.tradeDate,
    settlementAccount: pair.settlementAccount,
    accountNo: pair.accountNo,
    clearingInstrumentId: local?.instrumentId ?? null,
    otherInstrumentId: other?.instrumentId ?? null,
    clearingCurrency: local?.currency ?? null,
    otherCurrency: other?.currency ?? null,
    clearingId: pair.localId,
    otherId: pair.otherId,
    clearingPrice: local?.price ?? null,
    otherPrice: other?.price ?? null,
    clearingQuantity: local?.quantity ?? null,
    otherQuantity: other?.quantity ?? null,
    clearingAmount: local?.amount ?? null,
    otherAmount: other?.amount ?? null,
    clearingIndicator: local?.side ?? null,
    otherIndicator: other?.side ?? null,
    price: verdict.price,
    quantity: verdict.quantity,
    amount: verdict.amount,
    resultTag: verdict.resultTag,
    downgradeStatus,
    toleranceStatus: verdict.toleranceStatus,
  };
}

/** The summaries of one run, by channel. */
export async function summariesOfRun(tx: Tx, stepRunId: number): Promise<CheckSummary[]> {
  return tx
    .select()
    .from(checkSummaries)
    .where(eq(checkSummaries.stepRunId, stepRunId))
    .orderBy(asc(checkSummaries.taskId));
}
