import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { RunnableStep, StepRunStatus } from '../../domain/clearing/steps.ts';
import type { Db } from '../../db/client.ts';
import type { ShardClaim } from '../../db/fence.ts';
import type { Transaction } from '../../db/transaction.ts';

/** What identifies a run and what it reads, frozen when it opened. */
export interface StepRun {
  readonly stepRunId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly step: RunnableStep;
  readonly generation: number;
  readonly pass: number;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface ShardPlan {
  /** Inclusive integers: contiguous ranges of account ids that cover every row of the step. */
  readonly accountFrom: number;
  readonly accountTo: number;
  /** For progress bars; an estimate is good enough. */
  readonly rowsPlanned: number;
}

export interface StepPlan {
  /** Everything that the run will read and that could change meanwhile: stored in step_runs. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** None = nothing to do: the step ends SUCCEEDED_EMPTY without a shard. */
  readonly shards: readonly ShardPlan[];
}

export interface ShardWork {
  readonly db: Db;
  readonly run: StepRun;
  readonly claim: ShardClaim;
  /** Tells Temporal that the attempt lives; call it at least once a chunk. */
  heartbeat(progress: { readonly rowsDone: number }): void;
  /** True once the attempt is cancelled or the worker shuts down: stop between chunks. */
  isCancelled(): boolean;
}

export interface StepOutcome {
  readonly status: Exclude<StepRunStatus, 'RUNNING'>;
  readonly result: Readonly<Record<string, unknown>>;
  /** Why it FAILED or is BLOCKED_BY_CHECK; the flow parks and shows it. */
  readonly failure?: { readonly code: string; readonly details: Readonly<Record<string, unknown>> };
}

/**
 * A step is three functions. `plan` runs in the transaction that marks the step RUNNING;
 * `workShard` works one account range in fenced chunks, each safe to repeat because of its cursor;
 * `close` runs in the transaction that ends the run, asserts what must hold and says how it ended.
 * A business reason to stop is a ClearingError from any of them: the step FAILS with its code and
 * waits for a person. FENCED_OUT and database trouble are retried.
 */
export interface StepDefinition {
  plan(t: Transaction, run: Omit<StepRun, 'stepRunId' | 'inputs'>): Promise<StepPlan>;
  workShard(work: ShardWork): Promise<Record<string, unknown>>;
  close(
    t: Transaction,
    run: StepRun,
    shardResults: readonly Readonly<Record<string, unknown>>[],
  ): Promise<StepOutcome>;
}
