import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import type { CountedTrades } from '../../domain/fees/month-counters.ts';
import { loadClearingCalendar, type ClearingMarket } from '../calendars.repository.ts';
import type { Transaction } from '../transaction.ts';
import {
  feeRuleVersion,
  loadFeeRules,
  loadInstruments,
  schedulesOf,
  type InstrumentRow,
} from './billing-queries.ts';
import { loadFxBook } from './fx-book.ts';
import { tradedByNow } from './month-to-date.ts';
import { PlanChoice } from './plan-choice.ts';
import { SettlementTermsBook } from './settlement-terms.ts';
import { loadStampDutyEdits, StampDutyBook } from './stamp-duty-book.ts';
import { tariffsOfRules } from './tariffs.ts';

/** What the fees of some orders are asked from, as a billing that opened now would read it. */
export interface FeeDesk {
  readonly flow: string;
  /** The newest fee rule that plays a part. */
  readonly policyVersion: number;
  readonly rules: readonly FeeRule[];
  readonly plans: PlanChoice;
  /** What the accounts with fees by the month have posted, by account id. */
  readonly traded: ReadonlyMap<number, readonly CountedTrades[]>;
  readonly terms: SettlementTermsBook;
  readonly markets: readonly ClearingMarket[];
  /** By instrument id. */
  readonly instruments: ReadonlyMap<string, InstrumentRow>;
}

export interface DeskScope {
  readonly flow: string;
  readonly accountIds: readonly number[];
  readonly instrumentIds: readonly string[];
  /** The earliest trade date. */
  readonly day: BusinessDate;
  /** The rules as they stood when this one was the newest; undefined = all of them. */
  readonly policyVersion: number | undefined;
}

/** The transaction should see one state, so that rules, schedules and instruments fit together. */
export async function openFeeDesk(t: Transaction, scope: DeskScope): Promise<FeeDesk> {
  const { flow, accountIds, instrumentIds, day, policyVersion } = scope;
  const version = await feeRuleVersion(t.client, flow, {
    ...(policyVersion === undefined ? {} : { maxRuleId: policyVersion }),
  });
  const rules = await loadFeeRules(t.client, flow, version);
  const calendar = await loadClearingCalendar(t.tx);
  const instruments = await loadInstruments(t.client, flow, instrumentIds);
  const plans = new PlanChoice(
    await tariffsOfRules(t.client, rules, await loadFxBook(t.client, flow, version)),
    await schedulesOf(t.client, accountIds),
    new StampDutyBook(await loadStampDutyEdits(t.client, flow)),
  );
  return {
    flow,
    policyVersion: version.maxRuleId,
    rules,
    plans,
    traded: await tradedByNow(t.client, { flow, day }, plans.accountsByMonth()),
    terms: new SettlementTermsBook(calendar),
    markets: calendar.markets.filter((market) => market.flow === flow),
    instruments: new Map([...instruments.values()].map((row) => [row.instrumentId, row])),
  };
}
