import type pg from 'pg';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FxBook, FxRate } from '../../domain/fees/fx-rate.ts';

/** The rates that a run may see, as with rules: those known on its ledger date, up to the newest. */
export interface FxVersion {
  /** 0 = none; absent in runs of releases that had no rates. */
  readonly maxRateId?: number;
  readonly ledgerDate?: BusinessDate;
}

/** The rates that the fees of a flow may be converted by. Rates are never changed or deleted. */
export async function loadFxBook(
  client: pg.PoolClient | pg.Pool,
  flow: string,
  { maxRateId = 0, ledgerDate }: FxVersion,
): Promise<FxBook> {
  const { rows: markets } = await client.query<{ market: string; currency: string }>(
    'SELECT market, currency FROM markets WHERE flow = $1',
    [flow],
  );
  const { rows: rates } = await client.query<FxRate>(
    `SELECT rate_id AS "rateId", from_currency AS "from", to_currency AS "to",
       trim_scale(rate)::text AS rate, valid_from AS "validFrom", version, source
     FROM fx_rates WHERE rate_id <= $1 AND to_currency = ANY($2)
       AND ($3::date IS NULL OR known_from <= $3::date)
     ORDER BY rate_id`,
    [maxRateId, markets.map(({ currency }) => currency), ledgerDate ?? null],
  );
  return { rates, currencyOf: new Map(markets.map((row) => [row.market, row.currency])) };
}
