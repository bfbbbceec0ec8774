import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Closing } from '../../db/queries/closing.ts';
import type { ContractView } from '../../db/queries/contracts.ts';
import type { FeeView } from '../../db/queries/fees.ts';
import type { JournalView } from '../../db/queries/journals.ts';
import type { Page } from '../../db/queries/page.ts';
import { Decimal, ZERO } from '../../domain/money/decimal.ts';
import { startApi, type ApiUnderTest } from './support.ts';

/** The last ledger date before the sample week: its contracts stand in the opening books. */
const FRI_2025_12_19 = '2025-12-19';

interface Holding {
  readonly accountNo: string;
  readonly currency: string;
  readonly instrumentId: string;
  readonly settled: string;
  readonly unsettled: string;
  readonly frozen: string;
  readonly unsettledByDate?: readonly {
    readonly settlementDate: string;
    readonly amount: string;
  }[];
}

const total = (amounts: readonly string[]): string => Decimal.sum(ZERO, ...amounts).toFixed();

describe('the books of the sample broker', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi('sample');
  });
  afterAll(() => api.close());

  const read = async <T>(path: string): Promise<T> => {
    const answer = await api.get(path, 'auditor');
    expect([path, answer.statusCode, answer.statusCode === 200 ? '' : answer.body]).toEqual([
      path,
      200,
      '',
    ]);
    return answer.json<T>();
  };
  const everything = async <T>(path: string, limit = 500): Promise<T[]> => {
    const items: T[] = [];
    const mark = path.includes('?') ? '&' : '?';
    for (let cursor: string | null = ''; cursor !== null;) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await read<Page<T>>(`${path}${mark}limit=${limit}${more}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  };
  const contracts = () => everything<ContractView>(`/contracts?ledgerDate=${FRI_2025_12_19}`);

  it('contracts of the opening books wait for settlement', async () => {
    const found = await contracts();
    expect(found.length).toBeGreaterThan(100);
    expect(new Set(found.map(({ state }) => state))).toEqual(new Set([4]));
    const [first] = found;
    expect(await read(`/contracts/${first!.contractId}`)).toEqual(first);
    const ofOrder = await read<Page<ContractView>>(`/contracts?orderId=${first!.orderId}`);
    expect(ofOrder.items).toEqual([first]);
    const filtered = await read<Page<ContractView>>(
      `/contracts?accountNo=${first!.accountNo}&flow=${first!.flow}&state=4`,
    );
    expect(filtered.items).toContainEqual(first);
    expect(
      (await read<Page<ContractView>>(`/contracts?ledgerDate=${FRI_2025_12_19}&state=5`)).items,
    ).toEqual([]);
  });

  it('fees explain themselves and add up to the fee of the contract', async () => {
    const found = (await contracts()).slice(0, 12);
    for (const { contractId, feeAmount, currency } of found) {
      const { items } = await read<Page<FeeView>>(`/contracts/${contractId}/fees`);
      expect(total(items.map(({ amount }) => amount))).toBe(new Decimal(feeAmount).toFixed());
      for (const fee of items) {
        expect(fee.currency).toBe(currency);
        expect(fee.choice.ruleId).toBeGreaterThan(0);
        expect(new Decimal(fee.steps.at(-1)?.result ?? NaN).eq(fee.amount)).toBe(true);
      }
    }
  });

  it('journals carry their postings, which add up to zero per asset', async () => {
    const [contract] = await contracts();
    const { items } = await read<Page<JournalView>>(`/journals?contractId=${contract!.contractId}`);
    expect(items).toHaveLength(1);
    const [journal] = items;
    expect(journal).toMatchObject({
      kind: 'tradePosting',
      sourceKind: 'contract',
      sourceId: contract!.contractId,
      accountNo: contract!.accountNo,
    });
    expect(await read(`/journals/${journal!.journalId}`)).toEqual(journal);
    const assets = new Set(journal!.postings.map(({ asset }) => asset));
    expect(assets).toEqual(new Set([contract!.currency, contract!.instrumentId]));
    for (const asset of assets) {
      const amounts = journal!.postings.filter((posting) => posting.asset === asset);
      expect(total(amounts.map(({ amount }) => amount))).toBe('0');
    }
    const holders = new Set(journal!.postings.map(({ holder }) => holder));
    expect(holders).toEqual(new Set(['CLIENT', 'STREET', 'FEE']));
  });

  it('balances now are balances as of the last date with a posting', async () => {
    const { accountNo } = (await contracts())[0]!;
    for (const list of ['balances', 'positions']) {
      const now = await everything<Holding>(`/${list}?accountNo=${accountNo}`);
      const asOf = await everything<Holding>(
        `/${list}?accountNo=${accountNo}&asOf=${FRI_2025_12_19}`,
      );
      expect(now.length).toBeGreaterThan(0);
      expect(asOf).toEqual(now);
      for (const { unsettled, unsettledByDate } of now) {
        const due = unsettledByDate?.map(({ amount }) => amount) ?? [];
        expect(total(due)).toBe(new Decimal(unsettled).toFixed());
      }
    }
  });

  it('before anything was carried in there was nothing', async () => {
    const { items } = await read<Page<Holding>>('/balances?asOf=2025-12-01&limit=5');
    expect(items.map(({ settled, unsettled }) => [settled, unsettled])).toEqual(
      items.map(() => ['0.00', '0.00']),
    );
  });

  it('the trial balance is zero, now and as of a date', async () => {
    for (const query of ['', `?asOf=${FRI_2025_12_19}`]) {
      const { totals, items } = await read<{
        totals: { asset: string; total: string }[];
        items: { asset: string; holder: string; total: string }[];
      }>(`/trial-balance${query}`);
      expect(totals.length).toBeGreaterThan(10);
      expect(totals.filter((row) => row.total !== '0')).toEqual([]);
      const clients = items.filter((row) => row.holder === 'CLIENT' && row.asset === 'HKD');
      const cash = await everything<Holding>('/balances?currency=HKD');
      expect(total(clients.map((row) => row.total))).toBe(
        total(cash.flatMap((row) => [row.settled, row.unsettled, row.frozen])),
      );
    }
  });

  it.each([
    { list: `/contracts?ledgerDate=${FRI_2025_12_19}`, key: 'contractId' },
    { list: `/journals?ledgerDate=${FRI_2025_12_19}`, key: 'journalId' },
    { list: '/balances', key: 'accountNo' },
    { list: '/positions', key: 'accountNo' },
    { list: '/positions?instrumentId=ST%2FHK%2F700&asOf=2025-12-19', key: 'accountNo' },
    { list: '/accounts', key: 'accountNo' },
    { list: '/instruments', key: 'instrumentId' },
    { list: '/ledger-dates', key: 'ledgerDate' },
  ])('$list by small pages is the list by large ones', async ({ list, key }) => {
    const large = await everything<Record<string, unknown>>(list, 500);
    const bounded = large.slice(0, 60);
    const size = Math.max(1, Math.floor(bounded.length / 3));
    const small: Record<string, unknown>[] = [];
    const mark = list.includes('?') ? '&' : '?';
    for (let cursor = ''; small.length < bounded.length;) {
      const page = await read<Page<Record<string, unknown>>>(
        `${list}${mark}limit=${size}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      small.push(...page.items);
      cursor = page.nextCursor ?? '';
      if (cursor === '') break;
    }
    expect(small.slice(0, bounded.length)).toEqual(bounded);
    expect(bounded.length).toBeGreaterThan(1);
    expect(bounded.every((row) => key in row)).toBe(true);
  });

  it('the closing table adds up and every invariant holds', async () => {
    const closing = await read<Closing>(`/ledger-dates/${FRI_2025_12_19}/closing`);
    const found = await contracts();
    expect(closing.contracts.reduce((sum, { count }) => sum + count, 0)).toBe(found.length);
    expect(total(closing.fees.map(({ amount }) => amount))).toBe(
      total(found.map(({ feeAmount }) => feeAmount)),
    );
    expect(closing.journals.map(({ kind }) => kind)).toContain('tradePosting');
    expect(closing.invariants.filter(({ ok }) => !ok)).toEqual([]);
    expect(closing.invariants.length).toBeGreaterThanOrEqual(10);
  });
});
