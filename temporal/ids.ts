import type { BusinessDate } from '../domain/calendar/business-date.ts';
import type { FlowRef } from '../domain/clearing/flow-state.ts';

/** Ids are derived from the business key, never random: the id is the lock. */
export const flowWorkflowId = ({ ledgerDate, flow }: FlowRef): string =>
  `clearing/${ledgerDate}/${flow}`;

export const ledgerDayWorkflowId = (ledgerDate: BusinessDate): string => `ledger-day/${ledgerDate}`;

/**
 * Three queues. Workflows and short activities share a process; shards run in others, since
 * JavaScript at work in a shard would delay an operator's command by seconds.
 */
export const TASK_QUEUES = {
  control: 'clearing-control',
  ops: 'clearing-ops',
  batch: 'clearing-batch',
} as const;
