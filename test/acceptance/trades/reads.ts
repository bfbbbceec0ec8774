import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { Decimal } from '../../../domain/money/decimal.ts';
import type { Answer, Api } from '../support/api.ts';
import type { DayDesk } from '../support/desk.ts';
import type { Page, Problem } from '../support/views.ts';

/** What the scenarios about trades read of the API's answers. */

export interface OrderRow {
  readonly orderId: string;
  readonly source: string;
  readonly orderVersion: number;
  readonly opEntrustWay: number;
  readonly manualOpEntrustWay: number | null;
  readonly orderChannel: number;
  readonly editor: string | null;
  readonly editedAt: string | null;
  readonly tradeDate: string;
  readonly executionCount: number;
  readonly quantity: string;
  readonly amount: string;
  readonly billed: boolean;
}

export interface ContractRow {
  readonly contractId: number;
  readonly ledgerDate: string;
  readonly generation: number;
  readonly orderId: string;
  readonly source: string;
  readonly accountNo: string;
  readonly tradeDate: string;
  readonly orderChannel: number;
  readonly executionCount: number;
  readonly currency: string;
  readonly quantity: string;
  readonly grossAmount: string;
  readonly feeAmount: string;
  readonly netAmount: string;
  readonly cashSettlementDate: string;
  readonly securitiesSettlementDate: string;
  readonly state: number | null;
}

export interface FeeRow {
  readonly feeCode: string;
  readonly executionNo: number;
  readonly executionId: string | null;
  readonly metric: string;
  readonly exactAmount: string;
  readonly clamp: string;
  readonly amount: string;
  readonly monthBefore: string | null;
  readonly choice: {
    readonly feeCode: string;
    readonly ruleId: number;
    readonly waiver: string;
    readonly formula: { readonly kind: string; readonly rate?: string };
    readonly rounding: { readonly mode: string; readonly increment: string };
  };
  readonly steps: readonly { readonly step: string; readonly result: string | null }[];
}

export interface ExceptionRow {
  readonly executionId: string;
  readonly orderId: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CheckRow {
  readonly taskId: number;
  readonly market: string;
  readonly settlementChannel: string;
  readonly taskStatus: string;
  readonly taskNum: number;
  readonly current: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface DifferenceRow {
  readonly resultTag: string;
  readonly verified: string;
  readonly toleranceStatus: string | null;
  readonly downgradeStatus: string | null;
  readonly clearingId: string | null;
  readonly otherId: string | null;
  readonly quantity: string | null;
  readonly amount: string | null;
}

interface JournalRow {
  readonly journalId: number;
  readonly ledgerDate: string;
  readonly kind: string;
  readonly generation: number;
  readonly postings: readonly { readonly asset: string; readonly amount: string }[];
}

export const ordersOf = (api: Api, ledgerDate: string, rest = ''): Promise<OrderRow[]> =>
  api.list(`/orders?ledgerDate=${ledgerDate}${rest}`);

export const contractsOf = (api: Api, ledgerDate: string, flow = 'HK'): Promise<ContractRow[]> =>
  api.list(`/contracts?ledgerDate=${ledgerDate}&flow=${flow}`);

/** Contracts that count, of every ledger date: a trade that is booked twice shows here. */
export const contractsOfOrder = (api: Api, orderId: string): Promise<ContractRow[]> =>
  api.list(`/contracts?orderId=${orderId}`);

export async function contractOf(api: Api, orderId: string): Promise<ContractRow> {
  const found = await contractsOfOrder(api, orderId);
  if (found.length !== 1 || !found[0]) throw new Error(`${orderId}: ${JSON.stringify(found)}`);
  return found[0];
}

export const feesOf = async (api: Api, contractId: number): Promise<readonly FeeRow[]> =>
  (await api.get<Page<FeeRow>>(`/contracts/${contractId}/fees`)).items;

export const journalsOf = (api: Api, contractId: number): Promise<JournalRow[]> =>
  api.list(`/journals?contractId=${contractId}`);

export const exceptionsOf = (api: Api, ledgerDate: string): Promise<ExceptionRow[]> =>
  api.list(`/trade-exceptions?ledgerDate=${ledgerDate}`);

/** The results that count, of one channel. */
export async function checkOf(api: Api, ledgerDate: string, channel: string): Promise<CheckRow> {
  const checks = await api.list<CheckRow>(`/checks?ledgerDate=${ledgerDate}`);
  const found = checks.find(({ settlementChannel }) => settlementChannel === channel);
  if (!found) throw new Error(`no check of ${channel}: ${JSON.stringify(checks)}`);
  return found;
}

export const differencesOf = (api: Api, taskId: number): Promise<DifferenceRow[]> =>
  api.list(`/checks/${taskId}/differences`);

export interface SupplementRow {
  readonly supplementId: number;
  readonly orderId: string;
  readonly ledgerDate: string;
  readonly generation: number;
  readonly tradeDate: string;
}

/**
 * A supplement with one execution of a hundred at 100, as `with` changes it; the answer as it came.
 */
export function enterSupplement(
  api: Api,
  ledgerDate: string,
  asked: Readonly<Record<string, unknown>> = {},
  key: string = randomUUID(),
): Promise<Answer<SupplementRow & Problem>> {
  const body = {
    ledgerDate,
    accountNo: '20000005',
    instrumentId: 'ST/HK/700',
    side: 'BUY',
    settlementChannel: 'HKOTC',
    tradeDate: ledgerDate,
    executions: [{ quantity: '100', price: '100' }],
    ...asked,
  };
  return api.ask('POST', '/supplements', { body, key });
}

export async function mustEnterSupplement(
  api: Api,
  ledgerDate: string,
  asked: Readonly<Record<string, unknown>> = {},
): Promise<SupplementRow> {
  const { status, body } = await enterSupplement(api, ledgerDate, asked);
  if (status !== 200) throw new Error(`supplement: ${status} ${JSON.stringify(body)}`);
  return body;
}

export const sum = (amounts: readonly string[]): string =>
  amounts.reduce((total, amount) => total.plus(amount), new Decimal(0)).toFixed();

/** The fee rows of a contract add up, each follows from its own rule, and the books balance. */
export async function expectExplained(api: Api, contract: ContractRow): Promise<void> {
  const fees = await feesOf(api, contract.contractId);
  const same = (a: string | undefined | null, b: string): void =>
    expect(new Decimal(a ?? 'NaN').toFixed()).toBe(new Decimal(b).toFixed());
  same(sum(fees.map(({ amount }) => amount)), contract.feeAmount);
  for (const fee of fees) {
    same(fee.steps.at(-1)?.result, fee.amount);
    expect(fee.choice.feeCode).toBe(fee.feeCode);
    const { kind, rate } = fee.choice.formula;
    if (kind !== 'rate' || fee.clamp !== '') continue;
    const exact = new Decimal(fee.metric).times(rate ?? 'NaN');
    same(fee.exactAmount, exact.toFixed());
    const { mode, increment } = fee.choice.rounding;
    const rounded = exact.toNearest(
      increment,
      mode === 'ceil' ? Decimal.ROUND_CEIL : Decimal.ROUND_HALF_UP,
    );
    same(fee.amount, rounded.toFixed());
  }
  for (const { postings } of await journalsOf(api, contract.contractId)) {
    const assets = new Set(postings.map(({ asset }) => asset));
    expect(assets.size).toBeGreaterThan(0);
    for (const asset of assets) {
      const amounts = postings.filter((each) => each.asset === asset).map(({ amount }) => amount);
      expect([asset, sum(amounts)]).toEqual([asset, '0']);
    }
  }
}

/** What a request that was refused must not change. */
export async function countsOf(api: Api, day: DayDesk): Promise<Record<string, number>> {
  const { contracts, journals } = await day.closing();
  const count = async (path: string) => (await api.list<object>(path)).length;
  return {
    orders: await count(`/orders?ledgerDate=${day.ledgerDate}`),
    exceptions: await count(`/trade-exceptions?ledgerDate=${day.ledgerDate}`),
    files: await count('/trade-files'),
    supplements: await count('/supplements'),
    contracts: (contracts as readonly object[]).length,
    journals: (journals as readonly object[]).length,
  };
}
