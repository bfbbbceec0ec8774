import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { TariffPlan, TariffQuery } from '../../domain/fees/tariff-plan.ts';
import type { Side, TradeStage } from '../../domain/trades/trade.ts';
import { AccountSchedules } from './account-schedules.ts';
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
  readonly stage: TradeStage;
}

/**
 * Finds the plan that prices an order: the schedule of its account on the trade date, its
 * instrument with its stamp duty as edited, side and channel. Billing and simulation both ask here,
 * so they cannot disagree.
 */
export class PlanChoice {
  private readonly tariffs: Tariffs;
  private readonly stampDuty: StampDutyBook;
  private readonly schedules: AccountSchedules;

  constructor(tariffs: Tariffs, schedules: readonly ScheduleRow[], stampDuty: StampDutyBook) {
    this.tariffs = tariffs;
    this.stampDuty = stampDuty;
    this.schedules = new AccountSchedules(schedules);
  }

  /** The accounts, of those with a schedule, whose fees can depend on what the month held before. */
  accountsByMonth(): number[] {
    const { byMonth, accountNoOf } = this.tariffs;
    return this.schedules.accountsWith(
      ({ accountId, scheduleId }) =>
        byMonth.everyone ||
        byMonth.accountNos.has(accountNoOf.get(accountId) ?? '') ||
        byMonth.scheduleIds.has(scheduleId),
    );
  }

  /** Throws FEE_RULE_MISSING and UNSUPPORTED. Asked for every order, hence the shared plans. */
  planOf(order: OrderTerms, asSynchronised: InstrumentRow): TariffPlan {
    const { accountId, market, tradeDate } = order;
    const scheduleId = this.schedules.scheduleOf(accountId, market, tradeDate);
    if (scheduleId === undefined) {
      const why = 'the account has no fee schedule in force';
      throw new ClearingError('FEE_RULE_MISSING', { why, accountId, market, tradeDate });
    }
    return this.planUnder(scheduleId, order, asSynchronised);
  }

  /** By the rules of a schedule, whoever has it. Throws FEE_RULE_MISSING and UNSUPPORTED. */
  planUnder(
    scheduleId: string,
    { accountId, market, side, tradeDate, channel, stage }: OrderTerms,
    asSynchronised: InstrumentRow,
    fixed: Pick<TariffQuery, 'ownRulesOptional'> = {},
  ): TariffPlan {
    const instrument = this.stampDuty.asEdited(asSynchronised, tradeDate);
    const { plans, compile, accountNoOf, instrumentIds, namesStages } = this.tariffs;
    const accountNo = accountNoOf.get(accountId) ?? null;
    const isNamed = instrumentIds.has(instrument.instrumentId);
    const instrumentId = isNamed ? instrument.instrumentId : null;
    const shared =
      `${scheduleId}|${instrument.kind}|${side}|${tradeDate}|${channel}` +
      `|${accountNo ?? ''}|${instrumentId ?? ''}`;
    const key = namesStages ? `${shared}|${stage}` : shared;
    const known = plans.get(key);
    if (known !== undefined) return known;
    const plan = compile({
      ...fixed,
      scheduleId,
      market,
      instrumentType: instrument.type,
      stampDutyExempt: instrument.stampDutyExempt,
      side,
      tradeDate,
      channel,
      accountNo,
      instrumentId,
      ...(namesStages ? { stage } : {}),
      currency: instrument.currency,
    });
    plans.set(key, plan);
    return plan;
  }
}
