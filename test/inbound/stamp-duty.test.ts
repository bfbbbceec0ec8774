import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedOrder } from '../../db/fee-simulation.ts';
import type { StampDutyView } from '../../db/stamp-duty.repository.ts';
import type { FeeExplanation } from '../../domain/fees/fee-explanation.ts';
import {
  clear,
  closeRun,
  execution,
  HK,
  MON_2025_12_22,
  ok,
  openRun,
  order,
  place,
  send,
  startApi,
  TENCENT,
  TRACKER,
  workOne,
  type ApiUnderTest,
} from './support.ts';

const APPLE = 'ST/US/AAPL';
const FRI_2025_12_19 = '2025-12-19';
const TUE_2025_12_23 = '2025-12-23';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await ok(send(api, 'orders', { items: [order('O1'), order('O2', { instrumentId: TRACKER })] }));
  await ok(send(api, 'executions', { items: [execution('E1', 'O1'), execution('E2', 'O2')] }));
  await clear(api.db, 'sync');
});
beforeEach(async () => {
  await api.db.$client.query(
    `BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM stamp_duty_edits; COMMIT`,
  );
  await api.db.$client.query(`UPDATE step_runs SET discarded_at = now() WHERE step = 'billing'`);
  await place(api.db, {
    mode: 'PAUSED',
    steps: { sync: 'SUCCEEDED', preCheck: 'NOT_STARTED', billing: 'NOT_STARTED' },
  });
});
afterAll(() => api.close());

const pathOf = (instrumentId: string) => `/instruments/${encodeURIComponent(instrumentId)}`;
const edit = (change: Record<string, unknown> = {}, instrumentId = TENCENT) =>
  api.post(`${pathOf(instrumentId)}/stamp-duty-edits`, {
    ledgerDate: MON_2025_12_22,
    exempt: true,
    effectiveFrom: MON_2025_12_22,
    expiresOn: MON_2025_12_22,
    reason: 'The exchange corrected its list.',
    ...change,
  });
const dutyOf = (tradeDate: string = MON_2025_12_22, instrumentId = TENCENT) =>
  ok<StampDutyView>(api.get(`${pathOf(instrumentId)}/stamp-duty?tradeDate=${tradeDate}`));

interface BilledFee {
  readonly feeId: string;
  readonly amount: string;
  readonly waiver: string;
}

/** The stamp duty rows of the contracts of an order that count. */
async function billedStamp(orderId = 'O1'): Promise<BilledFee[]> {
  const { rows } = await api.db.$client.query<BilledFee>(
    `SELECT f.ledger_date || '.' || f.contract_id || '.' || f.line AS "feeId", f.amount::text,
       choice ->> 'waiver' AS waiver
     FROM live_contracts c JOIN fees f USING (ledger_date, contract_id)
     JOIN fee_codes USING (fee_code_id) JOIN fee_choices USING (choice_id)
     WHERE order_id = $1 AND fee_code = 'STAMP'`,
    [orderId],
  );
  return rows;
}

async function simulated(
  instrumentId: string,
  tradeDate: string = MON_2025_12_22,
): Promise<Record<string, string>> {
  const answer = await ok<{ orders: SimulatedOrder[] }>(
    api.post('/fees/simulate', {
      accountNo: '20000001',
      instrumentId,
      side: 'SELL',
      orderChannel: 6,
      tradeDate,
      quantity: '100',
      price: '613.5',
    }),
  );
  return Object.fromEntries(answer.orders[0]!.fees.map(({ feeCode, amount }) => [feeCode, amount]));
}

describe('an edited stamp duty exemption', () => {
  it('L41 frees a stock of Hong Kong from stamp duty, and its fee says who did and why', async () => {
    await clear(api.db, 'billing');
    expect(await billedStamp()).toMatchObject([{ amount: '62.00', waiver: '' }]);
    await place(api.db, { mode: 'IDLE', steps: { billing: 'INVALIDATED' } });
    await api.db.$client.query(`UPDATE step_runs SET discarded_at = now() WHERE step = 'billing'`);
    const { editNo } = await ok<StampDutyView>(edit());
    await clear(api.db, 'billing');
    const [fee] = await billedStamp();
    expect(fee).toMatchObject({ amount: '0.00', waiver: 'exempt-instrument' });
    const explained = await ok<FeeExplanation>(api.get(`/fees/${fee!.feeId}/explanation`));
    expect(explained.inputs.stampDutyEdit).toEqual({
      editNo,
      exempt: true,
      effectiveFrom: MON_2025_12_22,
      expiresOn: MON_2025_12_22,
      editor: 'operator',
      reason: 'The exchange corrected its list.',
    });
  });

  it('L41 leaves a fund of Hong Kong exempt, whatever is said of it', async () => {
    await ok(edit({ exempt: false }, TRACKER));
    await clear(api.db, 'billing');
    expect(await billedStamp('O2')).toMatchObject([{ amount: '0.00', waiver: 'exempt-type' }]);
  });

  it('L41 changes nothing for a stock of New York', async () => {
    const before = await simulated(APPLE, FRI_2025_12_19);
    await ok(edit({ effectiveFrom: FRI_2025_12_19 }, APPLE));
    expect(await simulated(APPLE, FRI_2025_12_19)).toEqual(before);
    expect(await dutyOf(FRI_2025_12_19, APPLE)).toMatchObject({ exempt: true });
  });

  it('survives another sync, and a later change of the master data', async () => {
    await ok(edit());
    const version = (stampDutyExempt: boolean, of: number) => ({
      instrumentId: TENCENT,
      version: of,
      type: 'EQUITY',
      name: 'Tencent',
      currency: 'HKD',
      lotSize: 100,
      stampDutyExempt,
      recordedAt: `2025-12-22T0${of}:00:00.000Z`,
    });
    await ok(send(api, 'instruments', version(true, 2)));
    await clear(api.db, 'sync');
    await ok(send(api, 'instruments', version(false, 3)));
    await clear(api.db, 'sync');
    expect(await dutyOf()).toMatchObject({ masterDataExempt: false, exempt: true });
    await clear(api.db, 'billing');
    expect(await billedStamp()).toMatchObject([{ amount: '0.00' }]);
  });

  it('holds for its trade dates and no longer; simulation and billing agree', async () => {
    await ok(edit());
    expect(await simulated(TENCENT)).toMatchObject({ STAMP: '0.00' });
    expect(await simulated(TENCENT, TUE_2025_12_23)).toMatchObject({ STAMP: '62.00' });
    expect(await simulated(TENCENT, FRI_2025_12_19)).toMatchObject({ STAMP: '62.00' });
    expect(await dutyOf(TUE_2025_12_23)).toMatchObject({ exempt: false, editNo: null });
  });

  it('is history once a newer one covers the date; null gives the word back to the flag', async () => {
    await ok(edit());
    await ok(edit({ exempt: null, reason: 'It was right before.' }));
    const { exempt, editNo, edits } = await dutyOf();
    expect([exempt, editNo]).toEqual([false, null]);
    expect(edits.map((each) => [each.exempt, each.editor])).toEqual([
      [true, 'operator'],
      [null, 'operator'],
    ]);
    await clear(api.db, 'billing');
    expect(await billedStamp()).toMatchObject([{ amount: '62.00' }]);
  });

  it('is frozen when billing opens: a later one plays no part in that run', async () => {
    const run = await openRun(api.db, HK, 'billing');
    await ok(edit());
    await workOne(api.db, run, 0);
    await closeRun(api.db, run);
    const [fee] = await billedStamp();
    expect(fee).toMatchObject({ amount: '62.00' });
    const explained = await ok<FeeExplanation>(api.get(`/fees/${fee!.feeId}/explanation`));
    expect(explained.inputs.stampDutyEdit).toBeNull();
  });

  it('is refused once billing succeeded, but for trade dates ahead', async () => {
    await place(api.db, { steps: { billing: 'SUCCEEDED' } });
    const answer = await edit();
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'INSTRUMENT_ALREADY_BILLED',
      details: { instrumentId: TENCENT, flow: 'HK' },
    });
    expect((await dutyOf()).edits).toEqual([]);
    await ok(edit({ effectiveFrom: TUE_2025_12_23, expiresOn: TUE_2025_12_23 }));
  });

  it('is refused while a contract of the instrument counts, and only of this one', async () => {
    await clear(api.db, 'billing');
    await place(api.db, { mode: 'IDLE', steps: { billing: 'INVALIDATED' } });
    expect((await edit()).json()).toMatchObject({ code: 'INSTRUMENT_ALREADY_BILLED' });
    await ok(edit({}, 'ST/HK/4335'));
  });

  it.each(['AUTO_RUNNING', 'STEP_RUNNING', 'REVOKING'])(
    'waits for a pause while the flow is %s',
    async (mode) => {
      await place(api.db, { mode });
      const answer = await edit();
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        409,
        'STEP_IN_PROGRESS',
      ]);
    },
  );

  it.each([
    [{ expiresOn: FRI_2025_12_19 }, 'OUT_OF_RANGE', 'expiresOn'],
    [{ reason: '  ' }, 'BAD_REQUEST', 'reason'],
    [{ reason: undefined }, 'BAD_REQUEST', 'reason'],
    [{ exempt: 1 }, 'BAD_REQUEST', 'exempt'],
    [{ expiresOn: undefined }, 'BAD_REQUEST', 'expiresOn'],
    [{ ledgerDate: FRI_2025_12_19 }, 'LEDGER_DATE_NOT_CURRENT', '2025-12-19'],
  ])('refuses %j', async (change, code, said) => {
    const answer = await edit(change);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body).toContain(said);
    expect((await dutyOf()).edits).toEqual([]);
  });

  it('of an unknown instrument is 404, and needs the permission', async () => {
    expect((await edit({}, 'ST/HK/NONE')).statusCode).toBe(404);
    const answer = await api.app.inject({
      method: 'POST',
      url: `/api/v1${pathOf(TENCENT)}/stamp-duty-edits`,
      headers: await api.as('approver'),
      payload: {},
    });
    expect(answer.statusCode).toBe(403);
  });

  it('stands in the audit log with what counted before, and cannot be altered', async () => {
    await ok(edit());
    await ok(edit({ exempt: false, reason: 'No, it pays.' }));
    const { rows } = await api.db.$client.query(
      `SELECT person, target_id, before ->> 'exempt' AS was, after ->> 'exempt' AS is,
         after ->> 'reason' AS reason FROM audit_events
       WHERE action = 'stamp_duty.edit' ORDER BY event_id DESC LIMIT 2`,
    );
    expect(rows).toEqual([
      { person: 'operator', target_id: TENCENT, was: 'true', is: 'false', reason: 'No, it pays.' },
      {
        person: 'operator',
        target_id: TENCENT,
        was: 'false',
        is: 'true',
        reason: 'The exchange corrected its list.',
      },
    ]);
    for (const change of [
      'UPDATE stamp_duty_edits SET exempt = null',
      'DELETE FROM stamp_duty_edits',
    ]) {
      await expect(api.db.$client.query(change)).rejects.toThrow('append-only');
    }
  });
});
