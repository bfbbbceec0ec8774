import { IntegerKernel } from './integer-kernel.ts';
import type { FeeSink } from './fee-sink.ts';
import { priceExecutions } from './price-executions.ts';
import type { OrderToPrice, PricedOrder, TariffPlan } from './tariff-plan.ts';

const kernel = new IntegerKernel();

/**
 * Prices one order into the sink and returns its sums. The same rows and texts as priceExecutions
 * (properties compare the two), ten times faster: it computes in safe integers, and hands the whole
 * order to the reference when a value or a rule does not fit. Nothing reaches the sink before all
 * rows are priced. The sink must not price another order.
 */
export function priceInto(plan: TariffPlan, order: OrderToPrice, sink: FeeSink): PricedOrder {
  const isFast = plan.kernel !== null && order.orderOf === undefined;
  const priced = isFast ? kernel.run(plan, plan.kernel, order, sink) : null;
  return priced ?? priceByReference(plan, order, sink);
}

function priceByReference(plan: TariffPlan, order: OrderToPrice, sink: FeeSink): PricedOrder {
  const priced = priceExecutions(plan, order);
  for (const row of priced.lines) {
    const index = plan.lines.findIndex(({ feeCode }) => feeCode === row.feeCode);
    const line = plan.lines[index];
    if (line === undefined) continue;
    const { metric, exact, clamp, amount, monthBefore } = row;
    const [execution, order] = [row.executionIndex ?? -1, row.orderIndex ?? -1];
    sink(line, index, execution, order, metric, exact, clamp, amount, monthBefore);
  }
  return priced;
}
