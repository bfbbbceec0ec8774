import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FeeExplanation } from '../../../domain/fees/fee-explanation.ts';
import { differenceOf } from '../../../scripts/explain-fees/recompute-fee.ts';
import { orderOf, sendOrders } from '../support/front-office.ts';
import { MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import { ask, granted, type Asked } from '../tickets/consent.ts';
import { contractOf, feesOf } from '../trades/reads.ts';

const ACCOUNT = '20000001';

let stage: Stage;
beforeAll(async () => {
  stage = await startTiny();
});
afterAll(() => stage.stop());

/** A tenth of a per mille in US dollars, at least USD 1.00, of one account. */
const PLATFORM_FEE: Asked = {
  key: 'billing.fee_rule_version.exec',
  target: { market: 'HK', feeCode: 'PLATFORM_FEE', scheduleId: null, accountNo: ACCOUNT },
  payload: {
    rule: {
      ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH', unit: 'order', currency: 'USD' },
      formula: { kind: 'rate', rate: '0.0001' },
      min: '1.00',
      rounding: { mode: 'half-up', increment: '0.01' },
    },
  },
};

it('a Hong Kong trade pays USD 1.00 at the rate of its day, and the fee explains it to the cent', async () => {
  const refused = await ask(stage.operator, PLATFORM_FEE);
  expect([refused.status, refused.body.code]).toEqual([400, 'FEE_RULE_INVALID']);
  const approver = await stage.as('approver');
  await granted(stage.operator, approver, {
    key: 'billing.fx_rates.exec',
    target: { from: 'USD', to: 'HKD' },
    payload: { source: 'HKAB', rates: [{ validFrom: MON_2025_12_22, rate: '7.7815' }] },
  });
  await granted(stage.operator, approver, PLATFORM_FEE);
  const fill = { quantity: '100', price: '50' };
  const order = orderOf({
    ...{ accountNo: ACCOUNT, instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22 },
    executions: [fill],
  });
  const simulated = await stage.operator.post<{ orders: { fees: object[] }[] }>('/fees/simulate', {
    ...{ accountNo: ACCOUNT, instrumentId: 'ST/HK/700', side: order.side, orderChannel: 0 },
    ...{ tradeDate: MON_2025_12_22, executions: [fill] },
  });
  const charged = { feeCode: 'PLATFORM_FEE', currency: 'HKD', exactAmount: '7.7815' };
  expect(simulated.orders[0]?.fees).toContainEqual(
    expect.objectContaining({ ...charged, amount: '7.78' }),
  );

  await sendOrders(stage.operator, [order]);
  await stage.day.clear();
  const { contractId } = await contractOf(stage.operator, order.orderId);
  const fees = await feesOf(stage.operator, contractId);
  const fee = fees.find(({ feeCode }) => feeCode === 'PLATFORM_FEE')!;
  expect(fee).toMatchObject({ ...charged, amount: '7.78' });
  const path = `/fees/${(fee as unknown as { feeId: string }).feeId}/explanation`;
  const explanation = await stage.operator.get<FeeExplanation>(path);
  expect(explanation.terms.fx).toMatchObject({ rate: '7.7815', source: 'HKAB', version: 1 });
  expect(explanation.rule.definition).toMatchObject({ currency: 'USD', min: '1.00' });
  expect(explanation.arithmetic[0]).toMatchObject({ step: 'convert', from: 'USD', to: 'HKD' });
  expect(differenceOf(JSON.parse(JSON.stringify(explanation)) as never)).toBeUndefined();
  await stage.day.expectInvariants();
});
