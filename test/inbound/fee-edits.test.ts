import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postingBalanceOf } from '../bulk/support/fee-books.ts';
import {
  clear,
  count,
  execution,
  MON_2025_12_22,
  ok,
  order,
  place,
  send,
  startApi,
  type ApiUnderTest,
} from './support.ts';

interface Bill {
  readonly contractId: number;
  readonly revision: number;
  readonly calculateOutAmount: string;
  readonly billAmount: string;
  readonly netAmount: string;
  readonly handPricedBy: string | null;
  readonly items: readonly {
    readonly feeCode: string;
    readonly calculateOutAmount: string | null;
    readonly billAmount: string | null;
  }[];
}

const REASON = 'agreed with the client by telephone';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await ok(send(api, 'orders', { items: [order('O1'), order('O2')] }));
  await ok(send(api, 'executions', { items: [execution('E1', 'O1'), execution('E2', 'O2')] }));
  await clear(api.db, 'sync');
});
let contractId = 0;
/** Billed anew, so that nobody has priced anything by hand. */
beforeEach(async () => {
  await unpinAll();
  await place(api.db, {
    mode: 'PAUSED',
    steps: { billing: 'NOT_STARTED', posting: 'NOT_STARTED' },
  });
  await clear(api.db, 'billing');
  contractId = (await contractOf('O1')).contractId;
});
afterAll(() => api.close());

interface Contract {
  readonly contractId: number;
  readonly feeAmount: string;
  readonly calculateOutAmount: string;
  readonly netAmount: string;
  readonly handPricedBy: string | null;
  readonly handPriceReason: string | null;
}

async function contractOf(orderId: string): Promise<Contract> {
  const { items } = await ok<{ items: Contract[] }>(
    api.get(`/contracts?ledgerDate=${MON_2025_12_22}&orderId=${orderId}`),
  );
  const [contract] = items;
  if (contract === undefined) throw new Error(`no contract of ${orderId}`);
  return contract;
}

async function unpinAll(): Promise<void> {
  const { items } = await ok<{ items: { contractId: number }[] }>(
    api.get(`/contracts?ledgerDate=${MON_2025_12_22}&handPriced=true`),
  );
  for (const { contractId: id } of items) {
    const { revision } = await billOf(id);
    await ok(api.post(`/contracts/${id}/fees/unpin`, { reason: 'another test', revision }));
  }
}

const billOf = (id = contractId) => ok<Bill>(api.get(`/contracts/${id}/bill`));
const ask = async (
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  payload: object,
  person: 'operator' | 'operator2' | 'approver' = 'operator',
) =>
  api.app.inject({
    method,
    url: `/api/v1/contracts/${contractId}/fees${path}`,
    headers: await api.as(person),
    payload,
  });
const amount = (feeCode: string, value: unknown, revision = 0) =>
  ask('PATCH', `/${feeCode}`, { amount: value, reason: REASON, revision });
const add = (feeCode: string, value: unknown, revision = 0) =>
  ask('POST', '', { feeCode, amount: value, reason: REASON, revision });
const remove = (feeCode: string, revision = 0) =>
  ask('DELETE', `/${feeCode}`, { reason: REASON, revision });
const codeOf = (answer: { json: () => unknown }) => (answer.json() as { code: string }).code;
const feeOf = (bill: Bill, feeCode: string) => bill.items.find((fee) => fee.feeCode === feeCode);

describe('the fees of a contract between billing and posting', () => {
  it('are changed in one amount, and the others stay (L36)', async () => {
    const before = await billOf();
    expect(before).toMatchObject({ revision: 0, handPricedBy: null });
    expect(before.billAmount).toBe(before.calculateOutAmount);
    const after = await ok<Bill>(amount('COMMISSION', '0.01'));
    expect(feeOf(after, 'COMMISSION')).toMatchObject({
      calculateOutAmount: feeOf(before, 'COMMISSION')?.calculateOutAmount,
      billAmount: '0.01',
    });
    const others = ({ items }: Bill) => items.filter(({ feeCode }) => feeCode !== 'COMMISSION');
    expect(others(after)).toEqual(others(before));
    expect(await contractOf('O1')).toMatchObject({
      feeAmount: after.billAmount,
      calculateOutAmount: before.calculateOutAmount,
      netAmount: after.netAmount,
      handPricedBy: 'operator',
      handPriceReason: REASON,
    });
    expect(await billOf((await contractOf('O2')).contractId)).toMatchObject({ handPricedBy: null });
  });

  it('are recorded with the bill before and after, and the reason', async () => {
    const before = await billOf();
    const after = await ok<Bill>(remove('STAMP'));
    const { rows } = await api.db.$client.query<{ before: Bill; after: Bill }>(
      `SELECT before, after FROM audit_events WHERE action = 'contract_fee.delete'
       ORDER BY event_id DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ before, after: { ...after, reason: REASON } }]);
  });

  it('can all be deleted, and one added again', async () => {
    let bill = await billOf();
    for (const { feeCode } of bill.items) bill = await ok<Bill>(remove(feeCode, bill.revision));
    expect(bill).toMatchObject({ billAmount: '0.00' });
    expect(bill.items.every(({ billAmount }) => billAmount === null)).toBe(true);
    bill = await ok<Bill>(add('PLATFORM_FEE', '7', bill.revision));
    expect(bill).toMatchObject({ billAmount: '7.00' });
    expect((await amount('STAMP', '1', bill.revision)).json()).toMatchObject({
      code: 'FEE_NOT_CHARGED',
    });
  });

  it('are tried without saving: what billing gave', async () => {
    const edits = await count(api.db, 'fee_edits');
    const trial = await ok<{ calculateOutAmount: string; items: { feeCode: string }[] }>(
      api.get(`/contracts/${contractId}/fees/trial`),
    );
    const bill = await billOf();
    expect(trial.calculateOutAmount).toBe(bill.calculateOutAmount);
    expect(trial.items.map(({ feeCode }) => feeCode)).toEqual(
      bill.items.map(({ feeCode }) => feeCode),
    );
    expect(await count(api.db, 'fee_edits')).toBe(edits);
  });

  it.each(['-1', '1.2345', '1234567890123', '1e3', '', 1, null])(
    '%j is no amount',
    async (value) => {
      const answer = await amount('COMMISSION', value);
      expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
      expect(answer.body).toContain('amount');
      expect(await billOf()).toMatchObject({ revision: 0 });
    },
  );

  it('need a reason, a known fee code and the permission', async () => {
    const noReason = await ask('PATCH', '/STAMP', { amount: '1', revision: 0 });
    expect([noReason.statusCode, noReason.body]).toEqual([400, expect.stringContaining('reason')]);
    expect(codeOf(await add('NO_SUCH_FEE', '1'))).toBe('UNKNOWN_FEE_CODE');
    expect(codeOf(await add('STAMP', '1'))).toBe('FEE_ALREADY_CHARGED');
    const body = { amount: '1', reason: REASON, revision: 0 };
    expect((await ask('PATCH', '/STAMP', body, 'approver')).statusCode).toBe(403);
    expect((await api.get('/contracts/999999/bill')).statusCode).toBe(404);
    expect(await billOf()).toMatchObject({ revision: 0 });
  });

  it('are of one person at a time: the second saw a former bill', async () => {
    const both = await Promise.all([amount('STAMP', '1'), amount('COMMISSION', '1')]);
    expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    const [loser] = both.filter(({ statusCode }) => statusCode === 409);
    const { revision } = await billOf();
    expect(loser?.json()).toMatchObject({
      code: 'VERSION_CONFLICT',
      details: { revisionSeen: 0, revision },
    });
  });

  it.each(['AUTO_RUNNING', 'PAUSE_REQUESTED', 'STEP_RUNNING', 'REVOKING'])(
    'wait for a pause while the flow is %s',
    async (mode) => {
      await place(api.db, { mode });
      const answer = await amount('STAMP', '1');
      expect([answer.statusCode, codeOf(answer)]).toEqual([409, 'STEP_IN_PROGRESS']);
      expect(await billOf()).toMatchObject({ revision: 0 });
    },
  );

  it('are fixed once posting has begun, also where it failed (L37)', async () => {
    await place(api.db, { mode: 'PAUSED_ON_ERROR', steps: { posting: 'FAILED' } });
    const answer = await amount('STAMP', '1');
    expect([answer.statusCode, answer.json()]).toEqual([
      422,
      expect.objectContaining({
        code: 'FEE_EDIT_AFTER_POSTING',
        details: { contractId, offers: ['revoke'] },
      }),
    ]);
  });

  it('are not edited on a contract that a later billing took the place of', async () => {
    const former = contractId;
    await clear(api.db, 'billing');
    expect(codeOf(await amount('STAMP', '1'))).toBe('CONTRACT_DISCARDED');
    contractId = (await contractOf('O1')).contractId;
    expect(contractId).not.toBe(former);
    await ok(amount('STAMP', '1'));
  });

  it('stay as a person said when billing runs again, until they are unpinned (L39)', async () => {
    const priced = await billOf();
    const byHand = await ok<Bill>(amount('STAMP', '0'));
    const outcome = await clear(api.db, 'billing');
    expect(outcome.result).toMatchObject({ contracts: 2, handPriced: 1 });
    const again = await contractOf('O1');
    expect(again).toMatchObject({
      feeAmount: byHand.billAmount,
      netAmount: byHand.netAmount,
      calculateOutAmount: priced.calculateOutAmount,
      handPricedBy: 'operator',
      handPriceReason: REASON,
    });
    contractId = again.contractId;
    const { revision } = await billOf();
    const unpinned = await ok<Bill>(ask('POST', '/unpin', { reason: 'a mistake', revision }));
    expect(unpinned).toMatchObject({ billAmount: priced.billAmount, handPricedBy: null });
    const none = await ask('POST', '/unpin', { reason: 'again', revision: unpinned.revision });
    expect(codeOf(none)).toBe('NOT_PRICED_BY_HAND');
    expect((await clear(api.db, 'billing')).result).toMatchObject({ handPriced: 0 });
    const { items } = await ok<{ items: { action: string }[] }>(
      api.get(`/contracts/${contractId}/fees/edits`),
    );
    expect(items.map(({ action }) => action)).toEqual(['AMOUNT', 'CARRY', 'UNPIN']);
  });

  it('stop billing when the trade changed, until a person confirms or unpins', async () => {
    await ok(amount('STAMP', '0'));
    await ok(send(api, 'executions', execution('E1', 'O1', { version: 2, price: '620' })));
    await clear(api.db, 'sync');
    await expect(clear(api.db, 'billing')).rejects.toMatchObject({
      code: 'HAND_PRICE_STALE',
      details: { contracts: [{ contractId, orderId: 'O1' }] },
    });
    await api.db.$client.query(
      `UPDATE step_runs SET status = 'FAILED', finished_at = now() WHERE status = 'RUNNING'`,
    );
    await place(api.db, { mode: 'PAUSED_ON_ERROR', steps: { billing: 'FAILED' } });
    const { revision } = await billOf();
    await ok(ask('POST', '/confirm', { reason: 'still agreed', revision }));
    const twice = await ask('POST', '/confirm', {
      reason: 'once more',
      revision: (await billOf()).revision,
    });
    expect(codeOf(twice)).toBe('HAND_PRICE_NOT_STALE');
    expect((await clear(api.db, 'billing')).result).toMatchObject({ handPriced: 1 });
    const changed = await contractOf('O1');
    contractId = changed.contractId;
    const bill = await billOf();
    expect(feeOf(bill, 'STAMP')).toMatchObject({ billAmount: '0.00' });
    expect(Number(bill.netAmount)).toBeCloseTo(62_000 + Number(bill.billAmount), 2);
    expect(await count(api.db, 'fee_edits', `action = 'CONFIRM' AND reason = 'still agreed'`)).toBe(
      1,
    );
  });

  it('are in the closing table, priced and billed, and posted as they are billed', async () => {
    const byHand = await ok<Bill>(amount('COMMISSION', '0.01'));
    const closing = await ok<Record<string, Record<string, unknown>[]>>(
      api.get(`/ledger-dates/${MON_2025_12_22}/closing`),
    );
    expect(closing['handPrices']).toMatchObject([
      {
        contractId,
        orderId: 'O1',
        counts: true,
        calculateOutAmount: byHand.calculateOutAmount,
        billAmount: byHand.billAmount,
        editor: 'operator',
        reason: REASON,
      },
    ]);
    expect(closing['contracts']).toMatchObject([{ count: 2, handPriced: 1 }]);
    const commission = closing['fees']?.find(({ feeCode }) => feeCode === 'COMMISSION');
    const other = feeOf(await billOf((await contractOf('O2')).contractId), 'COMMISSION');
    expect(Number(commission?.['amount'])).toBeCloseTo(0.01 + Number(other?.billAmount), 2);
    await clear(api.db, 'posting');
    const balance = await postingBalanceOf(api.db, contractId);
    expect(balance['FEE:COMMISSION']).toBe('0.01');
    expect(Number(balance['CLIENT'])).toBe(-Number(byHand.netAmount));
    const after = await ok<Record<string, { name: string; ok: boolean }[]>>(
      api.get(`/ledger-dates/${MON_2025_12_22}/closing`),
    );
    expect(after['invariants']?.filter((each) => !each.ok)).toEqual([]);
    expect(codeOf(await amount('COMMISSION', '1', byHand.revision))).toBe('FEE_EDIT_AFTER_POSTING');
  });
});
