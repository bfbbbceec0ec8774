import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEvidenceKey } from '../../../api/evidence-key.ts';
import { projectRoot } from '../../../config.ts';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { Answer } from '../support/api.ts';
import { booksOf, journalsOf } from '../support/books.ts';
import { stepOf, type FlowDesk } from '../support/desk.ts';
import { orderOf, placeOrder, sendOrders, type PlacedOrder } from '../support/front-office.ts';
import { importAgreeingFiles } from '../support/trade-files.ts';
import { FRI_2025_12_19, MON_2025_12_22, startTiny, type Stage } from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import { contractOf, mustEnterSupplement } from '../trades/reads.ts';

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

const REASON = 'agreed with the client';

let stage: Stage;
let us: FlowDesk;
let hk: FlowDesk;
/** 246 × 0.003 = 0.738: a settlement fee of 0.74 USD. */
let apple: PlacedOrder;
const tencent = orderOf({
  accountNo: '20000001',
  instrumentId: 'ST/HK/700',
  tradeDate: MON_2025_12_22,
});

beforeAll(async () => {
  const keyFile = join(mkdtempSync(join(inject('scratch'), 'hand-prices-')), 'key.pem');
  openEvidenceKey(keyFile);
  stage = await startTiny({ env: { DAYCUT_EVIDENCE_KEY: keyFile } });
  [us, hk] = [stage.day.flow('US'), stage.day.flow('HK')];
  apple = await placeOrder(stage.operator, {
    accountNo: '20000008',
    instrumentId: 'ST/US/AAPL',
    tradeDate: FRI_2025_12_19,
    executions: [{ quantity: '246', price: '270' }],
  });
  await importAgreeingFiles(stage.operator, [apple]);
  await sendOrders(stage.operator, [tencent]);
});
afterAll(() => stage.stop());

async function billOf(orderId: string): Promise<Bill> {
  const { contractId } = await contractOf(stage.operator, orderId);
  return stage.operator.get(`/contracts/${contractId}/bill`);
}

/** An edit of what the person sees now, unless another revision is given. */
async function edit(
  method: 'POST' | 'PATCH' | 'DELETE',
  orderId: string,
  path: string,
  body: object = {},
): Promise<Answer<Bill & Problem>> {
  const { contractId, revision } = await billOf(orderId);
  return stage.operator.ask(method, `/contracts/${contractId}/fees${path}`, {
    body: { reason: REASON, revision, ...body },
  });
}

const feeOf = ({ items }: Bill, feeCode: string) =>
  items.find((item) => item.feeCode === feeCode)?.billAmount;
const others = ({ items }: Bill, feeCode: string) =>
  items.filter((item) => item.feeCode !== feeCode);

/** What the newest journals of a kind moved on a ledger account, in their own order. */
async function bookedOn(flow: string, ledgerAccount: string): Promise<string[]> {
  const journals = await journalsOf(stage.operator, MON_2025_12_22, flow);
  const reversed = new Set(journals.map(({ reversesJournalId }) => reversesJournalId));
  return journals
    .filter(({ kind, journalId }) => kind === 'tradePosting' && !reversed.has(journalId))
    .flatMap(({ postings }) => postings)
    .filter((posting) => posting.ledgerAccount === ledgerAccount)
    .map(({ amount }) => amount);
}

// The scenarios share a system and follow each other.
describe('a fee that a person changed', () => {
  let byHand: Bill;
  let opening: Awaited<ReturnType<typeof booksOf>>;

  it('L36 is billed and posted as edited, the others as they were, with before and after', async () => {
    opening = await booksOf(stage.operator);
    await us.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await us.mustRunStep(step);
    expect(await us.view()).toMatchObject({ mode: 'PAUSED' });
    const before = await billOf(apple.orderId);
    expect(feeOf(before, 'US_SETTLEMENT')).toBe('0.74');
    const { status, body } = await edit('PATCH', apple.orderId, '/US_SETTLEMENT', {
      amount: '0.01',
    });
    expect(status).toBe(200);
    byHand = body;
    expect(feeOf(byHand, 'US_SETTLEMENT')).toBe('0.01');
    expect(others(byHand, 'US_SETTLEMENT')).toEqual(others(before, 'US_SETTLEMENT'));
    expect(await contractOf(stage.operator, apple.orderId)).toMatchObject({
      feeAmount: byHand.billAmount,
      calculateOutAmount: before.billAmount,
      handPricedBy: 'operator',
      handPriceReason: REASON,
    });
    const auditor = await stage.as('auditor');
    const events = await auditor.list<{ before: Bill; after: Bill }>(
      `/audit/events?action=contract_fee.amount`,
    );
    expect(events.map((event) => [event.before, event.after])).toEqual([
      [before, { ...byHand, reason: REASON }],
    ]);

    expect((await us.run()).mode).toBe('COMPLETED');
    expect(await billOf(apple.orderId)).toEqual(byHand);
    expect(await bookedOn('US', 'FEE:US_SETTLEMENT')).toEqual(['0.01']);
    const closing = await stage.day.expectInvariants();
    expect(closing['handPrices']).toMatchObject([
      { orderId: apple.orderId, counts: true, billAmount: byHand.billAmount, reason: REASON },
    ]);
  });

  it('L37 is fixed once it is posted; a revoke is offered', async () => {
    const before = await booksOf(stage.operator);
    const { status, body } = await edit('PATCH', apple.orderId, '/US_SETTLEMENT', { amount: '9' });
    expect([status, body.code]).toEqual([422, 'FEE_EDIT_AFTER_POSTING']);
    expect(body.details).toMatchObject({
      contractId: byHand.contractId,
      offers: expect.arrayContaining(['revoke']) as string[],
    });
    expect(await billOf(apple.orderId)).toEqual(byHand);
    expect(await booksOf(stage.operator)).toEqual(before);
  });

  it('goes with the revoke, and stands when its contract is billed and posted again', async () => {
    await us.mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    expect(await booksOf(stage.operator)).toEqual(opening);
    const waiting = await stage.day.expectInvariants();
    expect(waiting['handPrices']).toMatchObject([{ orderId: apple.orderId, counts: false }]);
    await us.clear();
    expect(stepOf(await us.view(), 'billing').result).toMatchObject({ handPriced: 1 });
    const again = await billOf(apple.orderId);
    expect(again.contractId).not.toBe(byHand.contractId);
    const { items, billAmount, netAmount, handPricedBy } = byHand;
    expect(again).toMatchObject({ items, billAmount, handPricedBy });
    expect(Number(again.netAmount)).toBe(Number(netAmount));
    expect(await bookedOn('US', 'FEE:US_SETTLEMENT')).toEqual(['0.01']);
    await stage.day.expectInvariants();
  });
});

describe('a supplement that a person priced', () => {
  let free = '';
  let untouched = '';

  it('L39 keeps no fee at all when billing runs again, and an untouched one is priced', async () => {
    free = (await mustEnterSupplement(stage.operator, MON_2025_12_22)).orderId;
    untouched = (
      await mustEnterSupplement(stage.operator, MON_2025_12_22, { accountNo: '20000006' })
    ).orderId;
    await hk.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await hk.mustRunStep(step);
    for (const { feeCode } of (await billOf(free)).items) {
      expect((await edit('DELETE', free, `/${feeCode}`)).status).toBe(200);
    }
    const priced = await billOf(untouched);
    expect(priced.items.length).toBeGreaterThan(4);
    expect(await hk.mustRunStep('billing')).toMatchObject({ pass: 2, result: { handPriced: 1 } });
    const bill = await billOf(free);
    expect(bill).toMatchObject({ billAmount: '0.00', handPricedBy: 'operator' });
    expect(bill.items.filter(({ billAmount }) => billAmount !== null)).toEqual([]);
    expect(Number(bill.calculateOutAmount)).toBeGreaterThan(0);
    expect(await billOf(untouched)).toMatchObject({ items: priced.items, handPricedBy: null });
  });

  it('gets the fees of the rules back when it is unpinned, after a trial that saved nothing', async () => {
    const { contractId, calculateOutAmount } = await billOf(free);
    const trial = await stage.operator.get(`/contracts/${contractId}/fees/trial`);
    expect(trial).toMatchObject({ calculateOutAmount });
    expect(await billOf(free)).toMatchObject({ billAmount: '0.00' });
    const { body } = await edit('POST', free, '/unpin');
    expect(body).toMatchObject({ billAmount: calculateOutAmount, handPricedBy: null });
  });
});

describe('a hand price whose trade changed', () => {
  it('parks billing with the contract, until a person confirms it', async () => {
    const { body: byHand } = await edit('POST', tencent.orderId, '', {
      feeCode: 'US_SETTLEMENT',
      amount: '5',
    });
    expect(feeOf(byHand, 'US_SETTLEMENT')).toBe('5.00');
    expect((await hk.run()).mode).toBe('COMPLETED');
    await hk.mustRevoke({ assetRollback: 'UNDO', supplements: 'ADD_TO_CLEARING' });
    const [fill] = tencent.executions;
    await stage.operator.post('/front-office/executions', {
      ...fill,
      orderId: tencent.orderId,
      tradeDate: tencent.tradeDate,
      recordedAt: '2025-12-22T03:00:00Z',
      version: 2,
      price: '101',
    });
    await hk.makeReady();
    expect((await hk.run()).mode).toBe('PAUSED_ON_ERROR');
    const { contractId } = byHand;
    expect(await hk.step('billing')).toMatchObject({
      status: 'FAILED',
      failure: {
        code: 'HAND_PRICE_STALE',
        details: { contracts: [{ contractId, orderId: tencent.orderId }] },
      },
    });
    const { revision } = await stage.operator.get<Bill>(`/contracts/${contractId}/bill`);
    const confirmed = await stage.operator.ask('POST', `/contracts/${contractId}/fees/confirm`, {
      body: { reason: 'holds for 101 as well', revision },
    });
    expect(confirmed.status).toBe(200);
    expect((await hk.run()).mode).toBe('COMPLETED');
    const bill = await billOf(tencent.orderId);
    expect(feeOf(bill, 'US_SETTLEMENT')).toBe('5.00');
    expect(Number(bill.netAmount)).toBeCloseTo(10_100 + Number(bill.billAmount), 2);
    await stage.day.expectInvariants();
  });

  it('stands in the evidence of what was booked, which an auditor verifies', async () => {
    await stage.day.clear(['day-end']);
    const auditor = await stage.as('auditor');
    const { contractId } = await billOf(apple.orderId);
    const [journal] = await auditor.list<{ journalId: number }>(
      `/journals?contractId=${contractId}&kind=tradePosting`,
    );
    const path = `/audit/evidence?journalId=${journal?.journalId}&ledgerDate=${MON_2025_12_22}`;
    const pack = await poll('the archive of the runs', 60_000, async () => {
      const { status, body } = await auditor.ask<object>('GET', path);
      return status === 200 ? body : undefined;
    });
    const file = join(mkdtempSync(join(inject('scratch'), 'pack-')), 'pack.json');
    writeFileSync(file, JSON.stringify(pack));
    const verified = spawnSync(process.execPath, ['scripts/verify-evidence.mjs', file], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toContain(`Priced by hand by operator`);
    expect(verified.stdout).toContain(REASON);
  });
});
