import { describe, expect, it } from 'vitest';
import { compileTariff } from '../../../domain/fees/compile-tariff.ts';
import { IntegerKernel } from '../../../domain/fees/integer-kernel.ts';
import { priceExecutions } from '../../../domain/fees/price-executions.ts';
import type { OrderToPrice } from '../../../domain/fees/tariff-plan.ts';
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
        const amounts: string[] = [];
        const run = kernel.run(plan, plan.kernel, order, (...row) => amounts.push(row[7]));
        expect(run).toEqual(sums);
        expect(amounts).toEqual(lines.map(({ amount }) => amount));
      }
      for (const order of LONG) {
        expect(kernel.run(plan, plan.kernel, order, () => undefined)).toBeNull();
      }
    }
  });
});
