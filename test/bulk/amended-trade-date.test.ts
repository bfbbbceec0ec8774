import { afterEach, beforeEach, expect, it } from 'vitest';
import { enterAmendment, planAmendment } from '../../db/amendments.repository.ts';
import type { Db } from '../../db/client.ts';
import { feesInTrial } from '../../db/fee-trial.ts';
import { feeRules } from '../../db/schema/reference.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { AmendedTerms } from '../../domain/amendments/amendment.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { addTrade, MON_2025_12_22, rollTo, smallBroker, TUE_2025_12_23 } from './support/broker.ts';
import { chargedBy } from './support/monthly.ts';
import type { Place } from './support/run-step.ts';
import { clearFlow } from './support/whole-flow.ts';

const FRI_2025_12_19 = '2025-12-19' as BusinessDate;
const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const AT = { lock: true, now: new Date('2025-12-23T01:00:00Z') };

let db: Db;
let contractId = 0;

/** 88.00 an order until Sunday, 99.00 from Monday on. */
async function addRules(): Promise<void> {
  for (const [ruleId, amount, effectiveFrom] of [
    [60_001, '88', '2025-01-01'],
    [60_002, '99', '2025-12-22'],
  ] as const) {
    const family = { feeCode: 'PLATFORM_FEE', market: 'HK', scheduleId: null, version: 1 } as const;
    const searched = { ...family, ruleId, effectiveFrom: effectiveFrom as BusinessDate };
    const definition: FeeRule = {
      ...{ ...searched, sides: 'BOTH', unit: 'order', conditions: {}, currency: 'HKD' },
      formula: { kind: 'flat', amount },
      rounding: { mode: 'half-up', increment: '0.01' },
    };
    await db.insert(feeRules).values({ ...searched, definition });
  }
}

beforeEach(async () => {
  db = await smallBroker();
  await addRules();
  await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
  await clearFlow(db, MONDAY);
  await rollTo(db, TUE_2025_12_23);
  const { rows } = await db.$client.query<{ id: number }>(
    'SELECT contract_id AS id FROM contracts',
  );
  contractId = rows[0]!.id;
});
afterEach(() => db.$client.end());

const datesOf = async (orderId: string) => {
  const { rows } = await db.$client.query(
    `SELECT trade_date AS "tradeDate", cash_settlement_date AS cash,
       securities_settlement_date AS securities, source
     FROM live_contracts WHERE order_id = $1`,
    [orderId],
  );
  return rows[0] as Record<string, string> | undefined;
};

it('another trade date brings its own settlement dates and rules, and the old half keeps its own', async () => {
  const origin = await datesOf('O1');
  expect(await chargedBy(db, 'PLATFORM_FEE')).toEqual({ O1: '99.00' });
  const amendment = await inTransaction(db, async (t) => {
    const planned = await planAmendment(t, contractId, { tradeDate: FRI_2025_12_19 }, AT);
    expect(planned.refusal).toBeUndefined();
    const { items } = await feesInTrial(t, contractId, planned.terms);
    expect(items).toContainEqual({ feeCode: 'PLATFORM_FEE', ruleId: 60_001, amount: '88.00' });
    const entry = { ticketId: 'T-1', reason: 'booked a day late', approvers: ['checker'] };
    return enterAmendment(t, planned, { ...entry, person: 'maker', now: AT.now });
  });
  await clearFlow(db, { ...MONDAY, ledgerDate: TUE_2025_12_23 });
  expect(await datesOf(amendment.offsetOrderId)).toEqual({
    ...origin,
    source: 'AMENDMENT_REVERSE',
  });
  // Two sessions after Friday.
  expect(await datesOf(amendment.newOrderId)).toEqual({
    ...{ tradeDate: FRI_2025_12_19, source: 'AMENDMENT_NEW' },
    ...{ cash: TUE_2025_12_23, securities: TUE_2025_12_23 },
  });
  expect(await chargedBy(db, 'PLATFORM_FEE')).toMatchObject({ [amendment.newOrderId]: '88.00' });
});

it.each<[AmendedTerms, string]>([
  [{ tradeDate: '2025-12-20' as BusinessDate }, 'TRADE_DATE_CLOSED'],
  [{ tradeDate: '2025-12-24' as BusinessDate }, 'FUTURE_TRADE_DATE'],
  [{ tradeDate: '2025-12-12' as BusinessDate }, 'TRADE_DATE_TOO_OLD'],
  [{ tradeDate: TUE_2025_12_23, cashSettlementDate: MON_2025_12_22 }, 'OUT_OF_RANGE'],
])('%j is refused', async (change, code) => {
  const planned = inTransaction(db, (t) => planAmendment(t, contractId, change, AT));
  await expect(planned).rejects.toMatchObject({ code });
});
