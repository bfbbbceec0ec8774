/** What the scenarios read of the API's answers. */

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CommandView {
  readonly commandId: string;
  readonly kind: string;
  readonly person: string;
  readonly status: 'RECORDED' | 'APPLIED' | 'REFUSED' | 'EXPIRED';
  readonly code: string | null;
  readonly details: Readonly<Record<string, unknown>> | null;
}

export interface StepView {
  readonly step: string;
  readonly status: string;
  readonly stepRunId: number | null;
  readonly pass: number | null;
  readonly shardsDone: number;
  readonly shardsTotal: number;
  readonly rowsDone: number;
  readonly rowsPlanned: number;
  readonly shards: readonly {
    readonly shard: number;
    readonly status: string;
    readonly rowsDone: number;
    readonly rowsPlanned: number;
    readonly attempts: number;
  }[];
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly failure: {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
  } | null;
}

export interface FlowView {
  readonly ledgerDate: string;
  readonly flow: string;
  readonly mode: string;
  readonly readiness: string;
  readonly generation: number;
  readonly revision: number;
  readonly tradesFrozen: boolean;
  readonly revokeUnfinished: boolean;
  readonly startedBy: string | null;
  readonly startedAt: string | null;
  readonly steps: readonly StepView[];
  readonly undo: StepView | null;
  readonly allowedCommands: readonly string[];
}

export interface LedgerDateView {
  readonly ledgerDate: string;
  readonly status: 'OPEN' | 'CUT';
  readonly cutoffReached: boolean;
}

export interface DayCutView {
  readonly allowed: boolean;
  readonly blockers: readonly { readonly code: string }[];
  readonly confirmToken: string;
}

export interface ReadinessView {
  readonly state: string;
  readonly run: number | null;
  readonly items: readonly {
    readonly item: string;
    readonly severity: number;
    readonly passed: boolean;
    readonly details: Readonly<Record<string, unknown>>;
  }[];
}

/** The closing table of a ledger date, as far as scenarios read it. */
export interface ClosingView {
  readonly invariants: readonly { readonly ok: boolean }[];
  readonly [section: string]: unknown;
}
