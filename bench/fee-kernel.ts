/**
 * How fast orders are priced: the fast kernel against the Decimal reference, on the sample broker's
 * tariffs, three executions an order. Run: npx tsx bench/fee-kernel.ts [orders]
 */
import { parseBusinessDate } from '../domain/calendar/business-date.ts';
import { tariffCompiler } from '../domain/fees/compile-tariff.ts';
import { priceInto } from '../domain/fees/fee-kernel.ts';
import { priceExecutions } from '../domain/fees/price-executions.ts';
import type { OrderToPrice, TariffPlan } from '../domain/fees/tariff-plan.ts';
import { loadReferenceData } from '../scripts/vectors/reference-data.ts';

const EXECUTIONS_PER_ORDER = 3;
const MON_2025_12_22 = parseBusinessDate('2025-12-22');

function ordersOf(count: number): OrderToPrice[] {
  let seed = 20251222;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  return Array.from({ length: count }, () => ({
    quantities: Array.from({ length: EXECUTIONS_PER_ORDER }, () => `${(random(200) + 1) * 100}`),
    prices: Array.from(
      { length: EXECUTIONS_PER_ORDER },
      () => `${random(400) + 1}.${String(random(100)).padStart(2, '0')}`,
    ),
  }));
}

function timed(label: string, executions: number, work: () => number): void {
  const before = process.cpuUsage();
  const rows = work();
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6;
  const rate = Math.round(executions / seconds).toLocaleString('en');
  const nanos = Math.round((seconds / rows) * 1e9);
  console.log(
    `${label.padEnd(14)} ${rate.padStart(10)} executions per CPU second, ${nanos} ns a fee row`,
  );
}

function byKernel(plan: TariffPlan, orders: readonly OrderToPrice[]): number {
  let rows = 0;
  let characters = 0;
  for (const order of orders) {
    priceInto(plan, order, (_line, _index, _execution, _order, metric, exact, _clamp, amount) => {
      rows += 1;
      characters += metric.length + exact.length + amount.length;
    });
  }
  return characters > 0 ? rows : 0;
}

const byReference = (plan: TariffPlan, orders: readonly OrderToPrice[]): number =>
  orders.reduce((rows, order) => rows + priceExecutions(plan, order).lines.length, 0);

const orders = ordersOf(Number(process.argv[2] ?? 100_000));
const compile = tariffCompiler(loadReferenceData().rules);
for (const [market, type, side] of [
  ['HK', 'EQUITY', 'BUY'],
  ['US', 'US_EQUITY', 'SELL'],
] as const) {
  const plan = compile({
    scheduleId: `sample-${market.toLowerCase()}-retail`,
    market,
    instrumentType: type,
    stampDutyExempt: false,
    side,
    tradeDate: MON_2025_12_22,
    channel: 0,
  });
  byKernel(plan, orders.slice(0, 10_000));
  const executions = orders.length * EXECUTIONS_PER_ORDER;
  timed(`${market} kernel`, executions, () => byKernel(plan, orders));
  const sample = orders.slice(0, Math.ceil(orders.length / 10));
  timed(`${market} reference`, sample.length * EXECUTIONS_PER_ORDER, () =>
    byReference(plan, sample),
  );
}
