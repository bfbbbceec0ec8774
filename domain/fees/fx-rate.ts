import type { BusinessDate } from '../calendar/business-date.ts';
import { compareText } from '../compare-text.ts';
import type { DecimalString } from '../money/decimal.ts';

/**
 * A dated exchange rate: so many units of `to` for one unit of `from`. Each pair is entered as it
 * is used; no rate is turned round, and none is made of two others.
 */
export interface FxRate {
  readonly rateId: number;
  readonly from: string;
  readonly to: string;
  readonly rate: DecimalString;
  /** By trade date, until the next one begins. */
  readonly validFrom: BusinessDate;
  /** Of one first day the highest version counts. */
  readonly version: number;
  /** For people: whose rate it is. */
  readonly source: string;
}

/** Rates of which those may be used that lead into the currency of a market. */
export interface FxBook {
  readonly rates: readonly FxRate[];
  /** The currency of each market. */
  readonly currencyOf: ReadonlyMap<string, string>;
}

export const NO_RATES: FxBook = { rates: [], currencyOf: new Map() };

/** The rate of a pair in force on a trade date; undefined where none has begun. */
export const rateOn = (
  rates: readonly FxRate[],
  { from, to }: Pick<FxRate, 'from' | 'to'>,
  day: BusinessDate,
): FxRate | undefined =>
  rates
    .filter((rate) => rate.from === from && rate.to === to && rate.validFrom <= day)
    .sort((a, b) => compareText(a.validFrom, b.validFrom) || a.version - b.version)
    .at(-1);
