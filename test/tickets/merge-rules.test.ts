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
  ...{ name: 'Online', market: 'HK', effectiveFrom: '2026-01-01', packages: ['sample-hk-retail'] },
  ...{ merge: true, greyMarketMerge: false },
  items: [
    { orderSources: [0, 9], mergeTag: 'online' },
    { orderSources: [6], mergeTag: 'dealers' },
  ],
};
const rule = (changes: object = {}, mergeRuleId = 'hk-online'): Asked => ({
  key: 'billing.merge_rule_version.exec',
  target: { mergeRuleId },
  payload: { rule: { ...RULE, ...changes } },
});
const end = (effectiveFrom: string, mergeRuleId = 'hk-online'): Asked => ({
  key: 'billing.merge_rule_version.exec',
  target: { mergeRuleId },
  payload: { void: { effectiveFrom } },
});
interface Row {
  readonly version: number;
  readonly voided: boolean;
  readonly ticketId: string;
}
const listed = async (query: string): Promise<readonly Row[]> =>
  (await ok<{ items: Row[] }>(api.get(`/merge-rules?${query}`))).items;
const refusalOf = async (asked: Asked) => {
  const { code, body } = await askFor(desk, asked);
  return [code, body.details?.['field']];
};

// They follow each other: one rule from its first version to its end.
describe('a merge rule', () => {
  it('begins with a version that two people consented to', async () => {
    const ticket = await granted(desk, rule());
    expect(ticket).toMatchObject({
      ...{ status: 'SUCCEEDED', before: {}, result: { version: 1 } },
      after: { mergeRuleId: 'hk-online', version: 1, packages: ['sample-hk-retail'] },
    });
    expect(await listed('market=HK')).toMatchObject([
      {
        ...{ mergeRuleId: 'hk-online', version: 1, name: 'Online', market: 'HK', merge: true },
        ...{ effectiveFrom: '2026-01-01', effectiveTo: null, greyMarketMerge: false },
        ...{ packages: ['sample-hk-retail'], items: RULE.items, voided: false },
        ...{ knownFrom: '2025-12-22', approvedBy: ['approver'] },
      },
    ]);
  });

  it.each<[string, object, string]>([
    ['an unknown market', { market: 'XX' }, 'market'],
    ['an unknown package', { packages: ['nobody'] }, 'packages'],
    ['the package of another market', { packages: ['sample-us-retail'] }, 'packages'],
    ['a market of its own', { market: 'US', packages: ['sample-us-retail'] }, 'market'],
    ['no source', { items: [] }, 'items'],
    [
      'overlapping sources',
      { items: [...RULE.items, { orderSources: [1, 9], mergeTag: 'web' }] },
      'items.2.orderSources',
    ],
    [
      'a tag twice',
      { items: [...RULE.items, { orderSources: [1], mergeTag: 'dealers' }] },
      'items.2.mergeTag',
    ],
    ['an end before its beginning', { effectiveTo: '2025-12-31' }, 'effectiveTo'],
  ])('is refused with %s', async (_what, changes, field) => {
    expect(await refusalOf(rule(changes))).toEqual(['MERGE_RULE_INVALID', field]);
  });

  it.each<[string, object]>([
    ['an unknown channel', { items: [{ orderSources: [10], mergeTag: 'online' }] }],
    ['a channel twice', { items: [{ orderSources: [0, 0], mergeTag: 'online' }] }],
    ['a package twice', { packages: ['sample-hk-retail', 'sample-hk-retail'] }],
    ['a day that does not exist', { effectiveFrom: '2026-02-30' }],
    ['a field that nobody knows', { greyMarket: true }],
  ])('is refused with %s', async (_what, changes) => {
    expect((await askFor(desk, rule(changes))).code).toBe('BAD_REQUEST');
  });

  it('is the only one of its packages at a time', async () => {
    expect(await refusalOf(rule({}, 'hk-other'))).toEqual(['MERGE_RULE_INVALID', 'packages']);
    const before = { effectiveFrom: '2025-12-22', effectiveTo: '2025-12-31' };
    expect(await granted(desk, rule(before, 'hk-other'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('changes by its next version, and ends by one that is void', async () => {
    const next = rule({ effectiveFrom: '2026-02-01', packages: ['sample-hk-vip'] });
    expect(await granted(desk, next)).toMatchObject({
      before: { version: 1, packages: ['sample-hk-retail'] },
      after: { version: 2, packages: ['sample-hk-vip'] },
    });
    expect(await refusalOf(end('2025-12-31'))).toEqual(['MERGE_RULE_INVALID', 'effectiveFrom']);
    expect((await askFor(desk, end('2026-02-01', 'nobody'))).code).toBe('NOT_FOUND');
    const ticket = await granted(desk, end('2026-03-01'));
    expect(ticket).toMatchObject({ before: { version: 2 }, after: { version: 3, voided: true } });
    const rows = await listed('mergeRuleId=hk-online');
    expect(rows.map(({ version, voided }) => [version, voided])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(await listed('package=sample-hk-vip')).toHaveLength(2);
    expect(await listed('market=US')).toEqual([]);
  });

  it('asks for either of the two', async () => {
    const both = { ...rule().payload, ...end('2026-06-01').payload };
    for (const payload of [both, {}]) {
      expect(await refusalOf({ ...rule(), payload })).toEqual(['MERGE_RULE_INVALID', 'rule']);
    }
  });

  it('is never edited, and each version stands in the audit log', async () => {
    const change = "UPDATE merge_rules SET market = 'US'";
    await expect(api.db.$client.query(change)).rejects.toThrow(/append-only/);
    const client = await api.db.$client.connect();
    try {
      const { rows, findings } = await verifyCoveredRows(client);
      expect(findings).toEqual([]);
      expect(rows['merge_rules']).toBe(4);
    } finally {
      client.release();
    }
  });

  it('needs its own permission, to ask for and to read', async () => {
    expect((await askFor(desk, { ...rule(), by: 'approver' })).status).toBe(403);
    expect((await desk.send('admin', 'GET', '/merge-rules')).status).toBe(403);
    expect((await desk.send('viewer', 'GET', '/merge-rules')).status).toBe(200);
  });
});
