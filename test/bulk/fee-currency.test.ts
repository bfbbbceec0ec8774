import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { feeExplanationsOf } from '../../db/queries/fee-explanations.ts';
import { fxRates } from '../../db/schema/fee-configuration.ts';
import { feeRules } from '../../db/schema/reference.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { differenceOf } from '../../scripts/explain-fees/recompute-fee.ts';
import { addTrade, MON_2025_12_22, smallBroker, TUE_2025_12_23 } from './support/broker.ts';
import { count } from './support/books.ts';
import { chargedBy } from './support/monthly.ts';
import { runStep, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const FIRST = '2025-01-01' as BusinessDate;

let db: Db;
let rateId = 0;
beforeEach(async () => {
  db = await smallBroker();
  rateId = 0;
  await addRule({ currency: 'USD' });
  await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
});
afterEach(() => db.$client.end());

/** 1.00 an order, at least; and a tenth of a per mille of the consideration. */
async function addRule(changes: Partial<FeeRule>): Promise<void> {
  const definition: FeeRule = {
    ...{ ruleId: 70_001, feeCode: 'PLATFORM_FEE', market: 'HK', scheduleId: null, version: 1 },
    ...{ effectiveFrom: FIRST, sides: 'BOTH', unit: 'order', currency: 'HKD' },
    formula: { kind: 'rate', rate: '0.0001' },
    min: '1.00',
    rounding: { mode: 'half-up', increment: '0.01' },
    // Of everybody, and stronger than what packages say.
    conditions: {},
    ...changes,
  };
  const { ruleId, feeCode, market, scheduleId, version, effectiveFrom } = definition;
  const searched = { ruleId, feeCode, market, scheduleId, version, effectiveFrom };
  await db.insert(feeRules).values({ ...searched, definition });
}

interface Rate {
  readonly rate: string;
  readonly from?: string;
  readonly to?: string;
  readonly validFrom?: BusinessDate;
  readonly version?: number;
  readonly knownFrom?: BusinessDate;
}

async function addRate({ from = 'USD', to = 'HKD', ...rate }: Rate): Promise<void> {
  await db.insert(fxRates).values({
    ...{ validFrom: FIRST, version: 1, knownFrom: MON_2025_12_22, source: 'any', addedBy: 'tess' },
    ...{ ...rate, rateId: (rateId += 1), fromCurrency: from, toCurrency: to },
  });
}

const platformFee = async () => (await chargedBy(db, 'PLATFORM_FEE'))['O1'];

describe('a fee in another currency than its market', () => {
  it('is converted at the rate of the trade date, posted in the trade currency, and explained', async () => {
    await addRate({ rate: '7.7' });
    await addRate({ rate: '7.8', validFrom: MON_2025_12_22 });
    await addRate({ rate: '7.7815', validFrom: MON_2025_12_22, version: 2 });
    await addRate({ rate: '7.9', validFrom: TUE_2025_12_23 });
    await clearFlow(db, MONDAY);
    // USD 1.00 at least; 5,000 × 0.0001 = 0.50 is less.
    expect(await platformFee()).toBe('7.78');
    const { rows } = await db.$client.query(
      `SELECT exact_amount AS exact, choice ->> 'currency' AS currency,
         choice -> 'fx' ->> 'rate' AS rate
       FROM fees JOIN fee_choices USING (choice_id) JOIN fee_codes USING (fee_code_id)
       WHERE fee_code = 'PLATFORM_FEE'`,
    );
    expect(rows).toEqual([{ exact: '7.7815', currency: 'HKD', rate: '7.7815' }]);
    let explained = 0;
    for await (const page of feeExplanationsOf(db.$client, MON_2025_12_22)) {
      for (const each of page) {
        if ('fault' in each) throw each.fault;
        expect(differenceOf(each.explanation)).toBeUndefined();
        if (each.explanation.feeCode !== 'PLATFORM_FEE') continue;
        explained += 1;
        expect(each.explanation).toMatchObject({
          currency: 'HKD',
          rule: { definition: { currency: 'USD', min: '1.00' } },
          arithmetic: [
            { step: 'convert', from: 'USD', to: 'HKD', rate: '7.7815', validFrom: MON_2025_12_22 },
            { step: 'compute', arithmetic: '5000 × 0.0001', result: '0.5' },
            { step: 'min', bound: '7.7815', isDeciding: true },
            { step: 'round', result: '7.78' },
          ],
        });
      }
    }
    expect(explained).toBe(1);
  });

  it('parks billing with pair and trade date where no rate has begun; none is turned round', async () => {
    await addRate({ rate: '0.128', from: 'HKD', to: 'USD' });
    await addRate({ rate: '7.8', validFrom: TUE_2025_12_23 });
    await runStep(db, MONDAY, 'sync');
    await expect(runStep(db, MONDAY, 'billing')).rejects.toMatchObject({
      code: 'FX_RATE_MISSING',
      details: { from: 'USD', to: 'HKD', tradeDate: MON_2025_12_22, feeCode: 'PLATFORM_FEE' },
    });
    expect(await count(db, 'live_contracts')).toBe(0);
  });

  it('is billed again by the rates that its date knew', async () => {
    await addRate({ rate: '7.8' });
    await clearFlow(db, MONDAY);
    await addRate({ rate: '8', version: 2, knownFrom: TUE_2025_12_23 });
    await undoFlow(db, MONDAY);
    await clearAgain(db, { ...MONDAY, generation: 2 });
    expect(await platformFee()).toBe('7.80');
    // A correction that is entered while the date is open again counts.
    await addRate({ rate: '7.75', version: 3 });
    await undoFlow(db, { ...MONDAY, generation: 2 });
    await clearAgain(db, { ...MONDAY, generation: 3 });
    expect(await platformFee()).toBe('7.75');
  });

  it('needs no rate where its rule does not win', async () => {
    await addRule({ ruleId: 70_002, version: 2 });
    await clearFlow(db, MONDAY);
    expect(await platformFee()).toBe('1.00');
  });
});

it('a rate can be neither changed nor removed, nor be nothing', async () => {
  await addRate({ rate: '7.8' });
  for (const change of ['UPDATE fx_rates SET rate = 8', 'DELETE FROM fx_rates']) {
    await expect(db.$client.query(change)).rejects.toThrow(/append-only/);
  }
  await expect(addRate({ rate: '0', version: 2 })).rejects.toThrow();
});
