import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { FlowRef, FlowState } from '../../domain/clearing/flow-state.ts';
import { allowedCommands } from '../../domain/clearing/guards.ts';
import {
  STEP_NAMES,
  stepsOf,
  type RunnableStep,
  type StepStatus,
} from '../../domain/clearing/steps.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { Db } from '../client.ts';
import { loadDayFacts, loadFlow, loadFlowsOf } from '../flows.repository.ts';
import type { Transaction } from '../transaction.ts';
import { readSnapshot, rows } from './rows.ts';

/** How far one range of accounts of a step run is. */
export interface ShardView {
  readonly shard: number;
  readonly status: 'OPEN' | 'DONE' | 'VOID';
  readonly rowsDone: number;
  readonly rowsPlanned: number;
  /** The fence's token: more than one when an attempt ended early, or the step went on later. */
  readonly attempts: number;
}

export interface StepView {
  readonly step: RunnableStep;
  readonly name: string;
  readonly nameZh: string;
  readonly status: StepStatus;
  readonly stepRunId: number | null;
  readonly pass: number | null;
  readonly shardsDone: number;
  readonly shardsTotal: number;
  readonly rowsDone: number;
  readonly rowsPlanned: number;
  readonly shards: readonly ShardView[];
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly failure: {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
  } | null;
}

/** A flow as screens show it: its state, the progress of its steps, and what may be done now. */
export interface FlowView extends Omit<FlowState, 'steps'> {
  readonly name: string;
  readonly steps: readonly StepView[];
  /** The newest run of a revoke that undoes bookings in this generation. */
  readonly undo: StepView | null;
  readonly allowedCommands: readonly string[];
}

type StepRow = Omit<StepView, 'name' | 'nameZh'>;

const PROGRESS = `r.step_run_id AS "stepRunId", r.pass, r.result, r.failure,
  r.started_at AS "startedAt", r.finished_at AS "finishedAt", p.*`;
const SHARDS = `LEFT JOIN LATERAL (
  SELECT (count(*) FILTER (WHERE status = 'DONE'))::int AS "shardsDone",
    count(*)::int AS "shardsTotal",
    coalesce(sum(rows_done), 0)::bigint AS "rowsDone",
    coalesce(sum(rows_planned), 0)::bigint AS "rowsPlanned",
    coalesce(json_agg(json_build_object('shard', shard, 'status', status, 'rowsDone', rows_done,
      'rowsPlanned', rows_planned, 'attempts', token) ORDER BY shard), '[]') AS shards
  FROM step_shards WHERE step_run_id = r.step_run_id) p ON true`;

const STEPS = `SELECT s.step, s.status, ${PROGRESS}
  FROM flow_steps s LEFT JOIN step_runs r ON r.step_run_id = s.step_run_id ${SHARDS}
  WHERE s.ledger_date = $1 AND s.flow = $2`;

const UNDO = `SELECT r.step, r.status, ${PROGRESS} FROM step_runs r ${SHARDS}
  WHERE r.ledger_date = $1 AND r.flow = $2 AND r.generation = $3
    AND r.step IN ('undoSettlement', 'undoPosting')
  ORDER BY r.step_run_id DESC LIMIT 1`;

/** Throws NOT_FOUND for a date or flow that was never opened. `now` comes from the clock port. */
export const readFlowView = (db: Db, ref: FlowRef, now: Date): Promise<FlowView> =>
  readSnapshot(db, async (t) => viewOf(t, await loadFlow(t.tx, ref), now));

/** The flows of a date in the order in which they are cleared. Throws NOT_FOUND. */
export const readFlowViews = (db: Db, ledgerDate: BusinessDate, now: Date): Promise<FlowView[]> =>
  readSnapshot(db, async (t) => {
    const views: FlowView[] = [];
    for (const flow of await loadFlowsOf(t.tx, ledgerDate)) views.push(await viewOf(t, flow, now));
    if (views.length === 0) throw new ClearingError('NOT_FOUND', { ledgerDate });
    return views;
  });

async function viewOf(t: Transaction, flow: FlowState, now: Date): Promise<FlowView> {
  const { ledgerDate, flow: id, generation, startedAt } = flow;
  const steps = await rows<StepRow>(t.client, STEPS, [ledgerDate, id]);
  const [undo] = await rows<StepRow>(t.client, UNDO, [ledgerDate, id, generation]);
  const [named] = await rows<{ name: string }>(t.client, 'SELECT name FROM flows WHERE flow = $1', [
    id,
  ]);
  return {
    ...flow,
    name: named?.name ?? id,
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    steps: stepsOf(id).flatMap((step) => steps.filter((row) => row.step === step).map(withName)),
    undo: undo ? withName(undo) : null,
    allowedCommands: allowedCommands(flow, await loadDayFacts(t.tx, flow, now)),
  };
}

const withName = (row: StepRow): StepView => ({
  ...row,
  name: STEP_NAMES[row.step].en,
  nameZh: STEP_NAMES[row.step].zhHans,
});
