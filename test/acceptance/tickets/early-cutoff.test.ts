import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startSystem, type System } from '../../support/system.ts';
import { freshDatabase } from '../../support/database.ts';
import { freshNamespace } from '../../support/temporal.ts';
import { signIn, type Api } from '../support/api.ts';
import { DayDesk } from '../support/desk.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { MON_2025_12_22, TUE_2025_12_23 } from '../support/tiny-system.ts';
import { contractsOfOrder } from '../trades/reads.ts';
import { granted } from './consent.ts';

const MON_16_40 = '2025-12-22T16:40:00+08:00';
const MON_16_45 = '2025-12-22T16:45:00+08:00';
const MON_16_50 = '2025-12-22T16:50:00+08:00';
const TUE_17_30 = '2025-12-23T17:30:00+08:00';

const tradeAt = (accountNo: string, recordedAt: string) =>
  orderOf({ accountNo, instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22, recordedAt });
const inTime = tradeAt('20000001', '2025-12-22T16:30:00+08:00');
const stamped1645 = tradeAt('20000002', MON_16_45);

/** The same installation at another time of day: its processes end and start again. */
class Installation {
  private readonly databaseUrl: string;
  private readonly namespace: string;
  private system: System | undefined;
  operator!: Api;
  approver!: Api;

  private constructor(databaseUrl: string, namespace: string) {
    this.databaseUrl = databaseUrl;
    this.namespace = namespace;
  }

  static async make(): Promise<Installation> {
    const namespace = await freshNamespace(inject('temporalAddress'));
    return new Installation(await freshDatabase('tiny'), namespace);
  }

  async at(clock: string): Promise<void> {
    await this.system?.stop();
    const { databaseUrl, namespace } = this;
    const instant = new Date(clock).toISOString();
    this.system = await startSystem({ databaseUrl, namespace, clock: instant });
    this.operator = await signIn(this.system.baseUrl);
    this.approver = await signIn(this.system.baseUrl, 'approver');
  }

  day(ledgerDate: string): DayDesk {
    return new DayDesk(this.operator, ledgerDate);
  }

  async stop(): Promise<void> {
    await this.system?.stop();
  }
}

// The scenarios follow each other through two days.
describe('L59 an early cutoff, on a day whose cutoff is 17:00', () => {
  let here: Installation;
  beforeAll(async () => {
    here = await Installation.make();
    await here.at(MON_16_40);
    await sendOrders(here.operator, [inTime]);
  });
  afterAll(() => here.stop());

  it('at 16:40 Hong Kong may not synchronise; approved, the cutoff is now', async () => {
    await here.day(MON_2025_12_22).flow('US').clear();
    const hk = here.day(MON_2025_12_22).flow('HK');
    await hk.makeReady();
    const early = await hk.runStep('sync');
    expect([early.status, early.code]).toEqual(['REFUSED', 'CUTOFF_NOT_REACHED']);
    const ticket = await granted(here.operator, here.approver, {
      key: 'clearing.advance_day_cutoff.exec',
      target: { ledgerDate: MON_2025_12_22 },
    });
    expect([ticket.before, ticket.after]).toEqual([
      { cutoffAt: '2025-12-22T09:00:00.000Z' },
      { cutoffAt: '2025-12-22T08:40:00.000Z' },
    ]);
    expect(await here.day(MON_2025_12_22).view()).toMatchObject({
      cutoffAt: '2025-12-22T08:40:00.000Z',
      cutoffReached: true,
    });
  });

  it('the day is cleared before 17:00, without an execution that is stamped 16:45', async () => {
    await here.at(MON_16_50);
    await sendOrders(here.operator, [stamped1645]);
    const day = here.day(MON_2025_12_22);
    await day.clear(['HK', 'day-end']);
    expect(await contractsOfOrder(here.operator, inTime.orderId)).toMatchObject([
      { ledgerDate: MON_2025_12_22 },
    ]);
    expect(await contractsOfOrder(here.operator, stamped1645.orderId)).toEqual([]);
  });

  it('that execution belongs to the next ledger date, whose cutoff is 17:00 again', async () => {
    expect(await here.day(TUE_2025_12_23).view()).toMatchObject({
      cutoffAt: '2025-12-23T09:00:00.000Z',
    });
    await here.at(TUE_17_30);
    const day = here.day(TUE_2025_12_23);
    await day.clear();
    expect(await contractsOfOrder(here.operator, stamped1645.orderId)).toMatchObject([
      { ledgerDate: TUE_2025_12_23, tradeDate: MON_2025_12_22 },
    ]);
    await day.expectInvariants();
  });
});
