import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { rows, type Reader } from '../queries/rows.ts';

/** The step run that booked a journal, and the shard that wrote it. */
export interface StepRunEvidence {
  readonly stepRunId: number;
  readonly ledgerDate: BusinessDate;
  readonly flow: string;
  readonly step: string;
  readonly generation: number;
  readonly pass: number;
  readonly status: string;
  readonly inputs: unknown;
  readonly result: unknown;
  readonly commandId: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

const STEP_RUN = `SELECT step_run_id AS "stepRunId", ledger_date AS "ledgerDate", flow, step,
    generation, pass, status, inputs, result, command_id AS "commandId",
    started_at AS "startedAt", finished_at AS "finishedAt"
  FROM step_runs WHERE step_run_id = $1`;

export interface ShardEvidence {
  readonly shard: number;
  readonly rowsDone: number;
  readonly chunks: number;
  readonly attempts: number;
  readonly status: string;
}

/** A token is an attempt. */
const SHARD = `SELECT shard, rows_done AS "rowsDone", chunks, token AS attempts, status
  FROM step_shards WHERE step_run_id = $1 AND shard = $2`;

/** Undefined for opening books, which no step wrote. */
export async function readStepRun(
  reader: Reader,
  stepRunId: number,
): Promise<StepRunEvidence | undefined> {
  return (await rows<StepRunEvidence>(reader, STEP_RUN, [stepRunId]))[0];
}

export async function readShard(
  reader: Reader,
  stepRunId: number,
  shard: number,
): Promise<ShardEvidence | undefined> {
  return (await rows<ShardEvidence>(reader, SHARD, [stepRunId, shard]))[0];
}

const ARCHIVED = `SELECT run_id AS "runId" FROM archived_histories
  WHERE workflow_id = $1 ORDER BY started_at`;
const NOT_ARCHIVED = `SELECT DISTINCT a.run_id AS "runId" FROM activity_attempts a
  WHERE a.workflow_id = $1
    AND NOT EXISTS (SELECT 1 FROM archived_histories h WHERE h.run_id = a.run_id)`;

/** Every archived run of a workflow. Throws EVIDENCE_INCOMPLETE while one of them is not. */
export async function readRunIds(reader: Reader, workflowId: string): Promise<string[]> {
  const [open] = await rows<{ runId: string }>(reader, NOT_ARCHIVED, [workflowId]);
  if (open) {
    const missing = 'the archive of its workflow run';
    throw new ClearingError('EVIDENCE_INCOMPLETE', { ...open, missing });
  }
  return (await rows<{ runId: string }>(reader, ARCHIVED, [workflowId])).map((run) => run.runId);
}

const TICKETS = `SELECT ticket_id AS id FROM tickets
  WHERE ledger_date = $1 AND (flow = $2 OR flow IS NULL)
  UNION SELECT ticket_id FROM fee_rules WHERE rule_id = ANY($3) AND ticket_id IS NOT NULL
  UNION SELECT m.ticket_id FROM step_runs r JOIN merge_rules m
      ON m.rule_no <= (r.inputs -> 'merging' ->> 'maxRuleNo')::integer
      AND r.inputs -> 'merging' -> 'mergeRuleIds' ? m.merge_rule_id
    WHERE r.step_run_id = $4 AND m.ticket_id IS NOT NULL`;

/**
 * Tickets about the flow and its date, and those that the rules of its fees were added by; where
 * orders were merged, those of the merge rules that the billing run saw, too.
 */
export async function readTicketIds(
  reader: Reader,
  of: { readonly ledgerDate: BusinessDate; readonly flow: string },
  by: { readonly ruleIds: readonly number[]; readonly mergedBy: number | null },
): Promise<string[]> {
  const found = await rows<{ id: string }>(reader, TICKETS, [
    ...[of.ledgerDate, of.flow, by.ruleIds, by.mergedBy],
  ]);
  return found.map(({ id }) => id);
}

const DAY_CUTS = `SELECT command_id AS id FROM commands
  WHERE ledger_date = $1 AND kind = 'dayCut' AND status = 'APPLIED'`;

export async function readDayCutIds(reader: Reader, ledgerDate: BusinessDate): Promise<string[]> {
  return (await rows<{ id: string }>(reader, DAY_CUTS, [ledgerDate])).map(({ id }) => id);
}
