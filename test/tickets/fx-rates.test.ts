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

const rates = (list: readonly object[], target: object = {}): Asked => ({
  key: 'billing.fx_rates.exec',
  target: { from: 'USD', to: 'HKD', ...target },
  payload: { source: 'HKAB fixing', rates: list },
});
const rule = (changes: object = {}): Asked => ({
  key: 'billing.fee_rule_version.exec',
  target: { market: 'HK', feeCode: 'PLATFORM_FEE', scheduleId: null },
  payload: {
    rule: {
      ...{
        effectiveFrom: '2026-01-01',
        sides: 'BOTH',
        unit: 'order',
        currency: 'USD',
        min: '1.00',
      },
      formula: { kind: 'rate', rate: '0.0001' },
      rounding: { mode: 'half-up', increment: '0.01' },
      ...changes,
    },
  },
});
const JANUARY = { validFrom: '2026-01-01', rate: '7.7815' };

describe('rates of fees', () => {
  it('are there before a rule in another currency is', async () => {
    const refused = await askFor(desk, rule());
    expect(refused.code).toBe('FEE_RULE_INVALID');
    expect(JSON.stringify(refused.body)).toContain('there is no rate from it to HKD');
    expect(await granted(desk, rates([JANUARY]))).toMatchObject({
      before: { rates: [] },
      after: { rates: [{ ...JANUARY, version: 1 }], source: 'HKAB fixing' },
      result: { rateIds: [1] },
    });
    const early = await askFor(desk, rule({ effectiveFrom: '2025-12-31' }));
    expect(early.code).toBe('FEE_RULE_INVALID');
    expect(await granted(desk, rule())).toMatchObject({ after: { currency: 'USD' } });
  });

  it('are corrected by another version, many in one ticket', async () => {
    const next = [
      { validFrom: '2026-02-02', rate: '7.79' },
      { ...JANUARY, rate: '7.78' },
    ];
    expect(await granted(desk, rates(next))).toMatchObject({
      before: { rates: [{ ...JANUARY, version: 1 }] },
      after: { rates: [{ version: 1 }, { version: 2, rate: '7.78' }] },
      result: { rateIds: [2, 3] },
    });
    const { items } = await ok<{ items: object[] }>(api.get('/fx-rates?from=USD&to=HKD'));
    expect(items).toMatchObject([
      { rateId: 1, rate: '7.7815', knownFrom: '2025-12-22', source: 'HKAB fixing' },
      { rateId: 2, validFrom: '2026-02-02', version: 1 },
      { rateId: 3, validFrom: '2026-01-01', version: 2 },
    ]);
    expect((await ok<{ items: object[] }>(api.get('/fx-rates?from=HKD'))).items).toEqual([]);
  });

  it.each([
    ['a day twice', [JANUARY, { ...JANUARY, rate: '7.7' }], {}, '/payload/rates/1/validFrom'],
    ['nothing', [JANUARY, { validFrom: '2026-01-02', rate: '0.00' }], {}, '/payload/rates/1/rate'],
    ['what is no rate', [{ ...JANUARY, rate: '-7' }], {}, '/payload/rates/0/rate'],
    ['a day that is none', [{ ...JANUARY, validFrom: '2026-02-30' }], {}, '/payload/rates/0'],
    ['into itself', [JANUARY], { from: 'HKD' }, '/target/to'],
    ['into a currency of no market', [JANUARY], { to: 'EUR' }, '/target/to'],
  ])('are refused as a whole with %s, by field and row', async (_what, list, target, field) => {
    const refused = await askFor(desk, rates(list, target));
    expect(refused.code).toBe('BAD_REQUEST');
    expect(JSON.stringify(refused)).toContain(field);
    expect((await ok<{ items: object[] }>(api.get('/fx-rates'))).items).toHaveLength(3);
  });

  it('are covered by events', async () => {
    const client = await api.db.$client.connect();
    const { rows, findings } = await verifyCoveredRows(client).finally(() => client.release());
    expect([rows['fx_rates'], findings]).toEqual([3, []]);
  });
});
