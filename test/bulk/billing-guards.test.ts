import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { feeRuleVersion } from '../../db/bulk/billing-queries.ts';
import { CopyBuffer } from '../../db/bulk/copy-buffer.ts';
import { FeeRows } from '../../db/bulk/fee-rows.ts';
import { tariffsOf } from '../../db/bulk/tariffs.ts';
import type { Db } from '../../db/client.ts';
import { feeRules } from '../../db/schema/reference.ts';
import { endRun } from '../../db/step-runs.repository.ts';
import { supplementExecutions, supplements } from '../../db/schema/trades.ts';
import { compileTariff } from '../../domain/fees/compile-tariff.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { referenceData } from '../domain/reference.ts';
import { addTrade, addTrades, EQUITY, MON_2025_12_22, smallBroker } from './support/broker.ts';
import { billsOf, count } from './support/books.ts';
import { closeRun, openRun, runStep, workOne, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };
const PLATFORM_FEE = 9003;

let db: Db;
beforeEach(async () => {
  db = await smallBroker();
});
afterEach(() => db.$client.end());

async function feesOf(
  feeCode: string,
): Promise<(readonly [executionNo: number, amount: string])[]> {
  const { rows } = await db.$client.query<{ no: number; amount: string }>(
    `SELECT execution_no AS no, amount::text FROM fees JOIN fee_codes USING (fee_code_id)
     WHERE fee_code = $1 ORDER BY contract_id, line`,
    [feeCode],
  );
  return rows.map(({ no, amount }) => [no, amount] as const);
}

async function supplementWith(cashSettlementDate: string): Promise<string> {
  const { rows } = await db.$client.query<{ accountId: number; assetId: number }>(
    `SELECT (SELECT min(account_id) FROM accounts) AS "accountId",
       (SELECT asset_id FROM assets WHERE code = $1) AS "assetId"`,
    [EQUITY],
  );
  const [row] = await db
    .insert(supplements)
    .values({
      ...rows[0]!,
      requestId: 'r1',
      ledgerDate: MON_2025_12_22,
      flow: 'HK',
      generation: 1,
      market: 'HK',
      side: 'BUY',
      orderChannel: 1,
      settlementChannel: 'CCASS',
      tradeDate: MON_2025_12_22,
      cashSettlementDate: cashSettlementDate as typeof MON_2025_12_22,
      enteredBy: 'operator',
    })
    .returning();
  const { supplementId } = row!;
  const fill = { executionNo: 1, serial: null, quantity: '500', price: '10' };
  await db.insert(supplementExecutions).values({ supplementId, ...fill });
  return `SUP-${supplementId}`;
}

describe('a bill that cannot be right is refused', () => {
  it('where the month reaches a tier whose terms nobody knows, with the order', async () => {
    await addTrade(db, {
      orderId: 'O1',
      accountNo: 'A0001',
      fills: [
        ['E1', '3000000', '100'],
        ['E2', '1', '100'],
      ],
    });
    await db.$client.query(`UPDATE account_fee_schedules SET schedule_id = 'hk-value-tier-ib'`);
    await runStep(db, MONDAY, 'sync');
    await expect(runStep(db, MONDAY, 'billing')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      details: { upTo: '900000000', accountNo: 'A0001', orderId: 'O1' },
    });
    expect(await count(db, 'live_contracts')).toBe(0);
  });

  it('with the order whose settlement date no calendar covers', async () => {
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills: [['E1', '100', '50']] });
    await runStep(db, MONDAY, 'sync');
    const orderId = await supplementWith('2031-01-02');
    await runStep(db, MONDAY, 'sync');
    await expect(runStep(db, MONDAY, 'billing')).rejects.toMatchObject({
      code: 'CALENDAR_MISSING',
      details: { orderId, accountNo: 'A0001', market: 'HK' },
    });
  });

  it.each([
    ['an instrument', 'UPDATE instruments SET stamp_duty_exempt = true'],
    ['a fee schedule', `UPDATE account_fee_schedules SET schedule_id = 'sample-hk-vip'`],
  ])('when %s changed between two attempts', async (_what, change) => {
    await addTrades(db, 12);
    await runStep(db, MONDAY, 'sync');
    const run = await openRun(db, MONDAY, 'billing');
    await expect(workOne(db, run, 0, { chunkSize: 4, stopAfter: 1 })).rejects.toThrow();
    await db.$client.query(change);
    await expect(workOne(db, run, 0)).rejects.toMatchObject({ code: 'MASTER_DATA_CHANGED' });
    await endRun(db, run.stepRunId, { status: 'FAILED', result: {} });
    // A new pass reads all of it anew.
    expect((await runStep(db, MONDAY, 'billing')).result).toMatchObject({ contracts: 12 });
  });

  it('but not when accounts and instruments came that the run has nothing of', async () => {
    await addTrades(db, 12);
    await runStep(db, MONDAY, 'sync');
    const run = await openRun(db, MONDAY, 'billing');
    await db.$client.query(
      `WITH a AS (INSERT INTO accounts (account_no, kind, status, opened_on)
         VALUES ('A9999', 'CASH', 'ACTIVE', '2025-12-22') RETURNING account_id)
       INSERT INTO account_fee_schedules (account_id, market, schedule_id, effective_from)
       SELECT account_id, 'HK', 'sample-hk-retail', '2025-12-22' FROM a`,
    );
    await db.$client.query(
      `WITH a AS (INSERT INTO assets (kind, code) VALUES ('INSTRUMENT', 'ST/HK/1') RETURNING *)
       INSERT INTO instruments (asset_id, instrument_id, market, type, name, currency, lot_size,
         stamp_duty_exempt) SELECT asset_id, code, 'HK', 'EQUITY', code, 'HKD', 100, false FROM a`,
    );
    await workOne(db, run, 0);
    expect((await closeRun(db, run)).result).toMatchObject({ contracts: 12 });
  });
});

describe('a contract has one fee row for a fee code and execution, order or contract', () => {
  it('prices a fee of the contract once, whatever its executions', async () => {
    const rule = referenceData.rules.find(({ ruleId }) => ruleId === PLATFORM_FEE)!;
    const definition: FeeRule = { ...rule, ruleId: 99_001, version: 2, unit: 'contract' };
    const { ruleId, feeCode, market, scheduleId, version, effectiveFrom } = definition;
    await db
      .insert(feeRules)
      .values({ ruleId, feeCode, market, scheduleId, version, effectiveFrom, definition });
    const fills = ['E1', 'E2', 'E3'].map((id) => [id, '100', '50'] as const);
    await addTrade(db, { orderId: 'O1', accountNo: 'A0001', fills });
    for (const step of ['sync', 'billing', 'posting'] as const) await runStep(db, MONDAY, step);
    expect(await feesOf('PLATFORM_FEE')).toEqual([[0, '15.00']]);
    expect((await feesOf('STAMP')).map(([no]) => no)).toEqual([1, 2, 3]);
    const { rows } = await db.$client.query<{ unit: string }>(
      `SELECT choice ->> 'unit' AS unit FROM fee_choices WHERE rule_id = $1`,
      [ruleId],
    );
    expect(rows).toEqual([{ unit: 'contract' }]);
  });

  it('refuses a tariff that has two lines for one code', async () => {
    await addTrades(db, 4);
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    // The shards of a process share their plans: here one that no rules compile to.
    const { plans } = await tariffsOf(db, 'HK', await feeRuleVersion(db.$client, 'HK'));
    for (const [key, plan] of plans) {
      plans.set(key, { ...plan, lines: [...plan.lines, ...plan.lines], kernel: null });
    }
    await expect(runStep(db, MONDAY, 'billing')).rejects.toMatchObject({
      code: 'BOOKS_OUT_OF_BALANCE',
      details: { what: 'two lines of a tariff for one fee code' },
    });
    expect(await billsOf(db)).toEqual([]);
  });

  it('refuses a row that comes twice', () => {
    const [line] = compileTariff(referenceData.rules, {
      scheduleId: 'sample-hk-retail',
      market: 'HK',
      instrumentType: 'EQUITY',
      stampDutyExempt: false,
      side: 'BUY',
      tradeDate: MON_2025_12_22,
      channel: 0,
    }).lines;
    const ids = { feeCodeId: 1, choiceId: 1, middle: '\t1\t', choice: '\t1\t' };
    const rows = new FeeRows();
    const add = (at: number, execution: number) => () =>
      rows.sink(line!, at, execution, -1, '1', '1', '', '1.00');
    const buffers = { fees: new CopyBuffer(), positions: new CopyBuffer() };
    rows.begin(buffers, '2025-12-22\t7\t', [ids, ids]);
    add(0, -1)();
    for (const execution of [0, 1]) add(1, execution)();
    for (const twin of [add(1, 1), add(1, 0), add(0, -1)]) {
      expect(twin).toThrow(expect.objectContaining({ code: 'BOOKS_OUT_OF_BALANCE' }) as Error);
    }
    rows.begin(buffers, '2025-12-22\t8\t', [ids, ids]);
    expect(add(0, -1)).not.toThrow();
  });
});
