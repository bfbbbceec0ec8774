import { afterAll, beforeAll, expect, it } from 'vitest';
import { DayDesk } from '../support/desk.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { MON_2025_12_22, startTiny, TUE_2025_12_23, type Stage } from '../support/tiny-system.ts';
import { granted } from '../tickets/consent.ts';
import { contractOf, feesOf } from './reads.ts';

interface Simulated {
  readonly orders: readonly { readonly fees: readonly object[] }[];
}

const ACCOUNT = '20000001';

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

/** So many thousands at 100.00 a share. */
const order = (thousands: number, tradeDate: string) =>
  orderOf({
    accountNo: ACCOUNT,
    instrumentId: 'ST/HK/700',
    tradeDate,
    executions: [{ quantity: String(thousands * 10), price: '100' }],
  });

const commissionOf = async (orderId: string) => {
  const { contractId } = await contractOf(stage.operator, orderId);
  const fees = await feesOf(stage.operator, contractId);
  return fees.find(({ feeCode }) => feeCode === 'COMMISSION');
};

it('L40 a trade of 300k behind 900k pays 100k at 0.1 % and 200k at 0.05 %', async () => {
  await granted(stage.operator, await stage.as('approver'), {
    key: 'billing.fee_rule_version.exec',
    target: { market: 'HK', feeCode: 'COMMISSION', scheduleId: null, accountNo: ACCOUNT },
    payload: {
      rule: {
        effectiveFrom: '2025-12-01',
        sides: 'BOTH',
        unit: 'order',
        formula: {
          kind: 'turnoverTier',
          mode: 'marginal',
          tiers: [
            { upTo: '1000000', rate: '0.001' },
            { upTo: null, rate: '0.0005' },
          ],
        },
        rounding: { mode: 'half-up', increment: '0.01' },
        currency: 'HKD',
      },
    },
  });
  const first = order(900, MON_2025_12_22);
  await sendOrders(stage.operator, [first]);
  await stage.day.clear();
  expect(await commissionOf(first.orderId)).toMatchObject({ amount: '900.00' });

  const second = order(300, TUE_2025_12_23);
  const simulated = await stage.operator.post<Simulated>('/fees/simulate', {
    accountNo: ACCOUNT,
    instrumentId: 'ST/HK/700',
    side: second.side,
    orderChannel: 0,
    tradeDate: TUE_2025_12_23,
    executions: second.executions.map(({ quantity, price }) => ({ quantity, price })),
  });
  expect(simulated.orders[0]?.fees).toContainEqual(
    expect.objectContaining({ feeCode: 'COMMISSION', amount: '200.00' }),
  );
  await sendOrders(stage.operator, [second]);
  const tuesday = new DayDesk(stage.operator, TUE_2025_12_23);
  await tuesday.flow('US').clear();
  await tuesday.flow('HK').clear();
  expect(await commissionOf(second.orderId)).toMatchObject({
    amount: '200.00',
    monthBefore: '900000',
    steps: [
      { step: 'month', before: '900000' },
      { step: 'compute', arithmetic: '100000 × 0.001 + 200000 × 0.0005', result: '200' },
      { step: 'round', result: '200.00' },
    ],
  });
  await tuesday.expectInvariants();
});
