import Type, { type Static } from 'typebox';
import { FLOW_MODES, type ReadinessState, type StepStatus } from '../../domain/clearing/steps.ts';
import type { VisibleFlow } from '../visible-flow.ts';
import { Anything, Day, Instant, list, nullable, oneOf, shape } from './fields.ts';

const READINESS = [
  'NOT_RUN',
  'RUNNING',
  'BLOCKED',
  'PASSED',
  'STALE',
] as const satisfies readonly ReadinessState[];
const STEP_STATUSES = [
  'NOT_STARTED',
  'RUNNING',
  'SUCCEEDED',
  'SUCCEEDED_EMPTY',
  'FAILED',
  'BLOCKED_BY_CHECK',
  'INVALIDATED',
] as const satisfies readonly StepStatus[];

export const Mode = oneOf(FLOW_MODES);
export const Readiness = oneOf(READINESS);

const SHARD = {
  shard: Type.Integer(),
  status: oneOf(['OPEN', 'DONE', 'VOID']),
  rowsDone: Type.Integer(),
  rowsPlanned: Type.Integer(),
  attempts: Type.Integer({ description: 'How often it was taken; 0 = nobody works on it yet.' }),
};

const STEP = {
  step: Type.String(),
  name: Type.String(),
  nameZh: Type.String(),
  status: oneOf(STEP_STATUSES),
  stepRunId: nullable(Type.Integer()),
  pass: nullable(Type.Integer()),
  shardsDone: Type.Integer(),
  shardsTotal: Type.Integer(),
  rowsDone: Type.Integer(),
  rowsPlanned: Type.Integer(),
  shards: list(shape(SHARD)),
  startedAt: nullable(Instant),
  finishedAt: nullable(Instant),
  result: nullable(Anything),
  failure: nullable(shape({ code: Type.String(), details: Anything })),
};

/** A flow as screens show it. */
export const FlowViewSchema = Type.Object(
  {
    ledgerDate: Day,
    flow: Type.String(),
    name: Type.String(),
    mode: Mode,
    readiness: Readiness,
    generation: Type.Integer({ description: 'Raised by one by each revoke.' }),
    revision: Type.Integer({ description: 'Counts commands and changes of mode.' }),
    tradesFrozen: Type.Boolean(),
    revokeUnfinished: Type.Boolean(),
    startedBy: nullable(Type.String()),
    startedAt: nullable(Instant),
    steps: list(shape(STEP)),
    undo: nullable(shape(STEP)),
    allowedCommands: list(Type.String(), {
      description: 'readiness, start, pause, runStep:<step>, revoke, dayCut',
    }),
    stripped: Type.Boolean({
      description: 'Totals and reasons were left out, for want of clearing.ledger_query.',
    }),
  },
  { $id: 'FlowView' },
);

/** By reference, so that the published document describes it once. */
export const FlowViewRef = Type.Unsafe<VisibleFlow>({ $ref: 'FlowView#' });

/** Fails to compile when the schema does not describe what is shown. */
export const isDescribed: VisibleFlow extends Static<typeof FlowViewSchema> ? true : never = true;
