import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FinalFees } from '../../db/final-fees.ts';
import type { SimulatedOrder } from '../../db/fee-simulation.ts';
import { HYPOTHETICAL_ORDER_COLUMNS } from '../../domain/fees/hypothetical-order.ts';
import type { RowError } from '../../domain/front-office/row-reader.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

interface Answer {
  readonly saved: false;
  readonly orders: readonly SimulatedOrder[];
  readonly bad: number;
  readonly errors: readonly RowError[];
}

const HEADER = HYPOTHETICAL_ORDER_COLUMNS.join(',');
const HEAD = {
  accountNo: '20000001',
  instrumentId: 'ST/HK/700',
  side: 'BUY',
  orderChannel: 6,
  tradeDate: MON_2025_12_22,
};
const ORDER = { ...HEAD, quantity: '1000', price: '100' };

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const simulate = (body: object, query = '') => api.post(`/fees/simulate${query}`, body);
const simulateFile = (rows: readonly string[], header = HEADER) =>
  api.post('/fees/simulate', undefined, {
    payload: [header, ...rows].join('\n'),
    headers: { 'content-type': 'text/csv' },
  });
async function priced(body: object, query = ''): Promise<readonly SimulatedOrder[]> {
  const answer = await simulate(body, query);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json<Answer>().orders;
}
const amountOf = (order: SimulatedOrder | undefined, feeCode: string): string | undefined =>
  order?.fees.find((fee) => fee.feeCode === feeCode)?.amount;

/** Of every table; the audit log alone grows, by the sign-in. */
async function rowCounts(): Promise<unknown> {
  const { rows } = await api.db.$client.query<Record<string, number>>(
    `SELECT relname, (xpath('/row/n/text()', query_to_xml(
       format('SELECT count(*) AS n FROM %I.%I', schemaname, relname), false, true, '')))[1]::text
     FROM pg_stat_user_tables WHERE relname NOT LIKE 'audit%' ORDER BY 1`,
  );
  expect(rows.length).toBeGreaterThan(20);
  return rows;
}

describe('POST /fees/simulate', () => {
  it('prices an order, with the rule, the arithmetic and the dates', async () => {
    const [order] = await priced({ ...ORDER, settlementChannel: 'CCASS' });
    expect(order).toMatchObject({
      row: 1,
      market: 'HK',
      scheduleId: 'sample-hk-retail',
      currency: 'HKD',
      executionCount: 1,
      grossAmount: '100000',
      // The half day of the 24th settles nothing, and two holidays follow.
      cashSettlementDate: '2025-12-29',
    });
    expect(amountOf(order, 'COMMISSION')).toBe('80.00');
    expect(amountOf(order, 'STAMP')).toBe('100.00');
    for (const fee of order!.fees) expect(fee.steps.at(-1)?.result).toBe(fee.amount);
  });

  it('follows the channel, the executions and the type of the instrument', async () => {
    const fills = [
      { quantity: '500', price: '100' },
      { quantity: '500', price: '100' },
    ];
    const [dealer, app, parts, fund] = await priced({
      items: [
        ORDER,
        { ...ORDER, orderChannel: 0 },
        { ...HEAD, executions: fills },
        { ...ORDER, instrumentId: 'ETF/HK/2800' },
      ],
    });
    expect([dealer, app].map((order) => amountOf(order, 'COMMISSION'))).toEqual(['80.00', '30.00']);
    expect(parts!.fees.filter(({ feeCode }) => feeCode === 'STAMP')).toMatchObject([
      { executionNo: 1, amount: '50.00' },
      { executionNo: 2, amount: '50.00' },
    ]);
    const [asText] = await priced({ ...ORDER, quantity: '500 500', price: '100 100' });
    expect({ ...asText, row: 3 }).toEqual(parts);
    expect(fund!.fees).toContainEqual(
      expect.objectContaining({ feeCode: 'STAMP', clamp: 'waived', amount: '0.00' }),
    );
  });

  it('takes the stage of an order; one of the grey market is of Hong Kong only', async () => {
    const [plain, grey] = await priced({ items: [ORDER, { ...ORDER, stage: 'GREY' }] });
    expect([plain, grey].map((order) => order?.stage)).toEqual(['NORMAL', 'GREY']);
    const us = { ...ORDER, instrumentId: 'ST/US/AAPL', stage: 'GREY' };
    expect((await simulate(us)).json()).toMatchObject({ code: 'NOT_IN_ENUM' });
    const file = await simulateFile(
      ['20000001,ST/HK/700,BUY,6,,2025-12-22,1000,100,GREY'],
      `${HEADER},stage`,
    );
    expect(file.json<Answer>().orders).toMatchObject([{ stage: 'GREY' }]);
  });

  it('of a file prices the good rows and lists the bad ones by row and field', async () => {
    const answer = await simulateFile([
      '20000001,ST/HK/700,BUY,6,CCASS,2025-12-22,1000,100',
      '99999999,ST/HK/700,BUY,6,,2025-12-22,1000,100',
      '20000001,ST/HK/NONE,BUY,6,,2025-12-22,1000,100',
      '20000001,ST/HK/700,HOLD,10,,2025-12-22,1000,-1',
      '20000001,ST/HK/700,BUY,6,IB,2025-12-22,1000,100',
      '20000001,ST/HK/700,BUY,6,,2025-12-25,1000,100',
      '20000030,ST/HK/700,BUY,6,,2025-12-22,1000,100',
      '20000001,ST/HK/700,BUY,6,,2025-12-22,500 500,100',
      '20000001,ST/HK/700,SELL,6,,2025-12-22,500 500,100 101.5',
      '20000001,ST/HK/700,BUY,6,,2045-12-22,1000,100',
    ]);
    expect(answer.statusCode).toBe(200);
    const { saved, orders, bad, errors } = answer.json<Answer>();
    expect(saved).toBe(false);
    expect(orders.map(({ row, grossAmount }) => [row, grossAmount])).toEqual([
      [1, '100000'],
      [9, '100750'],
    ]);
    expect(bad).toBe(8);
    expect(errors.map(({ row, field, code }) => [row, field, code])).toEqual([
      [2, 'account_no', 'UNKNOWN_ACCOUNT'],
      [3, 'instrument_id', 'UNKNOWN_INSTRUMENT'],
      [4, 'side', 'NOT_IN_ENUM'],
      [4, 'order_channel', 'OUT_OF_RANGE'],
      [4, 'price', 'NOT_POSITIVE'],
      [5, 'settlement_channel', 'UNKNOWN_SETTLEMENT_CHANNEL'],
      [6, 'trade_date', 'TRADE_DATE_CLOSED'],
      [7, 'account_no', 'FEE_RULE_MISSING'],
      [8, 'price', 'OUT_OF_RANGE'],
      [10, 'trade_date', 'CALENDAR_MISSING'],
    ]);
  });

  it.each([
    ['an unknown account', { accountNo: '1' }, 400, 'UNKNOWN_ACCOUNT', 'accountNo'],
    ['no price', { price: undefined }, 400, 'VALUE_MISSING', 'price'],
    ['a misspelt field', { chanel: 1 }, 400, 'BAD_REQUEST', 'chanel'],
    ['both ways to say fills', { executions: [] }, 400, 'BAD_REQUEST', 'executions'],
    ['no schedule', { accountNo: '20000030' }, 422, 'FEE_RULE_MISSING', 'accountNo'],
  ])(
    'refuses a request with %s, and names the field',
    async (_what, change, status, code, field) => {
      const answer = await simulate({ items: [ORDER, { ...ORDER, ...change }] });
      expect(answer.statusCode).toBe(status);
      expect(answer.json()).toMatchObject({ code, details: { errors: [{ row: 2, field, code }] } });
    },
  );

  it.each([
    ['a header that is another', ['x'], 'account_no,price'],
    ['a row with too few columns', ['20000001,ST/HK/700'], HEADER],
  ])('refuses a file with %s', async (_what, rows, header) => {
    const answer = await simulateFile(rows, header);
    expect(answer.json()).toMatchObject({ code: 'FILE_MALFORMED' });
  });

  it('takes at most a thousand orders', async () => {
    const answer = await simulate({ items: Array.from({ length: 1_001 }, () => ORDER) });
    expect(answer.json()).toMatchObject({ code: 'OUT_OF_RANGE', details: { most: 1_000 } });
  });

  it('prices by the rules as they stood', async () => {
    const [now] = await priced(ORDER);
    const [same] = await priced(ORDER, `?policyVersion=${now!.policyVersion}`);
    expect(same).toEqual(now);
    const answer = await simulate(ORDER, '?policyVersion=1');
    expect(answer.json()).toMatchObject({ code: 'FEE_RULE_MISSING' });
  });

  it('writes nothing', async () => {
    const before = await rowCounts();
    await priced(ORDER);
    await simulateFile(['20000001,ST/HK/700,BUY,6,,2025-12-22,1000,100']);
    expect(await rowCounts()).toEqual(before);
  });

  it('needs the permission', async () => {
    const answer = await api.post('/fees/simulate', ORDER, { headers: await api.as('admin') });
    expect(answer.statusCode).toBe(403);
  });
});

describe('GET /accounts/{accountNo}/final-fees', () => {
  const finalFees = (accountNo: string, query = `?tradeDate=${MON_2025_12_22}`) =>
    api.get(`/accounts/${accountNo}/final-fees${query}`);

  it('shows by market and code which rule prices what, and special ones', async () => {
    const { markets } = (await finalFees('20000001')).json<FinalFees>();
    expect(markets.map(({ market, refusal }) => [market, refusal])).toEqual([
      ['US', null],
      ['HK', null],
    ]);
    const hk = markets.find(({ market }) => market === 'HK')!;
    expect(hk).toMatchObject({ currency: 'HKD', scheduleId: 'sample-hk-retail' });
    const commission = hk.fees.find(({ feeCode }) => feeCode === 'COMMISSION')!;
    expect(commission.special).toHaveLength(1);
    const [special] = commission.special;
    const byChannel = commission.applies.map(({ channels, outcome }) => [channels, outcome.ruleId]);
    expect(byChannel).toContainEqual([special!.conditions!.channels, special!.ruleId]);
    const stamp = hk.fees.find(({ feeCode }) => feeCode === 'STAMP')!;
    expect(new Set(stamp.applies.map(({ outcome }) => outcome.waiver))).toEqual(
      new Set(['', 'exempt-type']),
    );
    for (const { side, channels } of stamp.applies) {
      expect([side, channels]).toEqual(['BOTH', null]);
    }
  });

  it('agrees with the simulation, whatever is traded', async () => {
    const { markets } = (await finalFees('20000001')).json<FinalFees>();
    const hk = markets.find(({ market }) => market === 'HK')!;
    const types = { 'ST/HK/700': 'EQUITY', 'ETF/HK/2800': 'ETF' } as const;
    for (const [instrumentId, type] of Object.entries(types)) {
      for (const side of ['BUY', 'SELL'] as const) {
        for (const channel of [0, 3, 6, 9]) {
          const [order] = await priced({ ...ORDER, instrumentId, side, orderChannel: channel });
          const rules = hk.fees.flatMap(({ feeCode, applies }) =>
            applies
              .filter(
                (group) =>
                  (group.instrumentTypes?.includes(type) ?? true) &&
                  (group.side === 'BOTH' || group.side === side) &&
                  (group.channels?.includes(channel) ?? true),
              )
              .map(({ outcome }) => `${feeCode} ${outcome.ruleId} ${outcome.waiver}`),
          );
          const said = order!.fees.map(
            ({ feeCode, choice }) => `${feeCode} ${choice.ruleId} ${choice.waiver}`,
          );
          expect(rules.toSorted()).toEqual([...new Set(said)].toSorted());
        }
      }
    }
  });

  it('says why billing would refuse a market', async () => {
    const { markets } = (await finalFees('20000030')).json<FinalFees>();
    for (const market of markets) {
      expect(market).toMatchObject({ fees: [], refusal: { code: 'FEE_RULE_MISSING' } });
    }
  });

  it('of an unknown account is 404, and needs a trade date', async () => {
    expect((await finalFees('1')).statusCode).toBe(404);
    expect((await finalFees('20000001', '')).statusCode).toBe(400);
  });
});
