/** What the launcher reads of the API's answers: no more than it shows or decides by. */

export interface StepView {
  readonly step: string;
  readonly name: string;
  readonly status: string;
  readonly shardsDone: number;
  readonly shardsTotal: number;
  readonly rowsDone: number;
  readonly rowsPlanned: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly failure?: unknown;
}

export interface FlowView {
  readonly flow: string;
  readonly mode: string;
  readonly readiness: string;
  readonly steps: readonly StepView[];
}

export interface LedgerDateView {
  readonly ledgerDate: string;
  readonly status: string;
  readonly flows?: readonly FlowView[];
}

export interface DayCutView {
  readonly allowed: boolean;
  readonly blockers: readonly unknown[];
  readonly confirmToken: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface TradeFileView {
  readonly market: string;
  readonly settlementChannel: string;
  readonly tradeDate: string;
}

export interface CheckView {
  readonly taskId: number | string;
  readonly flow?: string;
  readonly status?: string;
  readonly [column: string]: unknown;
}

/** The counterparty files of the sample, by ledger date. */
export interface Manifest {
  readonly ledgerDates: readonly {
    readonly ledgerDate: string;
    readonly files: readonly ManifestFile[];
  }[];
}

export interface ManifestFile {
  readonly market: string;
  readonly settlementChannel: string;
  readonly tradeDate: string;
  readonly file: string;
  readonly rows: number;
  readonly correctedFile?: string;
}
