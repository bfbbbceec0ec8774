import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractsOf } from './support/books.ts';
import { stepOf } from './support/desk.ts';
import { placeOrder } from './support/front-office.ts';
import { inDatabase } from './support/in-flight.ts';
import { MON_2025_12_22, startTiny, type Stage } from './support/tiny-system.ts';
import { enterSupplement, ordersOf } from './trades/reads.ts';

const ACCOUNT = '20000001';
const WTT = 6;

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

const scheduleUntil = (day: string | null) =>
  inDatabase(
    stage.system,
    `UPDATE account_fee_schedules SET effective_to = ${day === null ? 'NULL' : `'${day}'`}
     WHERE account_id = (SELECT account_id FROM accounts WHERE account_no = '${ACCOUNT}')`,
  );

describe('a second pass of billing', () => {
  it('that fails leaves nothing billed, so the reason can be mended in every way', async () => {
    const hk = stage.day.flow('HK');
    const { orderId } = await placeOrder(stage.operator, {
      accountNo: ACCOUNT,
      instrumentId: 'ST/HK/700',
      tradeDate: MON_2025_12_22,
    });
    await stage.day.flow('US').clear();
    await hk.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk.mustRunStep(step);
    expect(await contractsOf(stage.operator, MON_2025_12_22, 'HK')).toMatchObject([{ state: 3 }]);

    await scheduleUntil('2024-12-31');
    await stage.operator.must(`${hk.path}/steps/billing/run`);
    expect(stepOf(await hk.settled(), 'billing')).toMatchObject({
      status: 'FAILED',
      pass: 2,
      failure: { code: 'FEE_RULE_MISSING', details: { orderId } },
    });
    expect(await contractsOf(stage.operator, MON_2025_12_22, 'HK')).toEqual([]);
    expect(await ordersOf(stage.operator, MON_2025_12_22)).toMatchObject([{ billed: false }]);
    expect(await hk.revoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' })).toMatchObject({
      code: 'NOTHING_TO_REVOKE',
    });
    const edit = { ledgerDate: MON_2025_12_22, manualOpEntrustWay: WTT };
    const { status } = await stage.operator.ask('POST', `/orders/${orderId}/channel`, {
      body: edit,
    });
    expect(status).toBe(200);
    expect((await enterSupplement(stage.operator, MON_2025_12_22)).status).toBe(200);

    await scheduleUntil(null);
    expect((await hk.run()).mode).toBe('COMPLETED');
    const contracts = await contractsOf(stage.operator, MON_2025_12_22, 'HK');
    expect(contracts).toHaveLength(2);
    expect(contracts).toContainEqual(expect.objectContaining({ orderId, orderChannel: WTT }));
    await stage.day.expectInvariants();
  });
});
