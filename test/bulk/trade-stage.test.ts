import { afterEach, describe, expect, it } from 'vitest';
import { enterAmendment, planAmendment } from '../../db/amendments.repository.ts';
import { feeRuleVersion } from '../../db/bulk/billing-queries.ts';
import { tariffsOf } from '../../db/bulk/tariffs.ts';
import type { Db } from '../../db/client.ts';
import { tryFees } from '../../db/fee-trial.ts';
import { feeExplanationsOf } from '../../db/queries/fee-explanations.ts';
import { feeRules } from '../../db/schema/reference.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import {
  addTrade,
  changeOrder,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
} from './support/broker.ts';
import { count } from './support/books.ts';
import { runStep, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const TUESDAY: Place = { ...MONDAY, ledgerDate: TUE_2025_12_23 };
const TUE_09_00 = '2025-12-23T01:00:00Z';
const GREY_ONLY: FeeRule = {
  ruleId: 60_001,
  feeCode: 'PLATFORM_FEE',
  market: 'HK',
  scheduleId: null,
  version: 1,
  effectiveFrom: '2025-01-01' as BusinessDate,
  sides: 'BOTH',
  unit: 'order',
  formula: { kind: 'flat', amount: '88' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  conditions: { stages: ['GREY'] },
};

let db: Db;
afterEach(() => db.$client.end());

async function addGreyRule(): Promise<void> {
  const { ruleId, feeCode, market, scheduleId, version, effectiveFrom } = GREY_ONLY;
  const searched = { ruleId, feeCode, market, scheduleId, version, effectiveFrom };
  await db.insert(feeRules).values({ ...searched, definition: GREY_ONLY, knownFrom: null });
}

const buy = (orderId: string, stage: 'NORMAL' | 'GREY', accountNo = 'A0001') =>
  addTrade(db, { orderId, accountNo, stage, fills: [[`${orderId}-1`, '100', '50']] });

async function clear(place: Place): Promise<void> {
  for (const step of ['sync', 'billing', 'posting', 'settlement'] as const) {
    await runStep(db, place, step);
  }
}

interface Billed {
  readonly contractId: number;
  readonly stage: string;
  readonly amount: string;
}

/** What each contract of a date pays for the platform, by order id. */
async function platformFees(ledgerDate: BusinessDate): Promise<Record<string, Billed>> {
  const { rows } = await db.$client.query<Billed & { orderId: string }>(
    `SELECT c.order_id AS "orderId", c.contract_id AS "contractId", c.stage, f.amount
     FROM live_contracts c
     JOIN fees f ON f.ledger_date = c.ledger_date AND f.contract_id = c.contract_id
     JOIN fee_codes k ON k.fee_code_id = f.fee_code_id AND k.fee_code = 'PLATFORM_FEE'
     WHERE c.ledger_date = $1`,
    [ledgerDate],
  );
  return Object.fromEntries(rows.map(({ orderId, ...billed }) => [orderId, billed]));
}

async function plansOf(place: Place): Promise<number> {
  const frozen = await feeRuleVersion(db.$client, 'HK', { ledgerDate: place.ledgerDate });
  return (await tariffsOf(db, 'HK', frozen)).plans.size;
}

describe('the stage of a trade', () => {
  it('selects a special fee of the grey market, for grey trades only', async () => {
    db = await smallBroker();
    await addGreyRule();
    await buy('G1', 'GREY');
    await buy('N1', 'NORMAL');
    await buy('N2', 'NORMAL', 'A0002');
    await clear(MONDAY);
    expect(await platformFees(MON_2025_12_22)).toMatchObject({
      G1: { stage: 'GREY', amount: '88.00' },
      N1: { stage: 'NORMAL', amount: '15.00' },
      N2: { stage: 'NORMAL', amount: '15.00' },
    });
    expect(await plansOf(MONDAY)).toBe(2);
  });

  it('makes no plan of its own while no rule names a stage', async () => {
    db = await smallBroker();
    await buy('G1', 'GREY');
    await buy('N1', 'NORMAL');
    await clear(MONDAY);
    expect(await count(db, 'live_contracts', `stage = 'GREY' AND order_id = 'G1'`)).toBe(1);
    expect(await plansOf(MONDAY)).toBe(1);
  });

  it('is tried and explained as it was billed', async () => {
    db = await smallBroker();
    await addGreyRule();
    await buy('G1', 'GREY');
    await clear(MONDAY);
    const { G1 } = await platformFees(MON_2025_12_22);
    const feeOf = async (stage?: 'NORMAL' | 'GREY') => {
      const trial = await tryFees(db, G1!.contractId, stage === undefined ? {} : { stage });
      return trial.items.find(({ feeCode }) => feeCode === 'PLATFORM_FEE')?.amount;
    };
    expect([await feeOf(), await feeOf('NORMAL')]).toEqual(['88.00', '15.00']);
    for await (const page of feeExplanationsOf(db.$client, MON_2025_12_22)) {
      for (const fee of page) {
        if (!('explanation' in fee)) throw fee.fault;
        const { feeCode, inputs, matched } = fee.explanation;
        expect(inputs.stage).toBe('GREY');
        const asked = feeCode === 'PLATFORM_FEE' ? 'GREY' : 'any';
        expect(matched).toContainEqual({ condition: 'stage', asked, found: 'GREY' });
      }
    }
  });

  it('that the front office changes after posting is listed, and the contract stays', async () => {
    db = await smallBroker();
    await buy('G1', 'GREY');
    await clear(MONDAY);
    await rollTo(db, TUE_2025_12_23);
    await changeOrder(db, 'G1', { stage: 'NORMAL', at: TUE_09_00 });
    await runStep(db, TUESDAY, 'sync');
    expect(await count(db, 'trade_exceptions', `reason = 'CHANGED_AFTER_POSTING'`)).toBe(1);
    expect(await count(db, 'live_contracts', `stage = 'GREY'`)).toBe(1);
  });

  it('can be amended: the half that takes back keeps the old one, the new one is priced anew', async () => {
    db = await smallBroker();
    await addGreyRule();
    await buy('N1', 'NORMAL');
    await clear(MONDAY);
    await rollTo(db, TUE_2025_12_23);
    const { N1 } = await platformFees(MON_2025_12_22);
    const at = { lock: true, now: new Date(TUE_09_00) };
    const amendment = await inTransaction(db, async (t) => {
      const planned = await planAmendment(t, N1!.contractId, { stage: 'GREY' }, at);
      expect(planned.refusal).toBeUndefined();
      const entry = { ticketId: 'T-1', reason: 'it was grey', approvers: ['checker'] };
      return enterAmendment(t, planned, { ...entry, person: 'maker', now: new Date(TUE_09_00) });
    });
    await clear(TUESDAY);
    expect(await platformFees(TUE_2025_12_23)).toMatchObject({
      [amendment.offsetOrderId]: { stage: 'NORMAL' },
      [amendment.newOrderId]: { stage: 'GREY', amount: '88.00' },
    });
  });
});
