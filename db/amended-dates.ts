import type { AmendedTerms } from '../domain/amendments/amendment.ts';
import { dayInZone, type BusinessDate } from '../domain/calendar/business-date.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { assertSupplementTradeDate } from '../domain/supplements/supplement.ts';
import { SettlementTermsBook } from './bulk/settlement-terms.ts';
import { loadClearingCalendar } from './calendars.repository.ts';
import { rows } from './queries/rows.ts';
import { assertSettlementDates, marketOfChannel } from './supplements.repository.ts';
import type { Transaction } from './transaction.ts';

/** The three dates of a contract. */
export interface TradeDates {
  readonly tradeDate: BusinessDate;
  readonly cashSettlementDate: BusinessDate;
  readonly securitiesSettlementDate: BusinessDate;
}

interface DatedContract extends TradeDates {
  readonly market: string;
  readonly assetId: number;
  readonly settlementChannel: string;
}

/**
 * The dates of the contract that an amendment makes. Another trade date has to be one that a
 * supplement of the open date may have, and it brings its own settlement dates unless they are
 * named. Throws what is wrong with a date, and UNKNOWN_SETTLEMENT_CHANNEL.
 */
export async function amendedDates(
  t: Transaction,
  origin: DatedContract,
  change: AmendedTerms,
  at: { readonly ledgerDate: BusinessDate; readonly now: Date },
): Promise<TradeDates> {
  const { settlementChannel = origin.settlementChannel, tradeDate = origin.tradeDate } = change;
  const of = await marketOfChannel(t, { settlementChannel }, origin.market);
  const { cashSettlementDate = null, securitiesSettlementDate = null } = change;
  assertSettlementDates({ cashSettlementDate, securitiesSettlementDate }, of);
  const isMoved = tradeDate !== origin.tradeDate;
  if (isMoved) {
    const today = dayInZone(at.now, of.market.timeZone);
    assertSupplementTradeDate(tradeDate, { ...of, ledgerDate: at.ledgerDate, today });
  }
  const usual = isMoved ? await usualDates(t, origin, tradeDate) : origin;
  const dates = {
    tradeDate,
    cashSettlementDate: cashSettlementDate ?? usual.cashSettlementDate,
    securitiesSettlementDate: securitiesSettlementDate ?? usual.securitiesSettlementDate,
  };
  for (const field of ['cashSettlementDate', 'securitiesSettlementDate'] as const) {
    if (dates[field] < tradeDate) {
      throw new ClearingError('OUT_OF_RANGE', { field, value: dates[field], tradeDate });
    }
  }
  return dates;
}

/** As the calendar has them for any trade of the instrument on that date. */
async function usualDates(
  t: Transaction,
  { market, assetId }: DatedContract,
  tradeDate: BusinessDate,
): Promise<Omit<TradeDates, 'tradeDate'>> {
  const [instrument] = await rows<{ type: string }>(
    t.client,
    'SELECT type FROM instruments WHERE asset_id = $1',
    [assetId],
  );
  if (instrument === undefined) throw new ClearingError('UNKNOWN_INSTRUMENT', { assetId });
  const terms = new SettlementTermsBook(await loadClearingCalendar(t.tx)).termsOf({
    ...{ market, instrumentType: instrument.type, tradeDate },
    ...{ cashDate: undefined, securitiesDate: undefined },
  });
  return {
    cashSettlementDate: terms.cashDate,
    securitiesSettlementDate: terms.securitiesDate,
  };
}
