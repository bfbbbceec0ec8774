import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { lineByMonth } from '../../domain/fees/compile-tariff.ts';
import type { TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Side } from '../../domain/trades/trade.ts';
import type { InstrumentRow, ScheduleRow } from './billing-queries.ts';
import type { StampDutyBook } from './stamp-duty-book.ts';
import type { Tariffs } from './tariffs.ts';

/** What of an order decides its plan, beside its instrument. */
export interface OrderTerms {
  readonly accountId: number;
  readonly market: string;
  readonly side: Side;
  readonly tradeDate: BusinessDate;
  /** The one that counts: as edited, else as received. */
  readonly channel: number;
}

/** The counters of the month are not kept yet: better no bill than one from zero. */
function refuseMonthlyTiers(plan: TariffPlan): void {
  const line = lineByMonth(plan);
  if (line === undefined) return;
  const { scheduleId } = plan.query;
  const why = 'fees in tiers by the calendar month cannot be billed yet';
  throw new ClearingError('UNSUPPORTED', { why, scheduleId, feeCode: line.feeCode });
}

/**
 * Finds the plan that prices an order: the schedule of its account on the trade date, its
 * instrument with its stamp duty as edited, side and channel. Billing and simulation both ask here,
 * so they cannot disagree.
 */
export class PlanChoice {
  private readonly tariffs: Tariffs;
  private readonly stampDuty: StampDutyBook;
  private readonly schedules = new Map<number, ScheduleRow[]>();

  constructor(tariffs: Tariffs, schedules: readonly ScheduleRow[], stampDuty: StampDutyBook) {
    this.tariffs = tariffs;
    this.stampDuty = stampDuty;
    for (const row of schedules) {
      const rows = this.schedules.get(row.accountId);
      if (rows) rows.push(row);
      else this.schedules.set(row.accountId, [row]);
    }
  }

  /** Throws FEE_RULE_MISSING and UNSUPPORTED. Asked for every order, hence the shared plans. */
  planOf(order: OrderTerms, asSynchronised: InstrumentRow): TariffPlan {
    const { accountId, market, side, tradeDate, channel } = order;
    const schedule = this.schedules
      .get(accountId)
      ?.find(
        (row) =>
          row.market === market &&
          row.effectiveFrom <= tradeDate &&
          (row.effectiveTo === null || tradeDate <= row.effectiveTo),
      );
    if (schedule === undefined) {
      const why = 'the account has no fee schedule in force';
      throw new ClearingError('FEE_RULE_MISSING', { why, accountId, market, tradeDate });
    }
    const instrument = this.stampDuty.asEdited(asSynchronised, tradeDate);
    const key = `${schedule.scheduleId}|${instrument.kind}|${side}|${tradeDate}|${channel}`;
    const known = this.tariffs.plans.get(key);
    if (known !== undefined) return known;
    const plan = this.tariffs.compile({
      scheduleId: schedule.scheduleId,
      market,
      instrumentType: instrument.type,
      stampDutyExempt: instrument.stampDutyExempt,
      side,
      tradeDate,
      channel,
      currency: instrument.currency,
    });
    refuseMonthlyTiers(plan);
    this.tariffs.plans.set(key, plan);
    return plan;
  }
}
