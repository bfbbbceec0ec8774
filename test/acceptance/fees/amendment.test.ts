import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEvidenceKey } from '../../../api/evidence-key.ts';
import { projectRoot } from '../../../config.ts';
import { poll } from '../../../scripts/embedded/processes.ts';
import type { Api } from '../support/api.ts';
import { booksOf } from '../support/books.ts';
import { DayDesk, type FlowDesk } from '../support/desk.ts';
import { placeOrder, type PlacedOrder } from '../support/front-office.ts';
import { importAgreeingFiles } from '../support/trade-files.ts';
import {
  FRI_2025_12_19,
  MON_2025_12_22,
  startTiny,
  TUE_2025_12_23,
  WED_2025_12_24,
  type Stage,
} from '../support/tiny-system.ts';
import type { Problem } from '../support/views.ts';
import { ask, granted, type Asked } from '../tickets/consent.ts';
import { contractOf, journalsOf, sum } from '../trades/reads.ts';

const WRONG = '20000008';
const RIGHT = '20000009';

interface Contract {
  readonly contractId: number;
  readonly state: number | null;
  readonly source: string;
  readonly accountNo: string;
  readonly side: string;
  readonly netAmount: string;
  readonly feeAmount: string;
  readonly amendmentId: number | null;
  readonly originContractId: number | null;
  readonly offsetContractId: number | null;
  readonly newContractId: number | null;
}

interface Trial {
  readonly calculateOutAmount: string;
  readonly items: readonly { readonly feeCode: string; readonly amount: string }[];
}

let stage: Stage;
let us: FlowDesk;
let order: PlacedOrder;
let originId = 0;

const dayOf = (ledgerDate: string) => new DayDesk(stage.operator, ledgerDate);
const contract = (id: number | null) => stage.operator.get<Contract>(`/contracts/${id}`);
/** What an account owns of dollars and of the share, settled and unsettled together. */
async function ownedBy(accountNo: string): Promise<Record<string, string>> {
  interface Holding {
    readonly settled: string;
    readonly unsettled: string;
  }
  const of = async (path: string) => {
    const found = await stage.operator.list<Holding>(path);
    return sum(found.flatMap(({ settled, unsettled }) => [settled, unsettled]));
  };
  return {
    USD: await of(`/balances?accountNo=${accountNo}&currency=USD`),
    share: await of(`/positions?accountNo=${accountNo}&instrumentId=ST%2FUS%2FAAPL`),
  };
}
const numbersOf = ({ originContractId, offsetContractId, newContractId }: Contract) => [
  originContractId,
  offsetContractId,
  newContractId,
];
const amendment = (payload: Readonly<Record<string, unknown>> = { accountNo: RIGHT }): Asked => ({
  key: 'billing.contract_revise.exec',
  target: { contractId: originId },
  payload,
});

let before: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  const keyFile = join(mkdtempSync(join(inject('scratch'), 'amendment-')), 'key.pem');
  openEvidenceKey(keyFile);
  stage = await startTiny({ env: { DAYCUT_EVIDENCE_KEY: keyFile } });
  before = { [WRONG]: await ownedBy(WRONG), [RIGHT]: await ownedBy(RIGHT) };
  order = await placeOrder(stage.operator, {
    accountNo: WRONG,
    instrumentId: 'ST/US/AAPL',
    tradeDate: FRI_2025_12_19,
    executions: [{ quantity: '246', price: '270' }],
  });
  await importAgreeingFiles(stage.operator, [order]);
  await dayOf(MON_2025_12_22).flow('US').makeReady();
  for (const step of ['sync', 'preCheck', 'billing']) {
    await dayOf(MON_2025_12_22).flow('US').mustRunStep(step);
  }
  originId = (await contractOf(stage.operator, order.orderId)).contractId;
});
afterAll(() => stage.stop());

// The scenarios share a system and follow each other over three ledger dates.
describe('a trade that was booked to the wrong client', () => {
  let origin: Contract;
  let books: Awaited<ReturnType<typeof booksOf>>;

  it('is not amended on its own ledger date, which can be revoked', async () => {
    const { status, body } = await ask(stage.operator, amendment());
    expect([status, (body as Problem).code]).toEqual([422, 'AMENDMENT_NOT_NEEDED']);
  });

  it('settles; then the permission and known names are needed', async () => {
    const revision = 0;
    await stage.operator.ask('PATCH', `/contracts/${originId}/fees/US_SETTLEMENT`, {
      body: { amount: '0.01', reason: 'agreed', revision },
    });
    await dayOf(MON_2025_12_22).flow('US').run();
    await dayOf(MON_2025_12_22).clear(['HK', 'day-end']);
    await dayOf(TUE_2025_12_23).clear();
    origin = await contract(originId);
    expect(origin).toMatchObject({ state: 5, accountNo: WRONG, amendmentId: null });
    us = dayOf(WED_2025_12_24).flow('US');
    const late = await stage.operator.ask<Problem>(
      'PATCH',
      `/contracts/${originId}/fees/US_SETTLEMENT`,
      { body: { amount: '1', reason: 'too late', revision: 1 } },
    );
    expect(late.body).toMatchObject({
      code: 'FEE_EDIT_AFTER_POSTING',
      details: { offers: ['amendment'] },
    });
    const viewer = await ask(await stage.as('viewer'), amendment());
    expect(viewer.status).toBe(403);
    const nobody = await ask(stage.operator, amendment({ accountNo: 'NOBODY' }));
    expect([nobody.status, nobody.body.code]).toEqual([400, 'UNKNOWN_ACCOUNT']);
    const grey = await ask(stage.operator, amendment({ stage: 'GREY' }));
    expect([grey.status, grey.body.code]).toEqual([400, 'OUT_OF_RANGE']);
    const closed = await ask(stage.operator, amendment({ accountNo: '20000028' }));
    expect([closed.status, closed.body.code]).toEqual([422, 'ACCOUNT_CLOSED']);
    const saturday = await ask(
      stage.operator,
      amendment({ accountNo: RIGHT, cashSettlementDate: '2025-12-20' }),
    );
    expect(saturday.status).toBe(400);
  });

  it('is charged the fees that the amendment names, and can be void until it is posted', async () => {
    const untouched = await booksOf(stage.operator);
    const fees = [{ feeCode: 'COMMISSION', amount: '5' }];
    const asked = amendment({ accountNo: RIGHT, fees });
    const { result } = await granted(stage.operator, await stage.as('approver'), asked);
    await us.makeReady();
    for (const step of ['sync', 'preCheck', 'billing']) await us.mustRunStep(step);
    const { newContractId, offsetContractId } = await contract(originId);
    expect(await contract(newContractId)).toMatchObject({ feeAmount: '5.00' });
    const bill = await stage.operator.get<{ revision: number }>(
      `/contracts/${offsetContractId}/bill`,
    );
    const edited = await stage.operator.ask<Problem>(
      'PATCH',
      `/contracts/${offsetContractId}/fees/COMMISSION`,
      { body: { amount: '1', reason: 'no', revision: bill.revision } },
    );
    expect(edited.body.code).toBe('PART_OF_AMENDMENT');

    const path = `/contract-amendments/${String(result?.['amendmentId'])}`;
    const billed = await stage.operator.ask<Problem>('DELETE', path);
    expect(billed.body.code).toBe('ORDER_ALREADY_BILLED');
    await us.mustRevoke({ assetRollback: 'NO_OP', supplements: 'ADD_TO_CLEARING' });
    const voided = await stage.operator.ask<object>('DELETE', path);
    expect(voided).toMatchObject({ status: 200, body: { voidedBy: 'operator' } });
    expect((await stage.operator.ask<object>('DELETE', path)).body).toEqual(voided.body);
    await us.clear();
    expect(await booksOf(stage.operator)).toEqual(untouched);
    expect(await contract(originId)).toEqual(origin);
    await us.mustRevoke({ assetRollback: 'UNDO', supplements: 'ADD_TO_CLEARING' });
  });

  it('L44 is taken back and booked to the right one, and the original stays', async () => {
    books = await booksOf(stage.operator);
    const journals = await journalsOf(stage.operator, originId);
    const trial = await stage.operator.get<Trial>(
      `/contracts/${originId}/amendment-trial?accountNo=${RIGHT}`,
    );
    const ticket = await granted(stage.operator, await stage.as('approver'), amendment());
    const { feeAmount, netAmount } = origin;
    expect(ticket.before).toMatchObject({ accountNo: WRONG, feeAmount, feesFrom: 'the bill' });
    expect(Number(ticket.before?.['netAmount'])).toBe(Number(netAmount));
    expect(ticket.after).toMatchObject({
      ...{ accountNo: RIGHT, feesFrom: 'the rules', feeAmount: trial.calculateOutAmount },
      fees: trial.items.map((item) => ({ feeCode: item.feeCode, amount: item.amount })),
    });
    const again = await ask(stage.operator, amendment());
    expect([again.status, again.body.code]).toEqual([409, 'ALREADY_AMENDED']);
    const offset = String(ticket.result?.['offsetOrderId']);
    const voided = await stage.operator.ask<Problem>(
      'DELETE',
      `/supplements/${offset.replace('SUP-', '')}`,
    );
    expect(voided.body.code).toBe('PART_OF_AMENDMENT');

    await us.clear();
    const now = await contract(originId);
    const { amendmentId, offsetContractId, newContractId } = now;
    expect({ ...now, ...NO_NUMBERS }).toEqual({ ...origin, ...NO_NUMBERS });
    expect(await journalsOf(stage.operator, originId)).toEqual(journals);
    const [reverse, replacement] = [
      await contract(offsetContractId),
      await contract(newContractId),
    ];
    expect([now, reverse, replacement].map(numbersOf)).toEqual(
      Array(3).fill([originId, offsetContractId, newContractId]),
    );
    expect(reverse).toMatchObject({
      source: 'AMENDMENT_REVERSE',
      state: 5,
      accountNo: WRONG,
      side: 'SELL',
      amendmentId,
    });
    expect(Number(reverse.netAmount)).toBe(Number(origin.netAmount));
    expect(Number(reverse.feeAmount)).toBe(-Number(origin.feeAmount));
    expect(replacement).toMatchObject({
      source: 'AMENDMENT_NEW',
      state: 5,
      accountNo: RIGHT,
      side: 'BUY',
      feeAmount: trial.calculateOutAmount,
    });
    expect(await ownedBy(WRONG)).toEqual(before[WRONG]);
    expect(await ownedBy(RIGHT)).toEqual({
      USD: sum([before[RIGHT]?.['USD'] ?? '', `-${replacement.netAmount}`]),
      share: sum([before[RIGHT]?.['share'] ?? '', '246']),
    });
    await dayOf(WED_2025_12_24).expectInvariants();
  });

  it('is amended once, however often the date is revoked and cleared again', async () => {
    const booked = await booksOf(stage.operator);
    await us.mustRevoke({ assetRollback: 'UNDO', supplements: 'NO_OP' });
    expect(await booksOf(stage.operator)).toEqual(books);
    await us.clear();
    expect(await booksOf(stage.operator)).toEqual(booked);
    await us.mustRevoke({ assetRollback: 'NO_OP', supplements: 'NO_OP' });
    await us.clear();
    expect(await booksOf(stage.operator)).toEqual(booked);
    const { items } = await stage.operator.get<{ items: { voidedAt: string | null }[] }>(
      `/contract-amendments?originContractId=${originId}`,
    );
    expect(items.map(({ voidedAt }) => voidedAt === null)).toEqual([true, false]);
    await dayOf(WED_2025_12_24).expectInvariants();
    await dayOf(WED_2025_12_24).clear(['HK', 'day-end']);

    const auditor = await stage.as('auditor');
    const { offsetContractId } = await contract(originId);
    const posted = (await journalsOf(stage.operator, offsetContractId ?? 0)).filter(
      ({ kind }) => kind === 'tradePosting',
    );
    const { verified, said } = await verifiedEvidence(auditor, posted.at(-1)?.journalId ?? 0);
    expect([verified, said]).toEqual([0, expect.stringContaining('Everything holds.')]);
  });
});

const NO_NUMBERS = {
  amendmentId: null,
  originContractId: null,
  offsetContractId: null,
  newContractId: null,
};

/** Exported and checked as an auditor does it, once the runs are archived. */
async function verifiedEvidence(auditor: Api, journalId: number) {
  const path = `/audit/evidence?journalId=${journalId}&ledgerDate=${WED_2025_12_24}`;
  const pack = await poll('the archive of the runs', 60_000, async () => {
    const { status, body } = await auditor.ask<object>('GET', path);
    return status === 200 ? body : undefined;
  });
  const file = join(mkdtempSync(join(inject('scratch'), 'pack-')), 'pack.json');
  writeFileSync(file, JSON.stringify(pack));
  const run = spawnSync(process.execPath, ['scripts/verify-evidence.mjs', file], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  return { verified: run.status, said: run.stdout + run.stderr };
}
