import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ledgerDateOf } from '../../domain/calendar/ledger-date.ts';
import { settlementDatesOf } from '../../domain/calendar/settlement-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { ClearingCalendar, ClearingMarket } from '../calendars.repository.ts';

/** When each leg settles, and the ledger dates that settle them. */
export interface SettlementTerms {
  readonly cashDate: BusinessDate;
  readonly securitiesDate: BusinessDate;
  readonly cashDueDate: BusinessDate;
  readonly securitiesDueDate: BusinessDate;
}

/** Settlement dates by market, instrument type and trade date, computed once for each. */
export class SettlementTermsBook {
  private readonly calendar: ClearingCalendar;
  private readonly markets: ReadonlyMap<string, ClearingMarket>;
  private readonly known = new Map<string, SettlementTerms>();

  constructor(calendar: ClearingCalendar) {
    this.calendar = calendar;
    this.markets = new Map(calendar.markets.map((market) => [market.market, market]));
  }

  /** A given date replaces T+N for its leg. Throws MARKET_RULE_MISSING and CALENDAR_MISSING. */
  termsOf(trade: {
    readonly market: string;
    readonly instrumentType: string;
    readonly tradeDate: BusinessDate;
    readonly cashDate: BusinessDate | undefined;
    readonly securitiesDate: BusinessDate | undefined;
  }): SettlementTerms {
    const { market, instrumentType, tradeDate, cashDate, securitiesDate } = trade;
    const key = `${market}|${instrumentType}|${tradeDate}|${cashDate ?? ''}|${securitiesDate ?? ''}`;
    let terms = this.known.get(key);
    if (terms === undefined) {
      const rules = this.markets.get(market);
      if (rules === undefined) throw new ClearingError('MARKET_RULE_MISSING', { market });
      const regular =
        cashDate === undefined || securitiesDate === undefined
          ? settlementDatesOf(rules, this.calendar.cycles, { instrumentType, tradeDate })
          : undefined;
      const cash = cashDate ?? regular?.cash ?? tradeDate;
      const securities = securitiesDate ?? regular?.securities ?? tradeDate;
      terms = {
        cashDate: cash,
        securitiesDate: securities,
        cashDueDate: ledgerDateOf(rules, cash, this.calendar.union),
        securitiesDueDate: ledgerDateOf(rules, securities, this.calendar.union),
      };
      this.known.set(key, terms);
    }
    return terms;
  }
}
