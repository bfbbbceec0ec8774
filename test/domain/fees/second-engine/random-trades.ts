import type { FeeRule } from '../../../../domain/fees/fee-rule.ts';
import type { MonthToDate, OrderToPrice } from '../../../../domain/fees/tariff-plan.ts';
import { exact, isLess, minus, plus, rounded, textOf, type Exact } from './exact.ts';
import type { Random } from './random.ts';

/** Where a random trade aims. */
export const TARGETS = [
  'plain',
  'odd lot',
  'edge',
  'bound',
  'tie',
  'zero',
  'long',
  'huge',
  'several orders',
] as const;
export type Target = (typeof TARGETS)[number];

const WEIGHTED: readonly Target[] = [
  ...Array.from({ length: 6 }, () => 'plain' as const),
  ...(['odd lot', 'odd lot', 'edge', 'edge', 'edge', 'bound', 'bound', 'bound', 'tie'] as const),
  ...(['zero', 'long', 'huge', 'several orders', 'several orders'] as const),
];

export interface RandomTrade {
  readonly target: Target;
  readonly trade: OrderToPrice;
  /** What the account traded in the month before; undefined where no tariff asks. */
  readonly month: MonthToDate | undefined;
}

/** What the winning rule makes worth aiming at. */
export interface Marks {
  /** Consideration at which a tier ends, a threshold is met, or a bound is reached. */
  readonly values: readonly Exact[];
  readonly quantities: readonly Exact[];
  /** Turnover, shares and orders of the month likewise. */
  readonly isByMonth: boolean;
}

const TICK = exact('0.0001');

export function marksOf(rules: readonly FeeRule[]): Marks {
  const values: Exact[] = [];
  const quantities: Exact[] = [];
  for (const { formula, threshold, min, max } of rules) {
    const isOnShares = ['perShare', 'perContract', 'quantityTier', 'shareTier'];
    const into = isOnShares.includes(formula.kind) ? quantities : values;
    if (threshold !== undefined) into.push(exact(threshold));
    if ('tiers' in formula) {
      for (const tier of formula.tiers) {
        const end = 'lte' in tier ? tier.lte : tier.upTo;
        if (end !== null) into.push(exact(String(end)));
      }
    }
    const factor = 'rate' in formula ? formula.rate : 'amount' in formula ? formula.amount : '0';
    for (const bound of [min, max]) {
      if (bound !== undefined && exact(factor).units > 0n) into.push(quotient(bound, factor));
    }
  }
  return { values, quantities, isByMonth: rules.some(({ formula }) => isMonthly(formula.kind)) };
}

const isMonthly = (kind: string): boolean =>
  ['orderTier', 'shareTier', 'turnoverTier'].includes(kind);

/** Nearly a ÷ b, in ticks. */
function quotient(a: string, b: string): Exact {
  const divisor = exact(b);
  const scaled = { ...exact(a), parts: divisor.units };
  const raised = { ...scaled, units: scaled.units * 10n ** BigInt(divisor.places) };
  return rounded(raised, 'half-up', TICK);
}

/** The mark itself, or the least step below or above it. */
function around(random: Random, mark: Exact): string {
  const way = random.below(3);
  if (way === 0) return textOf(mark);
  if (way === 1) return textOf(plus(mark, TICK));
  return isLess(mark, TICK) ? '0' : textOf(minus(mark, TICK));
}

const board = (random: Random): string => `${(1 + random.below(200)) * 100}`;
const price = (random: Random): string => random.decimal(2, 3);

export function randomTrade(random: Random, marks: Marks): RandomTrade {
  const target = random.of(WEIGHTED);
  const count = target === 'several orders' ? 2 + random.below(4) : 1 + random.below(3);
  if (target === 'several orders' && !marks.isByMonth) {
    const orders = 2 + random.below(count - 1);
    const orderOf = Array.from({ length: count }, (_, at) => Math.min(at, orders - 1));
    return {
      target,
      trade: { ...fills(random, 'plain', marks, count), orderOf, ...emsOrders(random, orders) },
      month: undefined,
    };
  }
  const trade = fills(random, target, marks, count);
  const multiplier = random.chance(5) ? { multiplier: random.of(['100', '0.5', '1']) } : {};
  const fxRate = random.chance(8) ? { fxRate: random.of(['7.8', '1.0876', '0.128205']) } : {};
  const month = marks.isByMonth ? monthBefore(random, marks) : undefined;
  const monthToDate = month === undefined ? {} : { monthToDate: () => month };
  return { target, trade: { ...trade, ...multiplier, ...fxRate, ...monthToDate }, month };
}

/** Orders that are each on their own, or some of them parts of one, not always side by side. */
function emsOrders(random: Random, orders: number): Pick<OrderToPrice, 'emsOrderOf'> {
  if (random.chance(40)) return {};
  const emsOrderOf = [0];
  for (let at = 1; at < orders; at += 1) {
    emsOrderOf.push(random.below(Math.max(...emsOrderOf) + 2));
  }
  return { emsOrderOf };
}

function monthBefore(random: Random, marks: Marks): MonthToDate {
  const edges = [...marks.values, ...marks.quantities];
  const near = edges.length > 0 ? around(random, random.of(edges)) : '0';
  return {
    ordersBefore: random.of([0, 3, 4, 5, 19, 20, 50]),
    sharesBefore: random.chance(50) ? near : `${random.below(6000)}`,
    turnoverBefore: random.chance(50) ? near : random.decimal(6, 2),
  };
}

type Fills = Pick<OrderToPrice, 'quantities' | 'prices'>;

function fills(random: Random, target: Target, marks: Marks, count: number): Fills {
  const quantities: string[] = [];
  const prices: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const [quantity, each] = fill(random, target, marks);
    quantities.push(quantity);
    prices.push(each);
  }
  return { quantities, prices };
}

function fill(random: Random, target: Target, marks: Marks): readonly [string, string] {
  switch (target) {
    case 'odd lot':
      return [random.decimal(2, 4), price(random)];
    case 'edge':
    case 'bound': {
      if (marks.quantities.length > 0 && random.chance(50)) {
        return [around(random, random.of(marks.quantities)), price(random)];
      }
      return marks.values.length === 0
        ? [board(random), price(random)]
        : [random.of(['1', '1', '10', '0.1']), around(random, random.of(marks.values))];
    }
    case 'tie':
      // Few digits, so that amounts end in a five right behind the rounding step.
      return [
        random.of(['1', '5', '50', '100', '250']),
        `${random.below(20)}.${random.of([0, 5, 25])}`,
      ];
    case 'zero':
      return random.chance(50) ? ['0', price(random)] : [board(random), '0'];
    case 'long':
      return [random.decimal(6, 10), random.decimal(4, 10)];
    case 'huge':
      return [random.decimal(8 + random.below(11), 0), random.decimal(8 + random.below(11), 0)];
    case 'plain':
    case 'several orders':
      return [board(random), price(random)];
  }
}
