import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckView, DifferenceView } from '../../db/queries/checks.ts';
import type { Closing } from '../../db/queries/closing.ts';
import type { FlowView } from '../../db/queries/flow-view.ts';
import type { OrderView, TradeExceptionView } from '../../db/queries/orders.ts';
import type { Page } from '../../db/queries/page.ts';
import { writeSnapshot } from './snapshot.ts';
import { MON_2025_12_22, startApi, type ApiUnderTest } from './support.ts';

const DAY = `ledgerDate=${MON_2025_12_22}`;

describe('what a flow read and found', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
    await writeSnapshot(api.db);
  });
  afterAll(() => api.close());

  const read = async <T>(path: string): Promise<T> => (await api.get(path, 'viewer')).json<T>();
  const orderIds = async (filter: string): Promise<string[]> =>
    (await read<Page<OrderView>>(`/orders?${DAY}${filter}`)).items.map(({ orderId }) => orderId);

  it('an order shows its channel as received, as edited and as billed', async () => {
    const { items } = await read<Page<OrderView>>(`/orders?${DAY}`);
    expect(items).toHaveLength(3);
    expect(items[0]).toMatchObject({
      orderId: 'ORD-901',
      accountNo: '20000002',
      instrumentId: 'ST/HK/700',
      executionCount: 2,
      quantity: '200',
      amount: '120100.00',
      currency: 'HKD',
      opEntrustWay: 3,
      manualOpEntrustWay: null,
      orderChannel: 3,
      billed: true,
    });
    expect(items[1]).toMatchObject({
      opEntrustWay: 3,
      manualOpEntrustWay: 4,
      orderChannel: 4,
      editor: 'operator',
      billed: false,
    });
  });

  it.each([
    { filter: '&billed=true', ids: ['ORD-901'] },
    { filter: '&billed=false', ids: ['ORD-902', 'ORD-903'] },
    { filter: '&orderChannel=4', ids: ['ORD-902'] },
    { filter: '&orderChannel=3', ids: ['ORD-901', 'ORD-903'] },
    { filter: '&orderId=ORD-903', ids: ['ORD-903'] },
    { filter: '&accountNo=20000001', ids: ['ORD-902'] },
    { filter: '&flow=US', ids: [] },
    { filter: '&flow=HK&limit=2', ids: ['ORD-901', 'ORD-902'] },
  ])('orders by $filter', async ({ filter, ids }) => {
    expect(await orderIds(filter)).toEqual(ids);
  });

  it('exceptions name the trade and the reason', async () => {
    const { items } = await read<Page<TradeExceptionView>>(`/trade-exceptions?${DAY}&flow=HK`);
    expect(items).toMatchObject([
      { executionId: 'EXE-9', reason: 'UNKNOWN_ACCOUNT', details: { accountNo: '1' } },
    ]);
    const other = await read<Page<TradeExceptionView>>(
      `/trade-exceptions?${DAY}&reason=UNKNOWN_ORDER`,
    );
    expect(other.items).toEqual([]);
  });

  it('a failed check leads to its differences', async () => {
    const { items } = await read<Page<CheckView>>(`/checks?${DAY}`);
    expect(items).toMatchObject([{ taskStatus: 'FAILED', taskNum: 1, current: true }]);
    const differences = await read<Page<DifferenceView>>(`/checks/${items[0]!.taskId}/differences`);
    expect(differences.items).toMatchObject([
      { clearingId: 'EXE-901-1', otherId: null, quantity: '100', resultTag: 'localOnly' },
    ]);
  });

  it('a check that a later run replaced is shown on request only', async () => {
    await api.db.$client.query(
      `UPDATE flow_steps SET step_run_id = 0 WHERE flow = 'HK' AND step = 'preCheck'`,
    );
    expect((await read<Page<CheckView>>(`/checks?${DAY}`)).items).toEqual([]);
    const all = await read<Page<CheckView>>(`/checks?${DAY}&includeEarlier=true`);
    expect(all.items).toMatchObject([{ current: false }]);
  });

  it('the flow shows its steps in order with what they did', async () => {
    const flow = await read<FlowView>(`/ledger-dates/${MON_2025_12_22}/flows/HK`);
    expect(flow.steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'sync SUCCEEDED',
      'preCheck BLOCKED_BY_CHECK',
      'billing SUCCEEDED',
      'posting NOT_STARTED',
      'settlement NOT_STARTED',
    ]);
    expect(flow.steps[0]).toMatchObject({
      name: 'Data synchronization',
      nameZh: '数据同步',
      pass: 1,
    });
    // The US flow comes first and is not through; only what was billed may be revoked.
    expect(flow.allowedCommands).toEqual(['revoke']);
    const { items } = await read<Page<FlowView>>(`/ledger-dates/${MON_2025_12_22}/flows`);
    expect(items.map((each) => each.flow)).toEqual(['US', 'HK', 'day-end']);
    expect(items[1]).toEqual(flow);
  });
});

describe('the invariants of the closing table', () => {
  const broken = async (api: ApiUnderTest): Promise<string[]> => {
    const closing = await api.get(`/ledger-dates/${MON_2025_12_22}/closing`);
    return closing
      .json<Closing>()
      .invariants.filter(({ ok }) => !ok)
      .map(({ name }) => name);
  };
  const JOURNAL = `INSERT INTO journals (ledger_date, journal_id, kind, step_run_id, generation,
    flow, source_kind, source_id, account_id, value_date)
    VALUES ('${MON_2025_12_22}', 77, 'tradePosting', 1, 1, 'HK', 'contract', 1, 1000000, now())`;
  const POSTING = (account: string, amount: string): string =>
    `INSERT INTO postings (ledger_date, journal_id, line, ledger_account_id, asset_id, bucket,
       amount)
     VALUES ('${MON_2025_12_22}', 77, 1, ${account}, 1, 1, ${amount})`;

  it.each([
    { name: 'hold of untouched books', sql: [], breaks: [] },
    {
      name: 'find a balance that moved without a posting',
      sql: [
        `UPDATE balances SET amount = amount + 0.01 WHERE ctid = (SELECT b.ctid FROM balances b
        JOIN assets s USING (asset_id) WHERE s.kind = 'CURRENCY' LIMIT 1)`,
      ],
      breaks: ['stored cash equals the sum of postings'],
    },
    {
      name: 'find a position that moved without a posting',
      sql: [
        `UPDATE balances SET amount = amount + 1 WHERE ctid = (SELECT b.ctid FROM balances b
        JOIN assets s USING (asset_id) WHERE s.kind = 'INSTRUMENT' LIMIT 1)`,
      ],
      breaks: ['positions equal the sum of movements'],
    },
    {
      name: 'find a journal of one leg',
      sql: [JOURNAL, POSTING('101', '5')],
      breaks: [
        'trial balance is zero',
        'each journal balances per asset',
        'house deltas equal the postings of house accounts',
      ],
    },
    {
      name: 'find a journal without postings',
      sql: [JOURNAL],
      breaks: ['each posting belongs to a journal, and each journal has postings'],
    },
    {
      name: 'find a step that nobody runs',
      sql: [
        `INSERT INTO step_runs (ledger_date, flow, step, generation, pass, status, inputs)
        VALUES ('${MON_2025_12_22}', 'HK', 'sync', 1, 1, 'RUNNING', '{}')`,
      ],
      breaks: ['no step is RUNNING that nobody runs'],
    },
  ])('$name', async ({ sql, breaks }) => {
    const api = await startApi();
    try {
      for (const statement of sql) await api.db.$client.query(statement);
      expect(await broken(api)).toEqual(breaks);
    } finally {
      await api.close();
    }
  });

  it('find a billed order without a contract, and a trade in two places', async () => {
    const api = await startApi();
    try {
      await writeSnapshot(api.db);
      expect(await broken(api)).toEqual([
        'each order that was billed has one contract, and each contract its order',
      ]);
      await api.db.$client.query(
        `INSERT INTO trade_exceptions SELECT ledger_date, sync_run_id, 'EXE-901-1', order_id,
           reason,
           details FROM trade_exceptions`,
      );
      expect(await broken(api)).toContain('each trade is in exactly one of contract and exception');
    } finally {
      await api.close();
    }
  });
});
