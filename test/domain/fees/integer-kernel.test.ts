import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseBusinessDate } from '../../../domain/calendar/business-date.ts';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { priceInto } from '../../../domain/fees/fee-kernel.ts';
import { IntegerKernel } from '../../../domain/fees/integer-kernel.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { OrderToPrice } from '../../../domain/fees/tariff-plan.ts';
import { anyRule } from './any-rule.ts';
import { randomTariff } from './second-engine/random-tariffs.ts';
import { Random } from './second-engine/random.ts';

const ORDINARY: readonly OrderToPrice[] = [
  { quantities: ['100'], prices: ['12.5'] },
  { quantities: ['100', '200.5', '1'], prices: ['12.5', '0.15', '400'] },
  { quantities: ['7'], prices: ['3.25'], multiplier: '100', fxRate: '7.8' },
];
const LONG: readonly OrderToPrice[] = [
  { quantities: ['999999999999999999'], prices: ['1'] },
  { quantities: ['1'], prices: ['0.123456789012345678'] },
  { quantities: ['99999999'], prices: ['999999999'] },
  { quantities: ['1'], prices: ['1'], multiplier: 'x' },
  { quantities: ['1'], prices: ['1'], fxRate: '1.23456789012345678' },
  { quantities: ['1', '2'], prices: ['1'] },
];

/** Nothing reaches the sink before all rows are priced. */
const unwanted = () => expect.unreachable('a row of an order that is not priced');

describe('the kernel', () => {
  it('prices ordinary orders itself, and leaves what does not fit to the reference', () => {
    const random = new Random(8);
    const kernel = new IntegerKernel();
    let plans = 0;
    for (let index = 0; plans < 300; index += 1) {
      const { rules, query } = randomTariff(random, index);
      // Converted amounts have more digits than ordinary ones.
      if (rules.some(({ currency }) => currency !== query.currency)) continue;
      if (rules.some((rule) => rule.mandatory === true || rule.scheduleId === null)) continue;
      const plan = compileTariff(rules, { ...query, ownRulesOptional: true });
      if (plan.kernel === null) continue;
      plans += 1;
      for (const order of ORDINARY) {
        const { lines, ...sums } = priceExecutions(plan, order);
        const rows: unknown[] = [];
        const run = kernel.run(plan, plan.kernel, order, (line, _at, execution, _order, ...texts) =>
          rows.push([line.feeCode, execution, ...texts]),
        );
        expect(run).toEqual(sums);
        expect(rows).toEqual(
          lines.map(({ feeCode, executionIndex, metric, exact, clamp, amount }) => [
            ...[feeCode, executionIndex ?? -1, metric, exact, clamp, amount],
          ]),
        );
      }
      for (const order of LONG) {
        expect(kernel.run(plan, plan.kernel, order, unwanted)).toBeNull();
      }
    }
  });
});

describe('priceInto', () => {
  afterEach(() => vi.restoreAllMocks());
  const plan = compileTariff(
    [
      anyRule({ formula: { kind: 'rate', rate: '0.001' } }),
      anyRule({
        ruleId: 2,
        feeCode: 'EACH',
        unit: 'execution',
        formula: { kind: 'flat', amount: '1' },
      }),
    ],
    {
      ...{ scheduleId: 'any', market: 'HK', instrumentType: 'EQUITY', stampDutyExempt: false },
      ...{ side: 'BUY', tradeDate: parseBusinessDate('2025-12-22'), channel: null },
    },
  );
  const order = { quantities: ['100', '200'], prices: ['12.5', '13'] };
  const rowsOf = (of: OrderToPrice) => {
    const run = vi.spyOn(IntegerKernel.prototype, 'run');
    const rows: unknown[] = [];
    priceInto(plan, of, (line, index, execution, orderAt, metric) => {
      rows.push([line.feeCode, index, execution, orderAt, metric]);
    });
    const priced: unknown = run.mock.results[0]?.value;
    return { rows, isFast: priced !== undefined && priced !== null };
  };

  it('prices an ordinary order in integers, and names each row by its places', () => {
    expect(rowsOf(order)).toEqual({
      isFast: true,
      rows: [
        ['ANY', 0, -1, -1, '3850'],
        ['EACH', 1, 0, -1, '1'],
        ['EACH', 1, 1, -1, '1'],
      ],
    });
  });

  it('leaves a contract of several orders to the reference, whose rows name theirs', () => {
    expect(rowsOf({ ...order, orderOf: [0, 1] })).toEqual({
      isFast: false,
      rows: [
        ['ANY', 0, -1, 0, '1250'],
        ['ANY', 0, -1, 1, '2600'],
        ['EACH', 1, 0, 0, '1'],
        ['EACH', 1, 1, 1, '1'],
      ],
    });
  });
});
