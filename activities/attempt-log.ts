import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { recordAttempt } from '../db/attempts.repository.ts';
import type { Db } from '../db/client.ts';
import { sha256OfTexts } from '../temporal/hashes.ts';
import { refusalFromFailure } from '../temporal/failure.ts';
import { payloadText } from '../temporal/payload-text.ts';

/**
 * Writes down what each attempt was given and what it gave, before Temporal hears of it. A history
 * keeps the last attempt only, and Temporal's own copy of a value could be altered: an auditor
 * compares it with this one. Safe to repeat: an attempt that is not written down is made again.
 */
export const attemptLog =
  (db: Db, worker: string) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const { workflowExecution } = info;
        // Archiving keeps histories of others; its own are not kept.
        if (!workflowExecution || info.workflowType === 'archiveHistory') return next(input);
        const attempt = {
          ...workflowExecution,
          activityId: info.activityId,
          attempt: info.attempt,
          activityType: info.activityType,
          worker,
          startedAt: new Date().toISOString(),
          inputSha256: sha256OfTexts(input.args.map(payloadText)),
        };
        const record = (code: string | null, resultSha256: string | null) =>
          recordAttempt(db, { ...attempt, endedAt: new Date().toISOString(), code, resultSha256 });
        let result: unknown;
        try {
          result = await next(input);
        } catch (error) {
          // Why it failed matters more than that this could not be written down either.
          await record(refusalFromFailure(error).code, null).catch(() => undefined);
          throw error;
        }
        await record(null, sha256OfTexts([payloadText(result)]));
        return result;
      },
    },
  });
