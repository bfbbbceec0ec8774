import { afterEach, describe, expect, it } from 'vitest';
import { addAgentFeeRule } from '../../db/agent-fee-rules.repository.ts';
import { enterAmendment, planAmendment } from '../../db/amendments.repository.ts';
import type { Db } from '../../db/client.ts';
import { editFees } from '../../db/fee-edits.repository.ts';
import { changeFlow, pointStep } from '../../db/flows.repository.ts';
import { readAgentFees } from '../../db/queries/agent-fees.ts';
import { readClosing } from '../../db/queries/closing.ts';
import { readContract } from '../../db/queries/contracts.ts';
import { readFees } from '../../db/queries/fees.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { balancesOf, billsOf, count, postedOf, unbalancedJournals } from './support/books.ts';
import {
  addTrade,
  addTrades,
  MON_2025_12_22,
  rollTo,
  smallBroker,
  TUE_2025_12_23,
} from './support/broker.ts';
import { postingBalanceOf } from './support/fee-books.ts';
import { enterMergeRule } from './support/merging.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';
import { clearAgain, clearFlow, undoFlow } from './support/whole-flow.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const AGAIN: Place = { ...MONDAY, generation: 2 };
const TUESDAY: Place = { ...MONDAY, ledgerDate: TUE_2025_12_23 };

const opened: Db[] = [];
async function broker(): Promise<Db> {
  const db = await smallBroker();
  opened.push(db);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.$client.end();
});

let nextId = 0;
async function addAgentRule(
  db: Db,
  changes: Partial<FeeRule> = {},
  knownFrom: BusinessDate = MON_2025_12_22,
): Promise<void> {
  const rule: FeeRule = {
    ruleId: (nextId += 1),
    feeCode: 'COMMISSION',
    market: 'HK',
    scheduleId: 'CCASS',
    version: 1,
    effectiveFrom: '2025-01-01' as BusinessDate,
    sides: 'BOTH',
    unit: 'execution',
    formula: { kind: 'flat', amount: '0.35' },
    rounding: { mode: 'half-up', increment: '0.01' },
    currency: 'HKD',
    ...changes,
  };
  const by = { addedBy: 'maker', approvedBy: ['checker'], ticketId: 'T-1', knownFrom };
  await inTransaction(db, ({ tx }) => addAgentFeeRule(tx, rule, by));
}

const FILLS = [
  ['E1', '100', '50'],
  ['E2', '300', '50'],
] as const;
const buy = (db: Db, orderId = 'O1') =>
  addTrade(db, {
    ...{ orderId, accountNo: 'A0001' },
    fills: FILLS.map(([id, ...rest]) => [`${orderId}-${id}`, ...rest] as const),
  });

async function contractIdOf(db: Db, orderId = 'O1'): Promise<number> {
  const { rows } = await db.$client.query<{ id: number }>(
    'SELECT contract_id AS id FROM live_contracts WHERE order_id = $1',
    [orderId],
  );
  return rows[0]!.id;
}

/** Amounts of the agents' accounts, without those at zero. */
async function agentBalances(db: Db): Promise<Record<string, string>> {
  const { rows } = await db.$client.query<{ code: string; amount: string }>(
    `SELECT h.code, trim_scale(sum(d.amount))::text AS amount FROM house_balance_deltas d
     JOIN house_accounts h USING (ledger_account_id) WHERE h.kind LIKE 'AGENT%'
     GROUP BY 1 HAVING sum(d.amount) <> 0`,
  );
  return Object.fromEntries(rows.map(({ code, amount }) => [code, amount]));
}

async function brokenInvariants(db: Db, ledgerDate = MON_2025_12_22): Promise<string[]> {
  const { invariants } = await readClosing(db, ledgerDate);
  return invariants.filter(({ ok }) => !ok).map(({ name }) => name);
}

describe('while no agent charges anything', () => {
  it('billing freezes, reads and writes nothing of agents, and posting neither', async () => {
    const db = await broker();
    await buy(db);
    await clearFlow(db, MONDAY);
    const { rows } = await db.$client.query<{ inputs: Record<string, unknown> }>(
      `SELECT inputs FROM step_runs WHERE step IN ('billing', 'posting')`,
    );
    for (const { inputs } of rows) {
      expect(inputs).not.toHaveProperty('agentRules');
      expect(inputs).not.toHaveProperty('hasAgentFees');
    }
    expect(await count(db, 'agent_fees')).toBe(0);
    expect((await readClosing(db, MON_2025_12_22)).agentFees).toEqual([]);
  });
});

describe('what an agent charges', () => {
  it('is priced from the same executions, apart from what the client pays', async () => {
    const plain = await broker();
    const db = await broker();
    await addAgentRule(db);
    await addAgentRule(db, {
      ...{ feeCode: 'PLATFORM_FEE', unit: 'contract', min: '2.00' },
      formula: { kind: 'rate', rate: '0.00005' },
    });
    await addAgentRule(db, { feeCode: 'STAMP', scheduleId: 'HKOTC' });
    for (const each of [plain, db]) {
      await buy(each);
      await clearFlow(each, MONDAY);
    }
    expect(await billsOf(db)).toEqual(await billsOf(plain));
    const contractId = await contractIdOf(db);
    const fees = await readAgentFees(db.$client, contractId);
    expect(fees).toMatchObject([
      { feeCode: 'COMMISSION', executionNo: 1, amount: '0.35', settlementChannel: 'CCASS' },
      { feeCode: 'COMMISSION', executionNo: 2, amount: '0.35' },
      { feeCode: 'PLATFORM_FEE', executionNo: 0, metric: '20000', clamp: 'min', amount: '2.00' },
    ]);
    for (const { steps, amount } of fees) expect(steps.at(-1)?.result).toBe(amount);
    const { amount: platform } = (await readFees(db.$client, contractId)).find(
      ({ feeCode }) => feeCode === 'PLATFORM_FEE',
    )!;
    expect(platform).toBe('15.00');
    const { feeAmount } = await readContract(db.$client, contractId);
    const asBefore = await readContract(plain.$client, await contractIdOf(plain));
    expect(feeAmount).toBe(asBefore.feeAmount);
  });

  it('is an expense of the house, owed to the custodian, in the journal of the trade', async () => {
    const db = await broker();
    await addAgentRule(db);
    await buy(db);
    await clearFlow(db, MONDAY);
    const posted = await postingBalanceOf(db, await contractIdOf(db));
    expect(posted).toMatchObject({
      'AGENT_EXPENSE:COMMISSION': '-0.70',
      'AGENT_PAYABLE:CCASS': '0.70',
    });
    expect(await unbalancedJournals(db)).toEqual([]);
    expect(await balancesOf(db)).toEqual(await postedOf(db));
    const closing = await readClosing(db, MON_2025_12_22);
    expect(closing.agentFees).toEqual([
      {
        ...{ settlementChannel: 'CCASS', feeCode: 'COMMISSION', currency: 'HKD' },
        ...{ rows: 2, amount: '0.70' },
      },
    ]);
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it('is taken back by an undo and booked anew; a later pass drops what it replaces', async () => {
    const db = await broker();
    await addAgentRule(db);
    await addTrades(db, 20);
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    const before = await balancesOf(db);
    await clearAgain(db, MONDAY);
    const cleared = await agentBalances(db);
    expect(cleared).toEqual({ 'AGENT_EXPENSE:COMMISSION': '-14', 'AGENT_PAYABLE:CCASS': '14' });
    await undoFlow(db, AGAIN);
    expect(await balancesOf(db)).toEqual(before);
    expect(await agentBalances(db)).toEqual({});
    expect(await brokenInvariants(db)).toEqual([]);
    await clearAgain(db, AGAIN);
    expect(await agentBalances(db)).toEqual(cleared);
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it('is written once, with its contract, however often an attempt ends', async () => {
    const db = await broker();
    await addAgentRule(db);
    await addTrades(db, 20);
    for (const step of ['sync', 'billing', 'posting'] as const) {
      const run = await openRun(db, MONDAY, step);
      for (let chunks = 1; chunks <= 3; chunks += 1) {
        const attempt = workOne(db, run, 0, { chunkSize: 4, stopAfter: 1 });
        await expect(attempt).rejects.toMatchObject({ code: 'FENCED_OUT' });
      }
      await workOne(db, run, 0, { chunkSize: 4 });
      const { result } = await closeRun(db, run);
      if (step === 'billing') {
        expect(result).toMatchObject({ agentFeeRows: 40, agentFees: { COMMISSION: '14.00' } });
      }
    }
    expect(await agentBalances(db)).toMatchObject({ 'AGENT_PAYABLE:CCASS': '14' });
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it('stays as it is when a person prices the contract by hand', async () => {
    const db = await broker();
    await addAgentRule(db);
    await buy(db);
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    await inTransaction(db, async ({ tx }) => {
      await changeFlow(tx, MONDAY, { mode: 'PAUSED' });
      await pointStep(tx, MONDAY, { step: 'billing', status: 'SUCCEEDED' });
      await pointStep(tx, MONDAY, { step: 'posting', status: 'NOT_STARTED' });
    });
    const contractId = await contractIdOf(db);
    const decision = { contractId, revision: 0, reason: 'agreed', person: 'operator' };
    await inTransaction(db, (t) =>
      editFees(
        t,
        { ...decision, now: new Date('2025-12-22T10:00:00Z') },
        { action: 'AMOUNT', feeCode: 'COMMISSION', amount: '0.01' },
      ),
    );
    await clearAgain(db, MONDAY);
    expect(await postingBalanceOf(db, await contractIdOf(db))).toMatchObject({
      ...{ 'FEE:COMMISSION': '0.01', 'AGENT_EXPENSE:COMMISSION': '-0.70' },
    });
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it('of a date that is billed again is what was known on it', async () => {
    const db = await broker();
    await addAgentRule(db);
    await addAgentRule(db, { version: 2, formula: { kind: 'flat', amount: '9' } }, TUE_2025_12_23);
    await buy(db);
    await clearFlow(db, MONDAY);
    const fees = await readAgentFees(db.$client, await contractIdOf(db));
    expect(fees.map(({ amount }) => amount)).toEqual(['0.35', '0.35']);
  });

  it('can hang on the order channel, the stage and the account', async () => {
    const db = await broker();
    const conditions = { stages: ['GREY'], channels: [0], accounts: ['A0002'] } as const;
    await addAgentRule(db);
    await addAgentRule(db, { conditions, formula: { kind: 'flat', amount: '5' } });
    await buy(db);
    for (const [orderId, accountNo] of [
      ['G1', 'A0001'],
      ['G2', 'A0002'],
    ] as const) {
      const fills = [[`${orderId}-1`, '100', '50']] as const;
      await addTrade(db, { orderId, accountNo, stage: 'GREY', fills });
    }
    await clearFlow(db, MONDAY);
    const amounts = async (orderId: string) =>
      (await readAgentFees(db.$client, await contractIdOf(db, orderId))).map((fee) => fee.amount);
    expect(await amounts('O1')).toEqual(['0.35', '0.35']);
    expect(await amounts('G1')).toEqual(['0.35']);
    expect(await amounts('G2')).toEqual(['5.00']);
  });

  it('of a merged contract is one of its contract, and one of each of its orders', async () => {
    const db = await broker();
    await enterMergeRule(db);
    await addAgentRule(db, { unit: 'contract', formula: { kind: 'perOrder', amount: '1' } });
    await addAgentRule(db, { feeCode: 'PLATFORM_FEE', unit: 'order' });
    await buy(db, 'M1');
    await buy(db, 'M2');
    await clearFlow(db, MONDAY);
    const fees = await readAgentFees(db.$client, await contractIdOf(db, 'M1'));
    expect(fees).toMatchObject([
      { feeCode: 'COMMISSION', executionNo: 0, orderId: null, metric: '2', amount: '2.00' },
      { feeCode: 'PLATFORM_FEE', executionNo: 0, orderId: 'M1', amount: '0.35' },
      { feeCode: 'PLATFORM_FEE', executionNo: 0, orderId: 'M2', amount: '0.35' },
    ]);
    expect(await agentBalances(db)).toMatchObject({ 'AGENT_PAYABLE:CCASS': '2.7' });
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it('is not charged for an amendment, of which the street hears nothing', async () => {
    const db = await broker();
    await addAgentRule(db);
    await buy(db);
    await clearFlow(db, MONDAY);
    const contractId = await contractIdOf(db);
    await rollTo(db, TUE_2025_12_23);
    await inTransaction(db, async (t) => {
      const now = new Date('2025-12-23T01:00:00Z');
      const asked = { accountNo: 'A0002' };
      const planned = await planAmendment(t, contractId, asked, { lock: true, now });
      const entry = { ticketId: 'T-2', reason: 'a test', approvers: ['checker'] };
      await enterAmendment(t, planned, { ...entry, person: 'maker', now });
    });
    await clearFlow(db, TUESDAY);
    expect(await count(db, 'live_contracts', `ledger_date = '${TUE_2025_12_23}'`)).toBe(2);
    expect(await count(db, 'agent_fees', `ledger_date = '${TUE_2025_12_23}'`)).toBe(0);
    expect(await agentBalances(db)).toMatchObject({ 'AGENT_PAYABLE:CCASS': '0.7' });
    expect(await brokenInvariants(db, TUE_2025_12_23)).toEqual([]);
  });
});
