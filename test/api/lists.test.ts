import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../api/plugins/problems.ts';
import type { Page } from '../../db/queries/page.ts';
import { EXECUTION_COLUMNS } from '../../domain/front-office/csv-columns.ts';
import { writeSnapshot } from './snapshot.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const DAY = `ledgerDate=${MON_2025_12_22}`;
/** What writeSnapshot bills. */
const CONTRACT = 9_000_901;

describe('lists', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
    await writeSnapshot(api.db);
  });
  afterAll(() => api.close());

  const read = async <T = object>(path: string): Promise<Page<T>> => {
    const answer = await api.get(path);
    if (answer.statusCode !== 200) throw new Error(`${path} ${answer.statusCode} ${answer.body}`);
    return answer.json<Page<T>>();
  };
  const cursorOf = async (path: string): Promise<string> => {
    const { nextCursor } = await read(path);
    if (nextCursor === null) throw new Error(`${path} has one page only`);
    return nextCursor;
  };

  it.each([
    ['/accounts?limit=1', '/instruments?'],
    ['/instruments?limit=1', '/accounts?'],
    ['/balances?limit=1', '/positions?'],
    ['/trial-balance?limit=1', `/ledger-dates/${MON_2025_12_22}/flows?`],
    [`/ledger-dates/${MON_2025_12_22}/flows?limit=1`, '/trial-balance?'],
    [`/orders?${DAY}&limit=1`, '/supplements?'],
  ])('the cursor of %s is refused by %s', async (list, other) => {
    const cursor = await cursorOf(list);
    await read(`${list}&cursor=${cursor}`);
    const refused = await api.get(`${other}cursor=${cursor}`);
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ details: { errors: [{ field: '/cursor' }] } });
  });

  it.each(['/trial-balance?', `/ledger-dates/${MON_2025_12_22}/flows?`])(
    '%s comes whole, and by pages when a limit is given',
    async (path) => {
      const { items: all, nextCursor } = await read(path);
      expect(nextCursor).toBeNull();
      expect(all.length).toBeGreaterThan(2);
      const paged: object[] = [];
      for (let more = ''; ;) {
        const page = await read(`${path}limit=2${more}`);
        expect(page.items.length).toBeLessThanOrEqual(2);
        paged.push(...page.items);
        if (page.nextCursor === null) break;
        more = `&cursor=${page.nextCursor}`;
      }
      expect(paged).toEqual(all);
    },
  );

  it('the totals of the trial balance are of all lines, on each page', async () => {
    const whole = await api.get('/trial-balance');
    const page = await api.get('/trial-balance?limit=1');
    const totalsOf = (answer: typeof page) => answer.json<{ totals: object[] }>().totals;
    expect(totalsOf(page)).toEqual(totalsOf(whole));
  });

  it.each([
    [`/orders?${DAY}&flow=SG`, '/flow'],
    [`/trade-exceptions?${DAY}&flow=SG`, '/flow'],
    [`/checks?${DAY}&flow=SG`, '/flow'],
    [`/checks?${DAY}&taskCode=nothing`, '/taskCode'],
    [`/contracts?${DAY}&flow=SG`, '/flow'],
    [`/journals?${DAY}&flow=SG`, '/flow'],
    ['/commands?flow=SG', '/flow'],
    ['/supplements?flow=SG', '/flow'],
    ['/instruments?market=SG', '/market'],
    ['/trade-files?market=SG', '/market'],
    ['/trade-files?settlementChannel=SGX', '/settlementChannel'],
    ['/balances?currency=XXX', '/currency'],
    ['/trial-balance?limit=0', '/limit'],
    ['/trial-balance?account=1', '/account'],
    [`/contracts/${CONTRACT}/fees?size=1`, '/size'],
    [`/ledger-dates/${MON_2025_12_22}?size=1`, '/size'],
  ])('%s is 400 and names %s', async (path, field) => {
    const answer = await api.get(path);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<Problem>().details).toMatchObject({ errors: [{ field }] });
  });

  it.each([
    `/orders?${DAY}&accountNo=nobody`,
    `/orders?${DAY}&orderId=NOPE`,
    '/orders?ledgerDate=2031-01-02',
    '/contracts?accountNo=nobody',
    '/contracts?orderId=NOPE',
    '/journals?accountNo=nobody',
    '/journals?contractId=1',
    '/balances?accountNo=nobody',
    '/positions?accountNo=nobody',
    '/positions?instrumentId=ST/HK/0',
    '/accounts?accountNo=nobody',
    '/instruments?instrumentId=ST/HK/0',
    '/supplements?accountNo=nobody',
    '/commands?person=nobody',
  ])('%s finds nothing', async (path) => {
    expect(await read(path)).toEqual({ items: [], nextCursor: null });
  });

  it.each([
    '/contracts/1/fees',
    '/checks/999/differences',
    `/orders/NOPE/channel-edits?${DAY}`,
    '/front-office/imports/7f3e6b0e-6f0a-4d7e-9a55-000000000000/errors',
    '/ledger-dates/2031-01-02/flows',
    '/trade-files/999',
  ])('%s is of something that is not there: 404', async (path) => {
    const answer = await api.get(path);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([404, 'NOT_FOUND']);
  });

  it('what is there and has nothing is an empty list', async () => {
    const nothing = { items: [], nextCursor: null };
    expect(await read(`/orders/ORD-901/channel-edits?${DAY}`)).toEqual(nothing);
    expect(await read(`/contracts/${CONTRACT}/fees`)).toEqual(nothing);
    const imported = await api.post('/front-office/imports/executions', undefined, {
      payload: EXECUTION_COLUMNS.join(','),
      headers: { 'content-type': 'text/csv' },
    });
    const { importId } = imported.json<{ importId: string }>();
    expect(await read(`/front-office/imports/${importId}/errors`)).toEqual(nothing);
  });
});
