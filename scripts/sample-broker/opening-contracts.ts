import type pg from 'pg';
import type { ClearingCalendar, ClearingMarket } from '../../db/calendars.repository.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ledgerDateOf } from '../../domain/calendar/ledger-date.ts';
import { settlementDatesOf } from '../../domain/calendar/settlement-date.ts';
import { tariffCompiler } from '../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { priceExecutions, type PricedExecutions } from '../../domain/fees/price-executions.ts';
import type { FeeLine, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { BookWriter } from './book-writer.ts';
import { scheduleIdOf } from './load-front-office.ts';
import type { SampleAccount, SampleOrder, SampleSession } from './model.ts';
import { finalExecutions } from './model.ts';
import { priceText } from './text.ts';

export interface OpeningReference {
  readonly assetIds: ReadonlyMap<string, number>;
  readonly feeCodeIds: ReadonlyMap<string, number>;
  /** Street account by settlement channel. */
  readonly streetAccounts: ReadonlyMap<string, number>;
}

export interface OpeningContext extends OpeningReference {
  readonly client: pg.PoolClient;
  readonly books: BookWriter;
  readonly firstLedgerDate: BusinessDate;
}

/** A contract of a day before the first ledger date, as billing would have made it. */
export interface OpeningContract {
  readonly market: ClearingMarket;
  readonly ledgerDate: BusinessDate;
  readonly tradeDate: BusinessDate;
  readonly order: SampleOrder;
  readonly scheduleId: string;
  readonly plan: TariffPlan;
  readonly priced: PricedExecutions;
  readonly cash: { readonly date: BusinessDate; readonly due: BusinessDate };
  readonly securities: { readonly date: BusinessDate; readonly due: BusinessDate };
}

export interface PricingInputs {
  readonly calendar: ClearingCalendar;
  readonly rules: readonly FeeRule[];
  readonly accounts: readonly SampleAccount[];
}

function marketOf(calendar: ClearingCalendar, market: string): ClearingMarket {
  const found = calendar.markets.find((each) => each.market === market);
  if (found === undefined) throw new ClearingError('MARKET_RULE_MISSING', { market });
  return found;
}

/**
 * Prices the orders of one session in the order of their accounts, by the product's own rules and
 * calendars. An order without a fill makes no contract.
 */
export function* openingContracts(
  { session, orders }: SampleSession,
  { calendar, rules, accounts }: PricingInputs,
): Generator<OpeningContract> {
  const market = marketOf(calendar, session.market);
  const { tradeDate, ledgerDate } = session;
  const planOf = tariffCompiler(rules);
  const filled = orders.filter((order) => finalExecutions(order).length > 0);
  for (const order of filled.sort((a, b) => a.account - b.account)) {
    const { instrument, side, orderChannel: channel } = order;
    const scheduleId = scheduleIdOf(session.market, accounts[order.account]?.tariff ?? 'retail');
    const plan = planOf({
      scheduleId,
      market: session.market,
      instrumentType: instrument.type,
      stampDutyExempt: instrument.stampDutyExempt,
      side,
      tradeDate,
      channel,
      currency: instrument.currency,
    });
    const fills = finalExecutions(order);
    const priced = priceExecutions(plan, {
      quantities: fills.map(({ quantity }) => String(quantity)),
      prices: fills.map(({ price }) => priceText(instrument, price)),
    });
    const dates = settlementDatesOf(market, calendar.cycles, {
      instrumentType: instrument.type,
      tradeDate,
    });
    const leg = (date: BusinessDate): OpeningContract['cash'] => ({
      date,
      due: ledgerDateOf(market, date, calendar.union),
    });
    yield {
      market,
      ledgerDate,
      tradeDate,
      order,
      scheduleId,
      plan,
      priced,
      cash: leg(dates.cash),
      securities: leg(dates.securities),
    };
  }
}

/** What the client pays or receives; the rules are in the trade currency here. */
export const netOf = ({ priced }: OpeningContract): string => {
  if (priced.net === null) throw new ClearingError('UNSUPPORTED', { why: 'fees in a currency' });
  return priced.net;
};

/** Fee rows of one plan line carry its rule. */
export const choiceOf = ({ plan }: OpeningContract, line: FeeLine) => {
  const found = plan.lines.find(({ feeCode }) => feeCode === line.feeCode);
  if (found === undefined) throw new ClearingError('FEE_RULE_MISSING', { feeCode: line.feeCode });
  return found.choice;
};

/** Sum of each fee code in the order of the plan, as the contract keeps it. */
export const feeTotalsOf = ({ plan, priced }: OpeningContract): [code: string, sum: string][] =>
  plan.lines.map(({ feeCode }, index) => [feeCode, priced.lineTotals[index] ?? '0']);
