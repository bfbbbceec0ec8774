import { afterEach, describe, expect, it } from 'vitest';
import { tariffsOf } from '../../db/bulk/tariffs.ts';
import { feeRuleVersion, type FeeRuleVersion } from '../../db/bulk/billing-queries.ts';
import type { Db } from '../../db/client.ts';
import { foAccounts } from '../../db/schema/front-office.ts';
import { defaultPackages } from '../../db/schema/fee-configuration.ts';
import { feeRules } from '../../db/schema/reference.ts';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FeeRule } from '../../domain/fees/fee-rule.ts';
import { addTrade, ETF, MON_2025_12_22, smallBroker, TUE_2025_12_23 } from './support/broker.ts';
import { count } from './support/books.ts';
import { runStep, type Place } from './support/run-step.ts';

const MONDAY: Place = { ledgerDate: MON_2025_12_22, flow: 'HK', generation: 1 };

const opened: Db[] = [];
async function broker(): Promise<Db> {
  const db = await smallBroker();
  opened.push(db);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.$client.end();
});

let nextId = 60_000;
async function addRule(
  db: Db,
  changes: Partial<FeeRule>,
  knownFrom: BusinessDate | null = null,
): Promise<number> {
  const definition: FeeRule = {
    ruleId: (nextId += 1),
    feeCode: 'PLATFORM_FEE',
    market: 'HK',
    scheduleId: null,
    version: 1,
    effectiveFrom: '2025-01-01' as BusinessDate,
    sides: 'BOTH',
    unit: 'order',
    formula: { kind: 'flat', amount: '1' },
    rounding: { mode: 'half-up', increment: '0.01' },
    currency: 'HKD',
    ...changes,
  };
  const { ruleId, feeCode, market, scheduleId, accountNo, version, effectiveFrom } = definition;
  const searched = { ruleId, feeCode, market, scheduleId, accountNo, version, effectiveFrom };
  await db.insert(feeRules).values({ ...searched, definition, knownFrom });
  return ruleId;
}

async function bill(db: Db, ...accountNos: string[]): Promise<void> {
  for (const accountNo of accountNos) {
    const fills = [[`E-${accountNo}`, '100', '50']] as const;
    await addTrade(db, { orderId: `O-${accountNo}`, accountNo, fills });
  }
  await runStep(db, MONDAY, 'sync');
  await runStep(db, MONDAY, 'billing');
}

/** Order → amount of its platform fee, of the contracts that count. */
async function platformFees(db: Db): Promise<Record<string, string>> {
  const { rows } = await db.$client.query<{ orderId: string; amount: string }>(
    `SELECT c.order_id AS "orderId", f.amount FROM live_contracts c
     JOIN fees f ON f.ledger_date = c.ledger_date AND f.contract_id = c.contract_id
     JOIN fee_codes k ON k.fee_code_id = f.fee_code_id AND k.fee_code = 'PLATFORM_FEE'
     ORDER BY c.order_id`,
  );
  return Object.fromEntries(rows.map(({ orderId, amount }) => [orderId, amount]));
}

describe('who pays a rule', () => {
  it('L38: a global special fee beats the package; a personal special fee beats it', async () => {
    const db = await broker();
    await addRule(db, { formula: { kind: 'flat', amount: '22' }, conditions: { channels: [0] } });
    await bill(db, 'A0001', 'A0002');
    expect(await platformFees(db)).toEqual({ 'O-A0001': '22.00', 'O-A0002': '22.00' });
    const ofOne = { accountNo: 'A0001', conditions: { channels: [0] } };
    await addRule(db, { ...ofOne, formula: { kind: 'flat', amount: '7' } });
    await runStep(db, MONDAY, 'billing');
    expect(await platformFees(db)).toEqual({ 'O-A0001': '7.00', 'O-A0002': '22.00' });
  });

  it('an account and an instrument that a condition names, and nobody else', async () => {
    const db = await broker();
    const conditions = { accounts: ['A0001', 'A0003'], instruments: [ETF] };
    await addRule(db, { conditions });
    await addTrade(db, {
      ...{ orderId: 'ETF-1', accountNo: 'A0001', instrumentId: ETF },
      fills: [['X1', '100', '5']],
    });
    await addTrade(db, {
      ...{ orderId: 'ETF-2', accountNo: 'A0002', instrumentId: ETF },
      fills: [['X2', '100', '5']],
    });
    await bill(db, 'A0001', 'A0004', 'A0005');
    expect(await platformFees(db)).toEqual({
      ...{ 'ETF-1': '1.00', 'ETF-2': '15.00' },
      ...{ 'O-A0001': '15.00', 'O-A0004': '15.00', 'O-A0005': '15.00' },
    });
    const frozen = await feeRuleVersion(db.$client, 'HK', { ledgerDate: MON_2025_12_22 });
    const { plans } = await tariffsOf(db, 'HK', frozen);
    // A0001 with the ETF and with the share; all others with the ETF; all others with the share.
    expect(plans.size).toBe(4);
  });
});

describe('a fee of each EMS order', () => {
  it('is one of each contract while a contract is one order, whoever sent the parts', async () => {
    const db = await broker();
    await addRule(db, { accountNo: 'A0001', unit: 'emsOrder' });
    for (const orderId of ['P1', 'P2']) {
      const fills = [`${orderId}-1`, `${orderId}-2`].map((id) => [id, '100', '50'] as const);
      await addTrade(db, { orderId, accountNo: 'A0001', emsOrderNo: 'EMS-1', fills });
    }
    await runStep(db, MONDAY, 'sync');
    await runStep(db, MONDAY, 'billing');
    expect(await platformFees(db)).toEqual({ P1: '1.00', P2: '1.00' });
    expect(await count(db, 'live_orders', `ems_order_no = 'EMS-1'`)).toBe(2);
  });
});

describe('three digits', () => {
  it('reach the contract, its totals and the balances exactly', async () => {
    const db = await broker();
    const rounding = { mode: 'half-up', increment: '0.001' } as const;
    const formula = { kind: 'rate', rate: '0.0000009' } as const;
    await addRule(db, { accountNo: 'A0001', formula, rounding });
    await bill(db, 'A0001');
    for (const step of ['posting', 'settlement'] as const) await runStep(db, MONDAY, step);
    expect(await platformFees(db)).toEqual({ 'O-A0001': '0.005' });
    const { rows } = await db.$client.query<{ net: string; totals: string; income: string }>(
      `SELECT c.net_amount - c.gross_amount - c.fee_amount AS net, c.fee_totals AS totals,
         (SELECT sum(p.amount) FROM postings p JOIN house_accounts h
          ON h.ledger_account_id = p.ledger_account_id AND h.code = 'FEE:PLATFORM_FEE') AS income
       FROM live_contracts c`,
    );
    expect(Number(rows[0]?.net)).toBe(0);
    expect(rows[0]?.totals).toMatch(/:0\.005( |$)/);
    expect(rows[0]?.income).toBe('0.005');
  });
});

describe('a date that is billed again', () => {
  it('is billed by the rules of that date, not by what was added on a later one', async () => {
    const db = await broker();
    await bill(db, 'A0001');
    const own = { scheduleId: 'sample-hk-retail', version: 2 };
    const corrected = { kind: 'flat', amount: '99' } as const;
    await addRule(
      db,
      { ...own, formula: corrected, effectiveFrom: MON_2025_12_22 },
      TUE_2025_12_23,
    );
    await runStep(db, MONDAY, 'billing');
    expect(await platformFees(db)).toEqual({ 'O-A0001': '15.00' });
    const now = { kind: 'flat', amount: '16' } as const;
    const ruleId = await addRule(
      db,
      { ...own, version: 3, formula: now, effectiveFrom: MON_2025_12_22 },
      MON_2025_12_22,
    );
    await runStep(db, MONDAY, 'billing');
    expect(await platformFees(db)).toEqual({ 'O-A0001': '16.00' });
    const { rows } = await db.$client.query<{ version: FeeRuleVersion }>(
      `SELECT inputs -> 'feeRules' AS version FROM step_runs WHERE step = 'billing'
       ORDER BY step_run_id DESC LIMIT 1`,
    );
    expect(rows[0]?.version).toMatchObject({ maxRuleId: ruleId, ledgerDate: MON_2025_12_22 });
    const later = await feeRuleVersion(db.$client, 'HK', { ledgerDate: TUE_2025_12_23 });
    expect(later.count).toBe(rows[0]!.version.count + 1);
  });
});

describe('a new account', () => {
  it('gets the newest default package of its kind, once; others are left as they are', async () => {
    const db = await broker();
    const by = { addedBy: 'operator' };
    await db.insert(defaultPackages).values([
      { market: 'HK', accountKind: 'CASH', version: 1, scheduleId: 'hk-fixed-15', ...by },
      { market: 'HK', accountKind: 'CASH', version: 2, scheduleId: 'sample-hk-vip', ...by },
      { market: 'HK', accountKind: 'MARGIN', version: 1, scheduleId: null, ...by },
    ]);
    const account = { status: 'ACTIVE', openedOn: MON_2025_12_22 } as const;
    const recordedAt = '2025-12-22T03:00:00Z';
    await db.insert(foAccounts).values([
      { accountNo: 'B1', kind: 'CASH', ...account, recordedAt },
      { accountNo: 'B2', kind: 'MARGIN', ...account, recordedAt },
    ]);
    const fills = [['E1', '100', '50']] as const;
    await addTrade(db, { orderId: 'O-B1', accountNo: 'B1', recordedAt, fills });
    const packages = async () => {
      const { rows } = await db.$client.query<{ line: string }>(
        `SELECT concat_ws(' ', account_no, market, schedule_id, effective_from) AS line
         FROM account_fee_schedules JOIN accounts USING (account_id)
         WHERE account_no IN ('A0001', 'B1', 'B2') ORDER BY 1`,
      );
      return rows.map(({ line }) => line);
    };
    for (const pass of [1, 2]) {
      await runStep(db, MONDAY, 'sync');
      expect(await packages(), `after pass ${pass}`).toEqual([
        'A0001 HK sample-hk-retail 2020-01-01',
        'B1 HK sample-hk-vip 2025-12-22',
      ]);
    }
    await runStep(db, MONDAY, 'billing');
    expect(await count(db, 'live_contracts', `schedule_id = 'sample-hk-vip'`)).toBe(1);
  });
});
