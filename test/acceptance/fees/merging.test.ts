import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEvidenceKey } from '../../../api/evidence-key.ts';
import { projectRoot } from '../../../config.ts';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { Explanation } from '../../../scripts/explain-fees/explained-terms.ts';
import { differenceOf } from '../../../scripts/explain-fees/recompute-fee.ts';
import { DayDesk, stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, sendOrders, type OrderAsked, type PlacedOrder } from '../support/front-office.ts';
import { MON_2025_12_22, startTiny, TUE_2025_12_23, type Stage } from '../support/tiny-system.ts';
import { ask, granted, type Asked } from '../tickets/consent.ts';
import {
  contractOf,
  contractsOf,
  feesOf,
  journalsOf,
  mustEnterSupplement,
  ordersOf,
  type ContractRow,
  type FeeRow,
} from '../trades/reads.ts';

const CLIENT = '20000005';

const folder = mkdtempSync(join(inject('scratch'), 'merging-'));
let stage: Stage;
let hk: FlowDesk;
/** 10,000 each, filled in three executions of 3,300, 3,300 and 3,400. */
let orders: readonly PlacedOrder[];
/** Of the same key, until its channel is edited. */
let edited: PlacedOrder;

const tencent = (minute: number, asked: Partial<OrderAsked> = {}): PlacedOrder => {
  const executedAt = `${MON_2025_12_22}T02:3${minute}:00Z`;
  return orderOf({
    ...{ accountNo: CLIENT, instrumentId: 'ST/HK/700', tradeDate: MON_2025_12_22 },
    executions: ['33', '33', '34'].map((quantity) => ({ quantity, price: '100', executedAt })),
    recordedAt: `${MON_2025_12_22}T02:45:00Z`,
    ...asked,
  });
};

/** A special fee that everybody pays: 0.033 % of each part. */
const fee = (feeCode: string, unit: string): Asked => ({
  key: 'billing.fee_rule_version.exec',
  target: { market: 'HK', feeCode, scheduleId: null },
  payload: {
    rule: {
      ...{ effectiveFrom: MON_2025_12_22, sides: 'BOTH', unit, currency: 'HKD', conditions: {} },
      formula: { kind: 'rate', rate: '0.00033' },
      rounding: { mode: 'half-up', increment: '0.01' },
    },
  },
});
const MERGING: Asked = {
  key: 'billing.merge_rule_version.exec',
  target: { mergeRuleId: 'hk-retail' },
  payload: {
    rule: {
      ...{ name: 'Retail', market: 'HK', effectiveFrom: MON_2025_12_22 },
      packages: ['sample-hk-retail', 'sample-hk-vip'],
      ...{ merge: true, greyMarketMerge: false },
      items: [{ orderSources: [0, 3, 4, 9], mergeTag: 'online' }],
    },
  },
};

interface MergedRow extends ContractRow {
  readonly orderIds: readonly string[];
}
interface MergedFee extends FeeRow {
  readonly feeId: string;
  readonly orderId: string | null;
}

const merged = async (orderId: string): Promise<MergedRow> =>
  (await contractOf(stage.operator, orderId)) as MergedRow;
const idsOf = (placed: readonly PlacedOrder[]): string[] => placed.map(({ orderId }) => orderId);

beforeAll(async () => {
  const keyFile = join(folder, 'key.pem');
  openEvidenceKey(keyFile);
  stage = await startTiny({ env: { DAYCUT_EVIDENCE_KEY: keyFile } });
  hk = stage.day.flow('HK');
  const approver = await stage.as('approver');
  for (const asked of [
    MERGING,
    fee('PLATFORM_FEE', 'contract'),
    fee('COMMISSION', 'order'),
    fee('TRADING_FEE', 'execution'),
  ]) {
    await granted(stage.operator, approver, asked);
  }
  orders = [1, 2, 3].map((minute) => tencent(minute));
  edited = tencent(4);
  await sendOrders(stage.operator, [...orders, edited]);
  await stage.day.flow('US').clear();
  await hk.makeReady();
  await hk.mustRunStep('sync');
}, 180_000);
afterAll(() => stage.stop());

// The scenarios share a system and follow each other.
describe('orders that a merge rule puts together', () => {
  let contract: MergedRow;

  it('L27 are all of one key but the one whose channel is edited before billing', async () => {
    const path = `/orders/${edited.orderId}/channel`;
    const body = { ledgerDate: MON_2025_12_22, manualOpEntrustWay: 6 };
    const { status } = await stage.operator.ask('POST', path, { body });
    expect(status).toBe(200);
    await mustEnterSupplement(stage.operator, MON_2025_12_22, { accountNo: CLIENT });
    await hk.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk.mustRunStep(step);
    contract = await merged(orders[0]?.orderId ?? '');
    expect(contract).toMatchObject({
      orderIds: idsOf(orders),
      ...{ executionCount: 9, quantity: '300', source: 'FRONT_OFFICE' },
    });
    expect(Number(contract.grossAmount)).toBe(30_000);
    expect((await merged(edited.orderId)).orderIds).toEqual([edited.orderId]);
    const rows = (await contractsOf(stage.operator, MON_2025_12_22)) as MergedRow[];
    const mine = rows.filter(({ accountNo }) => accountNo === CLIENT);
    // What the back office enters is a contract of its own.
    expect(mine.map(({ source, orderIds }) => [source, orderIds.length])).toEqual(
      expect.arrayContaining([
        ['FRONT_OFFICE', 3],
        ['FRONT_OFFICE', 1],
        ['BACK_OFFICE', 1],
      ]),
    );
    const billed = await ordersOf(stage.operator, MON_2025_12_22, `&accountNo=${CLIENT}`);
    expect(billed.every((order) => order.billed)).toBe(true);
  });

  it('D.3, L43 pay one fee of the contract, three of orders, nine of executions', async () => {
    const fees = (await feesOf(stage.operator, contract.contractId)) as MergedFee[];
    const of = (feeCode: string) =>
      fees.filter((each) => each.feeCode === feeCode).map(({ amount }) => amount);
    expect(of('PLATFORM_FEE')).toEqual(['9.90']);
    expect(of('COMMISSION')).toEqual(['3.30', '3.30', '3.30']);
    expect(of('TRADING_FEE')).toEqual(orders.flatMap(() => ['1.09', '1.09', '1.12']));
    const ofOrders = fees.filter(({ feeCode }) => feeCode === 'COMMISSION');
    expect(ofOrders.map(({ orderId }) => orderId)).toEqual(idsOf(orders));
  });

  it('explain each fee by its executions, and are computed again offline', async () => {
    const fees = (await feesOf(stage.operator, contract.contractId)) as MergedFee[];
    for (const { feeId, feeCode } of fees) {
      const explanation = await stage.operator.get<Explanation>(`/fees/${feeId}/explanation`);
      expect(differenceOf(explanation)).toBeUndefined();
      const parts = { PLATFORM_FEE: 9, COMMISSION: 3, TRADING_FEE: 1 }[feeCode];
      if (parts !== undefined) expect(explanation.inputs.executions).toHaveLength(parts);
    }
  });

  it('are posted as one; what comes after a revoke that kept it is a contract of its own', async () => {
    expect((await hk.run()).mode).toBe('COMPLETED');
    await stage.day.expectInvariants();
    await hk.mustRevoke({ assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' });
    const late = tencent(0);
    await sendOrders(stage.operator, [late]);
    await hk.clear();
    expect((await merged(late.orderId)).orderIds).toEqual([late.orderId]);
    expect((await merged(orders[0]?.orderId ?? '')).contractId).toBe(contract.contractId);
    await stage.day.expectInvariants();
    await hk.mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    await hk.clear();
    contract = await merged(late.orderId);
    expect(contract.orderIds).toEqual([late.orderId, ...idsOf(orders)]);
    expect(stepOf(await hk.view(), 'billing').result).toMatchObject({ handPriced: 0 });
    await stage.day.expectInvariants();
  });

  it('are amended as one contract, which needs its fees named', async () => {
    await stage.day.flow('day-end').clear();
    await stage.day.cut();
    const amendment = (payload: Readonly<Record<string, unknown>>): Asked => ({
      key: 'billing.contract_revise.exec',
      target: { contractId: contract.contractId },
      payload: { orderChannel: 6, ...payload },
    });
    const refused = await ask(stage.operator, amendment({}));
    expect([refused.status, refused.body.code]).toEqual([422, 'AMENDMENT_NEEDS_FEES']);
    const fees = [{ feeCode: 'COMMISSION', amount: '12' }];
    const ticket = await granted(stage.operator, await stage.as('approver'), amendment({ fees }));
    const tuesday = new DayDesk(stage.operator, TUE_2025_12_23);
    await tuesday.flow('US').clear();
    await tuesday.flow('HK').clear();
    for (const half of ['offsetOrderId', 'newOrderId']) {
      const row = await merged(String(ticket.result?.[half]));
      expect(row).toMatchObject({ executionCount: 12, quantity: '400' });
      expect(Number(row.feeAmount)).toBe(half === 'newOrderId' ? 12 : -Number(contract.feeAmount));
    }
    await tuesday.expectInvariants();
  });

  it('are proven by evidence that tells who merged them', async () => {
    const journals = await journalsOf(stage.operator, contract.contractId);
    const { journalId } = journals.filter(({ kind }) => kind === 'tradePosting').at(-1)!;
    const auditor = await stage.as('auditor');
    const path = `/audit/evidence?journalId=${journalId}&ledgerDate=${MON_2025_12_22}`;
    const pack = await poll('the archive of the runs', 60_000, async () => {
      const { status, body } = await auditor.ask<object>('GET', path);
      return status === 200 ? body : undefined;
    });
    expect(JSON.stringify(pack)).toContain('merge_rule.added');
    const file = join(folder, 'pack.json');
    writeFileSync(file, JSON.stringify(pack));
    const checked = spawnSync(process.execPath, ['scripts/verify-evidence.mjs', file], {
      ...{ cwd: projectRoot, encoding: 'utf8' },
    });
    expect(checked.stdout + checked.stderr).toContain('Everything holds.');
    expect(checked.status).toBe(0);
  });
});
