import { and, eq, inArray, ne, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';
import type { ReadinessResult } from '../domain/readiness/readiness.ts';
import type { Tx } from './client.ts';
import { tradeFiles } from './schema/checks.ts';
import { readinessResults } from './schema/clearing.ts';
import { assets, feeRules, readinessItems, settlementChannels } from './schema/reference.ts';
import type { Transaction } from './transaction.ts';

export type ReadinessItemRow = typeof readinessItems.$inferSelect;

export async function loadReadinessItems(tx: Tx): Promise<ReadinessItemRow[]> {
  return tx.select().from(readinessItems);
}

/** Stores a run of a flow's items; the newest run is the one that counts. */
export async function storeReadiness(
  tx: Tx,
  run: FlowRef & { readonly commandId: string; readonly results: readonly ReadinessResult[] },
): Promise<void> {
  if (run.results.length === 0) return;
  const { ledgerDate, flow, commandId } = run;
  const [newest] = await tx
    .select({ run: sql<number>`coalesce(max(${readinessResults.run}), 0)` })
    .from(readinessResults)
    .where(and(eq(readinessResults.ledgerDate, ledgerDate), eq(readinessResults.flow, flow)));
  const number = (newest?.run ?? 0) + 1;
  await tx
    .insert(readinessResults)
    .values(run.results.map((result) => ({ ...result, ledgerDate, flow, commandId, run: number })));
}

/** What clearing needs to know of a market beyond its calendars. */
export interface MarketRules {
  readonly hasFeeRules: boolean;
  readonly hasSettlementChannel: boolean;
  readonly hasCurrencyAsset: boolean;
}

export async function loadMarketRules(
  tx: Tx,
  market: { readonly market: string; readonly currency: string },
  onDate: BusinessDate,
): Promise<MarketRules> {
  const fees = await tx
    .select({ ruleId: feeRules.ruleId })
    .from(feeRules)
    .where(and(eq(feeRules.market, market.market), sql`${feeRules.effectiveFrom} <= ${onDate}`))
    .limit(1);
  const channels = await tx
    .select({ settlementChannel: settlementChannels.settlementChannel })
    .from(settlementChannels)
    .where(eq(settlementChannels.market, market.market))
    .limit(1);
  const currency = await tx
    .select({ assetId: assets.assetId })
    .from(assets)
    .where(and(eq(assets.kind, 'CURRENCY'), eq(assets.code, market.currency)))
    .limit(1);
  return {
    hasFeeRules: fees.length > 0,
    hasSettlementChannel: channels.length > 0,
    hasCurrencyAsset: currency.length > 0,
  };
}

/** Reconciled channels of a market that have no current file for a trade date. */
export async function channelsWithoutFile(
  tx: Tx,
  market: string,
  tradeDate: BusinessDate,
): Promise<string[]> {
  const channels = await tx
    .select({ settlementChannel: settlementChannels.settlementChannel })
    .from(settlementChannels)
    .where(and(eq(settlementChannels.market, market), ne(settlementChannels.matchMode, 'none')));
  const names = channels.map(({ settlementChannel }) => settlementChannel);
  if (names.length === 0) return [];
  const files = await tx
    .select({ settlementChannel: tradeFiles.settlementChannel })
    .from(tradeFiles)
    .where(
      and(
        eq(tradeFiles.market, market),
        eq(tradeFiles.tradeDate, tradeDate),
        eq(tradeFiles.status, 'CURRENT'),
        inArray(tradeFiles.settlementChannel, names),
      ),
    );
  const imported = new Set(files.map(({ settlementChannel }) => settlementChannel));
  return names.filter((name) => !imported.has(name)).sort();
}

/**
 * Which of these channels have a trade on the trade date that the cutoff of the ledger date lets
 * in. Asked only where a file is missing, since without a trade it scans the day.
 */
export async function channelsWithTrades(
  t: Transaction,
  of: {
    readonly ledgerDate: BusinessDate;
    readonly market: string;
    readonly tradeDate: BusinessDate;
    readonly channels: readonly string[];
  },
): Promise<string[]> {
  const { rows } = await t.client.query<{ channel: string }>(
    `SELECT c.channel FROM unnest($4::text[]) AS c(channel), ledger_dates d
     WHERE d.ledger_date = $1 AND EXISTS (
       SELECT 1 FROM front_office.executions e
       JOIN front_office.orders o ON o.order_id = e.order_id AND NOT o.cancelled
        AND o.recorded_at <= d.cutoff_at
        AND (o.superseded_at IS NULL OR o.superseded_at > d.cutoff_at)
       WHERE e.market = $2 AND e.trade_date = $3 AND NOT e.cancelled
         AND e.recorded_at <= d.cutoff_at
         AND (e.superseded_at IS NULL OR e.superseded_at > d.cutoff_at)
         AND o.settlement_channel = c.channel)
     ORDER BY c.channel`,
    [of.ledgerDate, of.market, of.tradeDate, of.channels],
  );
  return rows.map(({ channel }) => channel);
}
