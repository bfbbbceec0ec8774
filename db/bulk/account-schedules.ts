import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { ScheduleRow } from './billing-queries.ts';

/** The general packages of some accounts, by their days. */
export class AccountSchedules {
  private readonly schedules = new Map<number, ScheduleRow[]>();

  constructor(schedules: readonly ScheduleRow[]) {
    for (const row of schedules) {
      const rows = this.schedules.get(row.accountId);
      if (rows) rows.push(row);
      else this.schedules.set(row.accountId, [row]);
    }
  }

  /** The package of an account in a market on a trade date. Asked for every order. */
  scheduleOf(accountId: number, market: string, tradeDate: BusinessDate): string | undefined {
    return this.schedules
      .get(accountId)
      ?.find(
        (row) =>
          row.market === market &&
          row.effectiveFrom <= tradeDate &&
          (row.effectiveTo === null || tradeDate <= row.effectiveTo),
      )?.scheduleId;
  }

  /** The accounts with a package, at any time, of which this holds. */
  accountsWith(isSo: (row: ScheduleRow) => boolean): number[] {
    return [...this.schedules].filter(([, rows]) => rows.some(isSo)).map(([id]) => id);
  }
}
