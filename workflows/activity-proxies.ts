import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type {
  ArchiveActivities,
  BatchActivities,
  OpsActivities,
  TicketActivities,
} from '../activities/contract.ts';
import { TASK_QUEUES } from '../temporal/ids.ts';

/** All timeouts and retries in one view. Business refusals are non-retryable by their own type. */

/**
 * Short transactions. Retried for ever: a flow must never die because PostgreSQL was away, and what
 * is wrong with the code heals with the next deploy. Safe, since each is one transaction that finds
 * out whether an earlier attempt committed.
 */
const shortTransactions: ActivityOptions = {
  taskQueue: TASK_QUEUES.ops,
  // A close asserts the books with aggregates over the run's rows: minutes at most, at any size.
  startToCloseTimeout: '10 minutes',
  // Signs of life come by themselves: a killed worker costs this long, not ten minutes.
  heartbeatTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
};
export const ops = proxyActivities<OpsActivities>(shortTransactions);
export const tickets = proxyActivities<TicketActivities>(shortTransactions);
export const archive = proxyActivities<ArchiveActivities>(shortTransactions);

/**
 * Shards. A lost worker is noticed by its missing heartbeat; the next attempt resumes at the
 * cursor. Attempts are bounded: what fails some 40 times over minutes is no passing trouble, and
 * the step parks with the reason.
 */
export const batch = proxyActivities<BatchActivities>({
  taskQueue: TASK_QUEUES.batch,
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '10s',
  retry: {
    initialInterval: '250ms',
    backoffCoefficient: 2,
    maximumInterval: '10s',
    maximumAttempts: 40,
  },
});
