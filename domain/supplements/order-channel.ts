import { isBusy, statusOf, type FlowState } from '../clearing/flow-state.ts';
import type { Refusal } from '../clearing/guards.ts';
import { isDone } from '../clearing/steps.ts';

/**
 * Why the order channel (下单渠道) of an order may not be edited now; undefined when it may: while
 * nothing of its flow runs, and before the order is billed. `isBooked` says of the order itself
 * that its contract outlived a revoke that kept the postings.
 */
export function orderChannelRefusal(flow: FlowState, isBooked: boolean): Refusal | undefined {
  const billing = statusOf(flow, 'billing');
  if (isBooked || isDone(billing)) {
    return { code: 'ORDER_ALREADY_BILLED', details: { flow: flow.flow, billing } };
  }
  return isBusy(flow.mode)
    ? {
        code: 'STEP_IN_PROGRESS',
        details: { flow: flow.flow, mode: flow.mode, hint: 'pause first' },
      }
    : undefined;
}
