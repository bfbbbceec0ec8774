import type { Api } from './api.ts';

export interface ContractView {
  readonly contractId: number;
  readonly orderId: string;
  readonly accountNo: string;
  readonly state: number;
  readonly generation: number;
  readonly feeAmount: string;
  readonly netAmount: string;
  readonly [field: string]: unknown;
}

interface Holding {
  readonly settled: string;
  readonly unsettled: string;
  readonly frozen: string;
}

export interface Books {
  readonly cash: readonly object[];
  readonly securities: readonly object[];
}

/** What every client owns and awaits; what is nothing in every bucket is left out. */
export async function booksOf(api: Api): Promise<Books> {
  const isSomething = ({ settled, unsettled, frozen }: Holding) =>
    [settled, unsettled, frozen].some((amount) => /[1-9]/.test(amount));
  return {
    cash: (await api.list<Holding>('/balances')).filter(isSomething),
    securities: (await api.list<Holding>('/positions')).filter(isSomething),
  };
}

export const contractsOf = (api: Api, ledgerDate: string, flow: string): Promise<ContractView[]> =>
  api.list(`/contracts?ledgerDate=${ledgerDate}&flow=${flow}`);

export interface JournalView {
  readonly journalId: number;
  readonly kind: string;
  readonly generation: number;
  readonly reversesJournalId: number | null;
  readonly postings: readonly {
    readonly ledgerAccount: string;
    readonly asset: string;
    readonly bucket: string;
    readonly settlementDate: string | null;
    readonly amount: string;
  }[];
}

export const journalsOf = (api: Api, ledgerDate: string, flow: string): Promise<JournalView[]> =>
  api.list(`/journals?ledgerDate=${ledgerDate}&flow=${flow}`);
