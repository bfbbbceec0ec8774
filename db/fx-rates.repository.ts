import { and, asc, eq, sql } from 'drizzle-orm';
import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FxRate } from '../domain/fees/fx-rate.ts';
import type { Tx } from './client.ts';
import type { TicketOrigin } from './fee-rules.repository.ts';
import { fxRates } from './schema/fee-configuration.ts';
import { markets } from './schema/reference.ts';

/** Every version of every rate into a currency, or of one pair, oldest id first. */
export async function loadFxRates(
  tx: Tx,
  { from, to }: { readonly from?: string; readonly to: string },
): Promise<FxRate[]> {
  const pair = from === undefined ? undefined : eq(fxRates.fromCurrency, from);
  return tx
    .select({
      rateId: fxRates.rateId,
      from: fxRates.fromCurrency,
      to: fxRates.toCurrency,
      rate: sql<string>`trim_scale(${fxRates.rate})::text`,
      validFrom: fxRates.validFrom,
      version: fxRates.version,
      source: fxRates.source,
    })
    .from(fxRates)
    .where(and(eq(fxRates.toCurrency, to), pair))
    .orderBy(asc(fxRates.rateId));
}

/** Adds rates, each with the next id. The caller holds the lock of fee rules. */
export async function addFxRates(
  tx: Tx,
  rates: readonly Omit<FxRate, 'rateId'>[],
  by: TicketOrigin & { readonly knownFrom: BusinessDate },
): Promise<number[]> {
  const [highest] = await tx
    .select({ rateId: sql<number>`coalesce(max(${fxRates.rateId}), 0)` })
    .from(fxRates);
  const first = (highest?.rateId ?? 0) + 1;
  const rows = rates.map(({ from, to, ...rate }, at) => ({
    ...{ ...rate, rateId: first + at, fromCurrency: from, toCurrency: to },
    ...by,
  }));
  await tx.insert(fxRates).values(rows);
  return rows.map(({ rateId }) => rateId);
}

/** Whether some market trades in it: a rate into any other would never be asked for. */
export async function isMarketCurrency(tx: Tx, currency: string): Promise<boolean> {
  const found = await tx.select().from(markets).where(eq(markets.currency, currency)).limit(1);
  return found.length > 0;
}
