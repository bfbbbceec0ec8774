import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type {
  FlowMode,
  ReadinessState,
  RunnableStep,
  StepId,
  StepRunStatus,
  StepStatus,
} from '../../domain/clearing/steps.ts';
import type { CommandKind, CommandStatus } from '../../domain/clearing/commands.ts';
import type { AssetRollback, SupplementsOption } from '../../domain/clearing/revoke-rules.ts';
import { bytes, day, id64, instant, word } from './columns.ts';

/** The open ledger date is one row: the partial unique index lets no second one exist. */
export const ledgerDates = pgTable(
  'ledger_dates',
  {
    ledgerDate: day('ledger_date').primaryKey(),
    status: word<'OPEN' | 'CUT'>('status').notNull(),
    /** Front-office rows recorded later than this belong to a later ledger date. */
    cutoffAt: instant('cutoff_at').notNull(),
    openedAt: instant('opened_at').notNull().defaultNow(),
    cutAt: instant('cut_at'),
  },
  (t) => [
    uniqueIndex('ledger_dates_only_one_is_open')
      .on(t.status)
      .where(sql`status = 'OPEN'`),
  ],
);

/** One flow on one ledger date: the truth that a clearingFlow workflow is opened from. */
export const flowDays = pgTable(
  'flow_days',
  {
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    mode: word<FlowMode>('mode').notNull(),
    readiness: word<ReadinessState>('readiness').notNull(),
    /** Raised by one by each revoke; part of every key of what a run writes. */
    generation: integer('generation').notNull(),
    /** Counts commands and changes of mode, not progress. Screens send back the one they saw. */
    revision: integer('revision').notNull(),
    /** After a NO_OP revoke without ADD_TO_CLEARING new trades belong to the next ledger date. */
    tradesFrozenAt: instant('trades_frozen_at'),
    startedBy: text('started_by'),
    startedAt: instant('started_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'flow_days_pk', columns: [t.ledgerDate, t.flow] })],
);

/** Where each step of a flow stands. INVALIDATED is said here, never of a step run. */
export const flowSteps = pgTable(
  'flow_steps',
  {
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    step: word<StepId>('step').notNull(),
    status: word<StepStatus>('status').notNull(),
    stepRunId: id64('step_run_id'),
  },
  (t) => [primaryKey({ name: 'flow_steps_pk', columns: [t.ledgerDate, t.flow, t.step] })],
);

/** One run of one step. SUCCEEDED stays so for ever; discarding says that it no longer counts. */
export const stepRuns = pgTable(
  'step_runs',
  {
    stepRunId: id64('step_run_id').primaryKey().generatedByDefaultAsIdentity(),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    step: word<RunnableStep>('step').notNull(),
    generation: integer('generation').notNull(),
    pass: integer('pass').notNull(),
    status: word<StepRunStatus>('status').notNull(),
    /** What the run reads, frozen at its opening: rule versions, cut instant, input runs. */
    inputs: jsonb('inputs').$type<Record<string, unknown>>().notNull(),
    /** Counts and totals, written when the run ends. */
    result: jsonb('result').$type<Record<string, unknown>>(),
    failure: jsonb('failure').$type<{ code: string; details: Record<string, unknown> }>(),
    commandId: text('command_id'),
    startedAt: instant('started_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
    discardedAt: instant('discarded_at'),
    discardedBy: text('discarded_by'),
  },
  (t) => [
    unique('step_runs_one_per_pass').on(t.ledgerDate, t.flow, t.step, t.generation, t.pass),
    uniqueIndex('step_runs_one_running_per_flow')
      .on(t.ledgerDate, t.flow)
      .where(sql`status = 'RUNNING'`),
  ],
);

/** The fence of a step's work: an attempt takes one token, each chunk commits with its cursor. */
export const stepShards = pgTable(
  'step_shards',
  {
    stepRunId: id64('step_run_id').notNull(),
    shard: integer('shard').notNull(),
    /** Inclusive range of account ids. Integers: a fractional bound would lose the index. */
    accountFrom: id64('account_from').notNull(),
    accountTo: id64('account_to').notNull(),
    token: bigint('token', { mode: 'number' }).notNull().default(0),
    cursor: text('cursor').notNull().default(''),
    rowsDone: bigint('rows_done', { mode: 'number' }).notNull().default(0),
    rowsPlanned: bigint('rows_planned', { mode: 'number' }).notNull().default(0),
    chunks: integer('chunks').notNull().default(0),
    status: word<'OPEN' | 'DONE' | 'VOID'>('status').notNull().default('OPEN'),
    result: jsonb('result').$type<Record<string, unknown>>(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (t) => [primaryKey({ name: 'step_shards_pk', columns: [t.stepRunId, t.shard] })],
);

/** A command is a row before Temporal hears of it; its outcome is written by who carries it out. */
export const commands = pgTable(
  'commands',
  {
    commandId: text('command_id').primaryKey(),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    kind: word<CommandKind>('kind').notNull(),
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    person: text('person').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    payloadHash: text('payload_hash').notNull(),
    revisionSeen: integer('revision_seen'),
    expiresAt: instant('expires_at').notNull(),
    status: word<CommandStatus>('status').notNull(),
    code: text('code'),
    details: jsonb('details').$type<Record<string, unknown>>(),
    recordedAt: instant('recorded_at').notNull().defaultNow(),
    finalAt: instant('final_at'),
  },
  (t) => [
    index('commands_by_flow').on(t.ledgerDate, t.flow, t.seq),
    index('commands_undecided')
      .on(t.recordedAt)
      .where(sql`status = 'RECORDED'`),
  ],
);

/** What a readiness run found, item by item; only the newest run of a flow counts. */
export const readinessResults = pgTable(
  'readiness_results',
  {
    ledgerDate: day('ledger_date').notNull(),
    flow: text('flow').notNull(),
    run: integer('run').notNull(),
    item: text('item').notNull(),
    severity: smallint('severity').notNull(),
    passed: boolean('passed').notNull(),
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
    /** Digest of what was found missing: a pass by hand is bound to it. '' = nothing. */
    evidenceHash: text('evidence_hash').notNull().default(''),
    ranAt: instant('ran_at').notNull().defaultNow(),
    commandId: text('command_id').notNull(),
  },
  (t) => [
    primaryKey({ name: 'readiness_results_pk', columns: [t.ledgerDate, t.flow, t.run, t.item] }),
  ],
);

export const revokes = pgTable('revokes', {
  revokeId: bigserial('revoke_id', { mode: 'number' }).primaryKey(),
  commandId: text('command_id').notNull().unique('revokes_one_per_command'),
  ledgerDate: day('ledger_date').notNull(),
  flow: text('flow').notNull(),
  assetRollback: word<AssetRollback>('asset_rollback').notNull(),
  supplements: word<SupplementsOption>('supplements').notNull(),
  /** The generation that is undone; the flow continues with the next one. */
  generation: integer('generation').notNull(),
  status: word<'RUNNING' | 'SUCCEEDED'>('status').notNull(),
  person: text('person').notNull(),
  reason: text('reason').notNull(),
  startedAt: instant('started_at').notNull().defaultNow(),
  finishedAt: instant('finished_at'),
  result: jsonb('result').$type<Record<string, unknown>>(),
});

/** Workers say here that they live; health reads it, because a poller list lags behind a crash. */
export const workerHeartbeats = pgTable('worker_heartbeats', {
  workerId: text('worker_id').primaryKey(),
  role: text('role').notNull(),
  startedAt: instant('started_at').notNull(),
  beatAt: instant('beat_at').notNull(),
});

/**
 * A history as it was when its run closed, or when it no longer fitted the code: kept for auditors
 * beyond Temporal's retention.
 */
export const archivedHistories = pgTable(
  'archived_histories',
  {
    workflowId: text('workflow_id').notNull(),
    runId: text('run_id').notNull(),
    workflowType: text('workflow_type').notNull(),
    ledgerDate: day('ledger_date'),
    /** CLOSED: how the run ended says `closeStatus`. MISFIT: taken from the engine by a release. */
    reason: text('reason').notNull(),
    closeStatus: text('close_status').notNull(),
    events: integer('events').notNull(),
    /** temporal.api.history.v1.History, binary protobuf, gzip. */
    history: bytes('history').notNull(),
    /** Of the protobuf before it was compressed. */
    sha256: text('sha256').notNull(),
    /** Of the worker that completed its last workflow task; null when none ever did. */
    sdkVersion: text('sdk_version'),
    bundleHash: text('bundle_hash'),
    startedAt: instant('started_at').notNull(),
    closedAt: instant('closed_at'),
    archivedAt: instant('archived_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: 'archived_histories_pk', columns: [t.workflowId, t.runId] }),
    uniqueIndex('archived_histories_by_run').on(t.runId),
    index('archived_histories_by_date').on(t.ledgerDate),
  ],
);

/**
 * What each attempt of an activity was given and what it gave, in hashes, as the worker that made
 * it saw it: a second witness beside the history, which keeps only the last attempt. Append-only.
 */
export const activityAttempts = pgTable(
  'activity_attempts',
  {
    runId: text('run_id').notNull(),
    activityId: text('activity_id').notNull(),
    attempt: integer('attempt').notNull(),
    workflowId: text('workflow_id').notNull(),
    activityType: text('activity_type').notNull(),
    worker: text('worker').notNull(),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at').notNull(),
    /** The code that it failed with; null when it succeeded. */
    code: text('code'),
    /** sha256 over the JSON of the arguments, and of the result; null when there is none. */
    inputSha256: text('input_sha256').notNull(),
    resultSha256: text('result_sha256'),
  },
  (t) => [
    primaryKey({ name: 'activity_attempts_pk', columns: [t.runId, t.activityId, t.attempt] }),
  ],
);

/** The workflow code of each release that ever ran here, found by its hash. */
export const workflowBundles = pgTable('workflow_bundles', {
  bundleHash: text('bundle_hash').primaryKey(),
  sdkVersion: text('sdk_version').notNull(),
  release: text('release').notNull(),
  /** JavaScript, gzip: as the worker ran it, and once more with the interceptors of the audit. */
  code: bytes('code').notNull(),
  auditCode: bytes('audit_code').notNull(),
  storedAt: instant('stored_at').notNull().defaultNow(),
});
