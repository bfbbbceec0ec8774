import { parseBusinessDate, type BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';

/** Ids are derived from the business key, never random: the id is the lock. */
export const flowWorkflowId = ({ ledgerDate, flow }: FlowRef): string =>
  `clearing/${ledgerDate}/${flow}`;

export const ledgerDayWorkflowId = (ledgerDate: BusinessDate): string => `ledger-day/${ledgerDate}`;

export const ticketWorkflowId = (ticketId: string): string => `ticket/${ticketId}`;

/** The date in the id of a flow or a ledger day; other workflows are not named by one. */
export function ledgerDateIn(workflowId: string): BusinessDate | undefined {
  const [, date] = /^(?:clearing|ledger-day)\/([^/]+)/.exec(workflowId) ?? [];
  return date === undefined ? undefined : parseBusinessDate(date);
}

/**
 * Three queues. Workflows and short activities share a process; shards run in others, since
 * JavaScript at work in a shard would delay an operator's command by seconds.
 */
export const TASK_QUEUES = {
  control: 'clearing-control',
  ops: 'clearing-ops',
  batch: 'clearing-batch',
} as const;

/** The id is the lock: a run is archived by one workflow at a time. */
export const archiveWorkflowId = (workflowId: string, runId: string): string =>
  `archive/${workflowId}/${runId}`;

const inTypes = (...types: readonly string[]): string =>
  `WorkflowType IN (${types.map((type) => `'${type}'`).join(', ')})`;

/** Filters of Temporal's list. Other programs may share the namespace. */
const KEPT_TYPES = ['clearingFlow', 'ledgerDay', 'approvalTicket'];
export const KEPT_RUNS = inTypes(...KEPT_TYPES);
export const OUR_RUNS = inTypes(...KEPT_TYPES, 'archiveHistory');
