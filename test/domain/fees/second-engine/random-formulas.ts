import type { FeeFormula, ProgressiveTier } from '../../../../domain/fees/fee-rule.ts';
import type { Random } from './random.ts';

/** Every kind of formula, and its variants. */
export const SHAPES = [
  'rate',
  'perMillion',
  'flat',
  'perShare',
  'perShareSkipping',
  'perContract',
  'perOrder',
  'perEmsOrder',
  'perExecution',
  'amountTier',
  'quantityTier',
  'ofFees',
  'monthOrders',
  'monthShares',
  'monthMarginal',
  'monthNextDay',
  'monthSlab',
  'remainder',
] as const;
export type Shape = (typeof SHAPES)[number];

export const isByMonth = (shape: Shape): boolean => shape.startsWith('month');

/** The shape of a formula, whoever wrote it. */
export function shapeOf(formula: FeeFormula): Shape {
  switch (formula.kind) {
    case 'perShare':
      return formula.skipBelowAmount === true ? 'perShareSkipping' : 'perShare';
    case 'orderTier':
      return 'monthOrders';
    case 'shareTier':
      return 'monthShares';
    case 'turnoverTier':
      return (['monthMarginal', 'monthNextDay', 'monthSlab'] as const)[
        ['marginal', 'next-day', 'slab'].indexOf(formula.mode)
      ]!;
    case 'rate':
    case 'perMillion':
    case 'flat':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
    case 'amountTier':
    case 'quantityTier':
    case 'ofFees':
    case 'remainder':
      return formula.kind;
  }
}

/** Each zero now and then, since rates go to zero and come back. */
const maybeZero = (random: Random, text: string): string => (random.chance(6) ? '0' : text);
const smallRate = (random: Random): string =>
  maybeZero(random, random.of(['0.0003', '0.001', '0.0000565', '0.00002', '0.0013', '0.25']));
const amountOf = (random: Random, digits: number, places: number): string =>
  maybeZero(random, random.decimal(digits, places));

export function randomFormula(random: Random, shape: Shape): FeeFormula {
  switch (shape) {
    case 'rate':
      return { kind: 'rate', rate: random.chance(50) ? smallRate(random) : random.decimal(0, 8) };
    case 'perMillion':
      return { kind: 'perMillion', amount: amountOf(random, 2, 2) };
    case 'flat':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
      return { kind: shape, amount: amountOf(random, 1, 5) };
    case 'perShare':
      return { kind: 'perShare', amount: amountOf(random, 0, 6) };
    case 'perShareSkipping':
      return { kind: 'perShare', amount: amountOf(random, 1, 3), skipBelowAmount: true };
    case 'amountTier':
      return { kind: 'amountTier', tiers: progressive(random, ['1000', '5000.5', '250000']) };
    case 'quantityTier':
      return { kind: 'quantityTier', tiers: progressive(random, ['100', '500.25', '10000']) };
    case 'ofFees':
      return {
        kind: 'ofFees',
        rate: random.of(['0.06', '1', '0.125']),
        feeCodes: random.of([['SIDE_1'], ['SIDE_2', 'SIDE_1'], ['SIDE_2']]),
      };
    case 'remainder':
      return { kind: 'remainder', totalFactor: random.of(['1.010085', '1.5', '1']) };
    case 'monthOrders':
    case 'monthShares':
    case 'monthMarginal':
    case 'monthNextDay':
    case 'monthSlab':
      return byMonth(random, shape);
  }
}

function byMonth(random: Random, shape: Extract<Shape, `month${string}`>): FeeFormula {
  const rates = Array.from({ length: 4 }, () => amountOf(random, 0, 5));
  if (shape === 'monthOrders') {
    const ends = [5, 20, 50, null];
    return { kind: 'orderTier', tiers: ends.map((upTo, at) => ({ upTo, flat: `${30 - at * 7}` })) };
  }
  if (shape === 'monthShares') {
    const ends = [500, 1000, 5000, null];
    return {
      kind: 'shareTier',
      tiers: ends.map((upTo, at) => ({ upTo, perShare: rates[at]! })),
    };
  }
  const mode = (
    { monthMarginal: 'marginal', monthNextDay: 'next-day', monthSlab: 'slab' } as const
  )[shape];
  const isUnknown = random.chance(10);
  return {
    kind: 'turnoverTier',
    mode,
    tiers: ['1000', '5000.5', '250000', null].map((upTo, at) => ({
      upTo,
      rate: rates[at]!,
      ...(isUnknown && at === 2 ? { unsupported: 'not published' } : {}),
    })),
  };
}

/** One to four tiers that touch each other, the last one without an end. */
function progressive(random: Random, edges: readonly string[]): readonly ProgressiveTier[] {
  const inner = edges.slice(0, random.below(edges.length + 1));
  const starts = ['0', ...inner];
  return starts.map((gt, at) => ({
    gt,
    lte: inner[at] ?? null,
    rate: random.chance(50) ? smallRate(random) : random.decimal(0, 5),
    // Below any maximum that a rule can have.
    ...(random.chance(40) ? { min: random.of(['0.5', '0.125', '0']) } : {}),
  }));
}
