import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCoveredRows } from '../../db/audit/verify-covered-rows.ts';
import { startApi, type ApiUnderTest } from '../api/support.ts';
import { ok } from '../inbound/support.ts';
import { askFor, granted, type Asked } from './support/asked.ts';
import { TicketDesk } from './support/ticket-desk.ts';

let api: ApiUnderTest;
let desk: TicketDesk;
beforeAll(async () => {
  api = await startApi();
  desk = new TicketDesk(api);
});
afterAll(() => api.close());

const RULE = {
  effectiveFrom: '2026-01-01',
  sides: 'BOTH',
  unit: 'contract',
  formula: { kind: 'rate', rate: '0.00005' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
};
const agentFee = (payload: object = { rule: RULE }, target: object = {}): Asked => ({
  key: 'billing.agent_fee_version.exec',
  target: { settlementChannel: 'CCASS', feeCode: 'COMMISSION', ...target },
  payload,
});
interface Row {
  readonly ruleId: number;
  readonly version: number;
  readonly definition: { readonly withdrawn?: true };
}
const rules = async (): Promise<readonly Row[]> =>
  (await ok<{ items: Row[] }>(api.get('/agent-fee-rules?settlementChannel=CCASS'))).items;

// They follow each other.
describe('an agent fee', () => {
  it('is entered by ticket, and its house accounts with it', async () => {
    expect(await granted(desk, agentFee())).toMatchObject({
      ...{ status: 'SUCCEEDED', before: {}, result: { version: 1 } },
      after: { scheduleId: 'CCASS', market: 'HK', feeCode: 'COMMISSION' },
    });
    expect(await rules()).toMatchObject([{ version: 1, settlementChannel: 'CCASS' }]);
    const { rows } = await api.db.$client.query(
      `SELECT code FROM house_accounts WHERE kind LIKE 'AGENT%' ORDER BY 1`,
    );
    expect(rows).toEqual([{ code: 'AGENT_EXPENSE:COMMISSION' }, { code: 'AGENT_PAYABLE:CCASS' }]);
    const ofClients = await api.db.$client.query('SELECT 1 FROM fee_rules WHERE schedule_id = $1', [
      'CCASS',
    ]);
    expect(ofClients.rows).toEqual([]);
  });

  it('changes by one more version, and ends', async () => {
    const cheaper = { ...RULE, formula: { kind: 'rate', rate: '0.00004' } };
    expect(await granted(desk, agentFee({ rule: cheaper }))).toMatchObject({
      before: { formula: RULE.formula },
      after: { formula: cheaper.formula, version: 2 },
    });
    const [first] = await rules();
    const withdraw = { ruleId: first!.ruleId, effectiveFrom: '2026-06-01' };
    await granted(desk, agentFee({ withdraw }));
    expect((await rules()).at(-1)).toMatchObject({ version: 3, definition: { withdrawn: true } });
  });

  it.each([
    [{ rule: { ...RULE, currency: 'USD' } }, {}, 'FEE_RULE_INVALID'],
    [{ rule: { ...RULE, min: '5', max: '4' } }, {}, 'FEE_RULE_INVALID'],
    [{}, {}, 'FEE_RULE_INVALID'],
    [
      {
        rule: {
          ...RULE,
          formula: { kind: 'turnoverTier', mode: 'slab', tiers: [{ upTo: null, rate: '1' }] },
        },
      },
      {},
      'FEE_RULE_INVALID',
    ],
    [{ rule: RULE }, { settlementChannel: 'NOWHERE' }, 'NOT_FOUND'],
    [{ rule: RULE }, { feeCode: 'NOTHING' }, 'NOT_FOUND'],
  ])('is refused with %j of %j', async (payload, target, code) => {
    expect((await askFor(desk, agentFee(payload, target))).code).toBe(code);
  });

  it('is house money: who only watches sees neither rules nor fees, and asks for none', async () => {
    const path = '/agent-fee-rules';
    const byViewer = await api.app.inject({
      ...{ method: 'GET', url: `/api/v1${path}`, headers: await api.as('viewer') },
    });
    expect(byViewer.statusCode).toBe(403);
    const fees = await api.app.inject({
      ...{ method: 'GET', url: '/api/v1/contracts/1/agent-fees', headers: await api.as('viewer') },
    });
    expect(fees.statusCode).toBe(403);
    expect((await askFor(desk, { ...agentFee(), by: 'approver' })).status).toBe(403);
    expect((await api.get('/contracts/999999999/agent-fees')).statusCode).toBe(404);
  });

  it('stands in the audit log, which would show a change behind its back', async () => {
    const client = await api.db.$client.connect();
    try {
      const { rows, findings } = await verifyCoveredRows(client);
      expect(rows['agent_fee_rules']).toBe(3);
      expect(findings).toEqual([]);
    } finally {
      client.release();
    }
    const change = 'UPDATE agent_fee_rules SET version = 9';
    await expect(api.db.$client.query(change)).rejects.toThrow(/append-only/);
  });
});
