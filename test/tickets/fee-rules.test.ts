import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feeRuleVersion, loadFeeRules } from '../../db/bulk/billing-queries.ts';
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

const SETTLEMENT_FEE = { market: 'HK', feeCode: 'SETTLEMENT_FEE', scheduleId: null };
const rule = (more: object = {}) => ({
  effectiveFrom: '2026-07-01',
  sides: 'BOTH',
  unit: 'feeUnit',
  formula: { kind: 'rate', rate: '0.000050' },
  rounding: { mode: 'half-up', increment: '0.01' },
  currency: 'HKD',
  ...more,
});
const version = (more: object = {}, target: object = SETTLEMENT_FEE): Asked => ({
  key: 'billing.fee_rule_version.exec',
  target,
  payload: { rule: rule(more) },
});

interface Row {
  readonly ruleId: number;
  readonly version: number;
  readonly effectiveFrom: string;
  readonly addedBy: string;
  readonly approvedBy: readonly string[];
  readonly ticketId: string | null;
  readonly definition: object;
}
const rulesOf = async (): Promise<readonly Row[]> =>
  (await ok<{ items: Row[] }>(api.get('/fee-rules?market=HK&feeCode=SETTLEMENT_FEE'))).items;

// They follow each other: each version is the newest for the next one.
describe('a fee rule', () => {
  it('gets a later version by ticket; nothing that was there changes', async () => {
    const before = await rulesOf();
    const frozen = await feeRuleVersion(api.db.$client, 'HK');
    const ticket = await granted(desk, version());
    expect(ticket).toMatchObject({
      status: 'SUCCEEDED',
      before: { version: 2, formula: { rate: '0.000042' }, effectiveFrom: '2025-06-30' },
      after: { version: 3, formula: { rate: '0.000050' }, effectiveFrom: '2026-07-01' },
      result: { version: 3, effectiveFrom: '2026-07-01' },
    });
    const after = await rulesOf();
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({
      ruleId: ticket.result?.['ruleId'],
      addedBy: 'operator',
      approvedBy: ['approver'],
      ticketId: ticket.ticketId,
      definition: { version: 3, feeCode: 'SETTLEMENT_FEE', scheduleId: null },
    });
    // A billing run that is under way goes on with the rules that it froze.
    const rules = await loadFeeRules(api.db.$client, 'HK', frozen);
    expect(rules.some(({ ruleId }) => ruleId === ticket.result?.['ruleId'])).toBe(false);
  });

  it('is corrected from its own first day', async () => {
    const correction = version({ formula: { kind: 'rate', rate: '0.000051' } });
    const ticket = await granted(desk, correction);
    expect(ticket).toMatchObject({
      status: 'SUCCEEDED',
      before: { version: 3, formula: { rate: '0.000050' } },
      after: { version: 4, formula: { rate: '0.000051' } },
    });
  });

  it('ends the ticket STALE when another version came first', async () => {
    const opened = await askFor(desk, version({ effectiveFrom: '2027-07-01' }));
    await api.db.$client.query(
      `INSERT INTO fee_rules (rule_id, fee_code, market, version, effective_from, definition)
       SELECT max(rule_id) + 1, 'SETTLEMENT_FEE', 'HK', 5, '2027-01-01',
         (SELECT definition || '{"version": 5, "effectiveFrom": "2027-01-01"}' ||
           jsonb_build_object('ruleId', (SELECT max(rule_id) + 1 FROM fee_rules))
          FROM fee_rules WHERE fee_code = 'SETTLEMENT_FEE' ORDER BY rule_id DESC LIMIT 1)
       FROM fee_rules`,
    );
    const { body } = await desk.decide('approver', opened.body.ticketId, 'approve');
    expect(body).toMatchObject({ status: 'STALE', resultCode: 'TICKET_STALE' });
    expect((await rulesOf()).map((row) => row.version)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['a rate that is no decimal', { formula: { kind: 'rate', rate: '5%' } }, 'FEE_RULE_INVALID'],
    ['a day between versions', { effectiveFrom: '2024-01-01' }, 'FEE_RULE_INVALID'],
    ['a field that no rule has', { minimum: '5' }, 'BAD_REQUEST'],
    ['an instrument type that is none', { instrumentTypes: ['STOCKS'] }, 'BAD_REQUEST'],
    ['a channel that is none', { conditions: { channels: [10] } }, 'BAD_REQUEST'],
  ])('is not asked for with %s', async (_why, more, code) => {
    const answer = await askFor(desk, version(more));
    expect([answer.status, answer.code]).toEqual([400, code]);
  });

  it.each([
    ['market', { ...SETTLEMENT_FEE, market: 'XX' }],
    ['fee code', { ...SETTLEMENT_FEE, feeCode: 'TIP' }],
    ['schedule', { ...SETTLEMENT_FEE, scheduleId: 'nobody' }],
  ])('is not asked for of an unknown %s', async (_what, target) => {
    expect((await askFor(desk, version({}, target))).code).toBe('NOT_FOUND');
  });

  it('is edited by nobody', async () => {
    for (const change of ['UPDATE fee_rules SET version = 9', 'DELETE FROM fee_rules']) {
      await expect(api.db.$client.query(change)).rejects.toThrow(/append-only/);
    }
  });
});
