import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { ZERO, type Decimal } from '../money/decimal.ts';
import type { TradeSource } from '../trades/trade.ts';
import type { FeeRule } from './fee-rule.ts';
import { isMonthly } from './monthly-formulas.ts';
import type { MonthToDate, TariffLine, TariffQuery } from './tariff-plan.ts';

/** What a contract, or several of one kind, add to the month of their account. */
export interface CountedTrades {
  readonly market: string;
  readonly currency: string;
  readonly instrumentType: string;
  readonly side: 'BUY' | 'SELL';
  /** The month is that of the trade date, whatever the ledger date. */
  readonly tradeDate: BusinessDate;
  readonly orders: number;
  readonly shares: Decimal;
  /** Consideration, unsigned, in the trade currency. */
  readonly turnover: Decimal;
}

/** What a trade adds to the month; one that takes a contract back takes away what that had added. */
export const counted = (source: TradeSource, trades: CountedTrades): CountedTrades =>
  source !== 'AMENDMENT_REVERSE'
    ? trades
    : {
        ...trades,
        side: trades.side === 'BUY' ? 'SELL' : 'BUY',
        orders: -trades.orders,
        shares: trades.shares.negated(),
        turnover: trades.turnover.negated(),
      };

const monthOf = (tradeDate: BusinessDate): string => tradeDate.slice(0, 7);

/**
 * What one account traded, so that a monthly tier knows where the next trade begins. A line counts
 * the trades of its market, currency and calendar month that its rule is for by side and instrument
 * type, whichever rule priced them: a tier begins on the 1st, not when a fee was configured.
 */
export class MonthCounters {
  private readonly trades = new Map<string, CountedTrades>();

  constructor(earlier: readonly CountedTrades[]) {
    for (const trades of earlier) this.add(trades);
  }

  add(trades: CountedTrades): void {
    const { tradeDate, market, currency, instrumentType, side } = trades;
    const key = `${tradeDate}|${market}|${currency}|${instrumentType}|${side}`;
    const known = this.trades.get(key);
    this.trades.set(key, known === undefined ? trades : together(known, trades));
  }

  /**
   * What the month held before a trade of the query. Tiers that take effect on the next trading day
   * see only the trade dates before this one. Throws UNSUPPORTED for a query without currency.
   */
  before({ feeCode, choice }: TariffLine, query: TariffQuery): MonthToDate {
    const { market, currency, tradeDate } = query;
    if (currency === undefined) {
      const why = 'what counts for a monthly tier has a currency';
      throw new ClearingError('UNSUPPORTED', { why, feeCode });
    }
    const { formula, monthScope } = choice;
    const isNextDay = formula.kind === 'turnoverTier' && formula.mode === 'next-day';
    let [ordersBefore, sharesBefore, turnoverBefore] = [0, ZERO, ZERO];
    for (const trades of this.trades.values()) {
      const counts =
        monthOf(trades.tradeDate) === monthOf(tradeDate) &&
        trades.market === market &&
        trades.currency === currency &&
        (monthScope?.instrumentTypes ?? [trades.instrumentType]).includes(trades.instrumentType) &&
        (monthScope?.sides ?? 'BOTH') !== (trades.side === 'BUY' ? 'SELL' : 'BUY') &&
        (!isNextDay || trades.tradeDate < tradeDate);
      if (!counts) continue;
      ordersBefore += trades.orders;
      sharesBefore = sharesBefore.plus(trades.shares);
      turnoverBefore = turnoverBefore.plus(trades.turnover);
    }
    return {
      ordersBefore,
      sharesBefore: sharesBefore.toString(),
      turnoverBefore: turnoverBefore.toString(),
    };
  }
}

const together = (a: CountedTrades, b: CountedTrades): CountedTrades => ({
  ...a,
  orders: a.orders + b.orders,
  shares: a.shares.plus(b.shares),
  turnover: a.turnover.plus(b.turnover),
});

/** Whose orders need the counters of the month, by the rules of one flow. */
export interface CountedByMonth {
  /** A global fee counts by the month. */
  readonly everyone: boolean;
  readonly scheduleIds: ReadonlySet<string>;
  /** Accounts with a personal fee that counts by the month. */
  readonly accountNos: ReadonlySet<string>;
}

/**
 * All versions play a part, in force or not: an account more than necessary costs a little, and
 * which one it is does not depend on the date.
 */
export function countedByMonth(rules: readonly FeeRule[]): CountedByMonth {
  const monthly = rules.filter(({ formula }) => isMonthly(formula));
  return {
    everyone: monthly.some((rule) => rule.scheduleId === null && rule.accountNo === undefined),
    scheduleIds: new Set(monthly.flatMap(({ scheduleId }) => scheduleId ?? [])),
    accountNos: new Set(monthly.flatMap(({ accountNo }) => accountNo ?? [])),
  };
}
