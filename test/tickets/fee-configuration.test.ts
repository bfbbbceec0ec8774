import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCoveredRows } from '../../db/audit/verify-covered-rows.ts';
import type { FinalFees } from '../../db/final-fees.ts';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { ok } from '../inbound/support.ts';
import { askFor, granted, type Asked } from './support/asked.ts';
import { TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
beforeAll(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
  await api.db.$client.query(
    `INSERT INTO accounts (account_no, kind, status, opened_on)
     VALUES ('T-1', 'CASH', 'ACTIVE', '2020-01-01')`,
  );
});
afterAll(() => api.close());

const RULE = {
  effectiveFrom: '2026-01-01',
  sides: 'BOTH',
  unit: 'order',
  formula: { kind: 'rate', rate: '0.0005' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
};
const rule = (target: object, payload: object = { rule: RULE }): Asked => ({
  key: 'billing.fee_rule_version.exec',
  target: { market: 'HK', feeCode: 'COMMISSION', scheduleId: null, ...target },
  payload,
});
const scenario = (changes: object = {}): Asked => ({
  key: 'billing.fee_scenario_version.exec',
  target: { scenarioId: 'hk-commission' },
  payload: {
    scenario: {
      ...{ effectiveFrom: '2026-01-01', market: 'HK', feeCode: 'COMMISSION', sides: 'BOTH' },
      ...{ metric: 'amount', unit: 'order', rounding: RULE.rounding },
      ...changes,
    },
  },
});
interface Row {
  readonly ruleId: number;
  readonly accountNo: string | null;
  readonly effectiveFrom: string;
  readonly definition: { readonly unit: string; readonly scenario?: object };
}
const rulesOf = async (query: string): Promise<readonly Row[]> =>
  (await ok<{ items: Row[] }>(api.get(`/fee-rules?market=HK&feeCode=COMMISSION&${query}`))).items;
const codeOf = async (asked: Asked): Promise<string | undefined> =>
  (await askFor(desk, asked)).code;

// They follow each other: a new broker's tariff from nothing.
describe('a tariff from nothing', () => {
  it('begins with a package that somebody says is new, once', async () => {
    const first = { rule: { ...RULE, effectiveFrom: '2025-01-01' } };
    const opens = rule({ scheduleId: 'hk-new' }, { ...first, opensSchedule: true });
    expect(await codeOf(rule({ scheduleId: 'hk-new' }, first))).toBe('NOT_FOUND');
    expect(await granted(desk, opens)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await codeOf(opens)).toBe('FEE_RULE_INVALID');
    expect(await granted(desk, rule({ scheduleId: 'hk-new' }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await rulesOf('scheduleId=hk-new')).toHaveLength(2);
  });

  it('gives an account the package from a day on', async () => {
    const asked = (payload: object, target: object = {}): Asked => ({
      key: 'billing.account_package.exec',
      target: { accountNo: 'T-1', market: 'HK', ...target },
      payload: { scheduleId: 'hk-new', effectiveFrom: '2025-12-22', ...payload },
    });
    expect(await granted(desk, asked({}))).toMatchObject({
      ...{ status: 'SUCCEEDED', before: {} },
      after: { scheduleId: 'hk-new', effectiveFrom: '2025-12-22', effectiveTo: null },
    });
    const later = { scheduleId: 'sample-hk-vip', effectiveFrom: '2026-02-01' };
    expect(await granted(desk, asked(later))).toMatchObject({ before: { scheduleId: 'hk-new' } });
    const { rows } = await api.db.$client.query(
      `SELECT schedule_id AS id, effective_from AS "from" FROM account_fee_schedules
       JOIN accounts USING (account_id) WHERE account_no = 'T-1' ORDER BY effective_from`,
    );
    expect(rows).toEqual([
      { id: 'hk-new', from: '2025-12-22' },
      { id: 'sample-hk-vip', from: '2026-02-01' },
    ]);
    expect(await codeOf(asked({ effectiveFrom: '2025-12-19' }))).toBe('BAD_REQUEST');
    expect(await codeOf(asked({ scheduleId: 'nobody' }))).toBe('BAD_REQUEST');
    expect(await codeOf(asked({}, { accountNo: 'T-0' }))).toBe('NOT_FOUND');
    expect(await codeOf(asked({}, { market: 'XX' }))).toBe('NOT_FOUND');
  });

  it('says which package new accounts get', async () => {
    const asked = (scheduleId: string | null): Asked => ({
      key: 'billing.default_package.exec',
      target: { market: 'HK', accountKind: 'CASH' },
      payload: { scheduleId },
    });
    expect(await granted(desk, asked('hk-new'))).toMatchObject({
      ...{ before: { scheduleId: null }, after: { scheduleId: 'hk-new' }, result: { version: 1 } },
    });
    expect(await granted(desk, asked(null))).toMatchObject({
      ...{ before: { scheduleId: 'hk-new' }, after: { scheduleId: null }, result: { version: 2 } },
    });
    expect(await codeOf(asked('nobody'))).toBe('BAD_REQUEST');
    const change = 'UPDATE default_packages SET version = 9';
    await expect(api.db.$client.query(change)).rejects.toThrow(/append-only/);
  });

  it('gives one account a fee of its own, and ends it', async () => {
    const ticket = await granted(desk, rule({ accountNo: 'T-1' }));
    const ruleId = ticket.result?.['ruleId'];
    expect(await rulesOf('accountNo=T-1')).toMatchObject([{ ruleId, accountNo: 'T-1' }]);
    const withdraw = { withdraw: { ruleId, effectiveFrom: '2026-03-01' } };
    expect(await granted(desk, rule({ accountNo: 'T-1' }, withdraw))).toMatchObject({
      after: { withdrawn: true, effectiveFrom: '2026-03-01' },
    });
    expect(await codeOf(rule({ accountNo: 'T-0' }))).toBe('NOT_FOUND');
    const both = rule({ accountNo: 'T-1', scheduleId: 'hk-new' });
    expect(await codeOf(both)).toBe('FEE_RULE_INVALID');
    const { rows } = await api.db.$client.query<{ known: string }>(
      `SELECT DISTINCT known_from AS known FROM fee_rules WHERE account_no = 'T-1'`,
    );
    expect(rows).toEqual([{ known: '2025-12-22' }]);
  });

  it('shows as special what is in force: one version, and nothing that has ended', async () => {
    const special = (effectiveFrom: string): Asked =>
      rule(
        { accountNo: 'T-1' },
        { rule: { ...RULE, effectiveFrom, conditions: { channels: [6] } } },
      );
    await granted(desk, special('2026-01-01'));
    const { result } = await granted(desk, special('2026-02-01'));
    const ruleId = result?.['ruleId'];
    const withdraw = { ruleId, effectiveFrom: '2026-03-01' };
    await granted(desk, rule({ accountNo: 'T-1' }, { withdraw }));
    const specialOn = async (day: string): Promise<readonly number[]> => {
      const final = await ok<FinalFees>(api.get(`/accounts/T-1/final-fees?tradeDate=${day}`));
      const { fees } = final.markets.find(({ market }) => market === 'HK')!;
      const commission = fees.find(({ feeCode }) => feeCode === 'COMMISSION')!;
      const own = commission.special.filter(({ accountNo }) => accountNo === 'T-1');
      return own.map((each) => each.ruleId);
    };
    expect(await specialOn('2026-02-02')).toEqual([ruleId]);
    expect(await specialOn('2026-03-02')).toEqual([]);
  });

  it.each([
    ['an unknown condition', { conditions: { weather: ['rain'] } }, 'BAD_REQUEST'],
    ['an unknown stage', { conditions: { stages: ['DARK'] } }, 'BAD_REQUEST'],
    ['an unknown account', { conditions: { accounts: ['T-0'] } }, 'NOT_FOUND'],
    ['an unknown instrument', { conditions: { instruments: ['NOBODY.HK'] } }, 'NOT_FOUND'],
    ['another currency', { currency: 'USD' }, 'FEE_RULE_INVALID'],
  ])('refuses a special fee with %s', async (_what, changes, code) => {
    expect(await codeOf(rule({}, { rule: { ...RULE, ...changes } }))).toBe(code);
  });

  it('issues the rules of a scenario again with its next version, in one transaction', async () => {
    expect(await granted(desk, scenario())).toMatchObject({ result: { version: 1, ruleIds: [] } });
    const terms = { effectiveFrom: '2026-01-01', rate: '0.0001', currency: 'HKD' };
    const payload = { scenario: { scenarioId: 'hk-commission', terms } };
    const target = { scheduleId: 'hk-new' };
    await granted(desk, rule(target, payload));
    const next = scenario({ effectiveFrom: '2026-06-01', unit: 'execution' });
    const ticket = await granted(desk, next);
    expect(ticket).toMatchObject({
      before: { version: 1, unit: 'order' },
      after: { version: 2, reissued: [{ owner: 'hk-new', effectiveFrom: '2026-06-01' }] },
      result: { version: 2 },
    });
    const issued = (await rulesOf('scheduleId=hk-new')).at(-1);
    expect([issued?.ruleId]).toEqual(ticket.result?.['ruleIds']);
    expect(issued?.definition).toMatchObject({
      unit: 'execution',
      scenario: { scenarioId: 'hk-commission', version: 2, terms: { rate: '0.0001' } },
    });
    expect(await codeOf(scenario({ sides: 'BUY' }))).toBe('FEE_RULE_INVALID');
    expect(await codeOf(scenario({ metric: 'mood' }))).toBe('FEE_RULE_INVALID');
    const unknown = { scenario: { ...payload.scenario, scenarioId: 'nobody' } };
    expect(await codeOf(rule(target, unknown))).toBe('NOT_FOUND');
    expect(await codeOf(rule(target, { ...payload, rule: RULE }))).toBe('FEE_RULE_INVALID');
  });

  it('stands in the audit log row by row', async () => {
    const { rows } = await api.db.$client.query<{ action: string; n: number }>(
      `SELECT action, count(*)::integer AS n FROM audit_events
       WHERE covers IN ('fee_scenarios', 'default_packages') GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { action: 'default_package.added', n: 2 },
      { action: 'fee_scenario.added', n: 2 },
    ]);
    const client = await api.db.$client.connect();
    try {
      expect((await verifyCoveredRows(client)).findings).toEqual([]);
      await client.query('BEGIN; SET LOCAL session_replication_role = replica');
      await client.query('UPDATE fee_scenarios SET added_by = $1 WHERE version = 2', ['nobody']);
      await client.query('DELETE FROM default_packages WHERE version = 1');
      expect((await verifyCoveredRows(client)).findings).toMatchObject([
        { table: 'fee_scenarios', key: 'scenario_id hk-commission, version 2', fault: 'changed' },
        { table: 'default_packages', fault: 'missing' },
      ]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
