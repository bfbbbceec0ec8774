import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';
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
