import type { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';
import { asWorkflowRun } from '../db/transaction.ts';
import { toFailure } from '../temporal/failure.ts';

/** Turns a ClearingError into a failure that keeps its code and retryability on the wire. */
export const clearingErrors = (): ActivityInterceptors => ({ inbound: new ClearingErrors() });

class ClearingErrors implements ActivityInboundCallsInterceptor {
  async execute(
    ...[input, next]: Parameters<Required<ActivityInboundCallsInterceptor>['execute']>
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      throw toFailure(error);
    }
  }
}

/** So that the audit log names the run of a workflow that each event was written for. */
export const runNames = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      const runId = info.workflowExecution?.runId;
      return runId === undefined ? next(input) : asWorkflowRun(runId, () => next(input));
    },
  },
});

const BEAT_EVERY_MS = 2_000;

/**
 * Tells Temporal that the process lives for as long as an activity runs, also while it waits for
 * PostgreSQL: so a short heartbeat timeout finds a killed worker soon and never a slow statement.
 */
export const signsOfLife = (context: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      const beat = setInterval(() => {
        context.heartbeat();
      }, BEAT_EVERY_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(beat);
      }
    },
  },
});
