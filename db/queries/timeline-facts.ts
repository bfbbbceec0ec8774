import type { FailedAttempt, Moment } from '../../domain/audit/moment.ts';
import { stepRunOf, type TimelineFacts } from '../../domain/audit/timeline.ts';
import type { RunnableStep } from '../../domain/clearing/steps.ts';
import { groupRows } from './group-rows.ts';
import { rows, type Reader } from './rows.ts';

interface CommandRow {
  readonly commandId: string;
  readonly person: string;
  readonly name: string | null;
  readonly status: string;
}

interface StepRunRow {
  readonly stepRunId: number;
  readonly step: RunnableStep;
  readonly pass: number;
  readonly shards: number;
}

interface AttemptRow extends FailedAttempt {
  readonly activityId: string;
}

const COMMANDS = `SELECT c.command_id AS "commandId", c.person, p.name, c.status
  FROM commands c LEFT JOIN people p ON p.person_id = c.person WHERE c.command_id = ANY($1)`;

const STEP_RUNS = `SELECT r.step_run_id AS "stepRunId", r.step, r.pass,
  (SELECT count(*)::int FROM step_shards s WHERE s.step_run_id = r.step_run_id) AS shards
  FROM step_runs r WHERE r.step_run_id = ANY($1::bigint[])`;

const FAILED = `SELECT activity_id AS "activityId", attempt, code, worker,
  (extract(epoch FROM ended_at - started_at) * 1000)::int AS ms
  FROM activity_attempts WHERE run_id = $1 AND code IS NOT NULL ORDER BY activity_id, attempt`;

/** What PostgreSQL knows about the moments of a run: who asked, which step, what failed before. */
export async function readTimelineFacts(
  reader: Reader,
  runId: string,
  moments: readonly Moment[],
): Promise<TimelineFacts> {
  const commandIds = moments.flatMap(({ commandId }) => commandId ?? []);
  const stepRunIds = moments.flatMap((moment) => stepRunOf(moment) ?? []);
  const commands = await rows<CommandRow>(reader, COMMANDS, [commandIds]);
  const stepRuns = await rows<StepRunRow>(reader, STEP_RUNS, [stepRunIds]);
  const failed = await rows<AttemptRow>(reader, FAILED, [runId]);
  return {
    commands: new Map(commands.map((command) => [command.commandId, command])),
    names: new Map(commands.flatMap(({ person, name }) => (name === null ? [] : [[person, name]]))),
    stepRuns: new Map(stepRuns.map((run) => [run.stepRunId, run])),
    failedAttempts: groupRows(failed, ({ activityId }) => activityId),
  };
}
