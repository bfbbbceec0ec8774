import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ClearingError } from '../../../../domain/errors/clearing-error.ts';
import { compileTariff } from '../../../../domain/fees/compile-tariff.ts';
import { priceInto } from '../../../../domain/fees/fee-kernel.ts';
import type { FeeRule } from '../../../../domain/fees/fee-rule.ts';
import type { OrderToPrice, TariffPlan } from '../../../../domain/fees/tariff-plan.ts';
import { inTradeCurrency } from '../../../../domain/fees/foreign-rule.ts';
import { rateOn } from '../../../../domain/fees/fx-rate.ts';
import { RATE_MISSING } from './charge.ts';
import { REFUSED } from './choose-rules.ts';
import { UNKNOWN_TERMS } from './bands.ts';
import { priceTrade, readTariff, rowText, type Tariff } from './price-trade.ts';
import { SHAPES, shapeOf, type Shape } from './random-formulas.ts';
import { INCREMENTS, MAIN, MODES, OWNERS, randomTariff, unitsOf } from './random-tariffs.ts';
import { marksOf, randomTrade, TARGETS, type RandomTrade } from './random-trades.ts';
import { Random } from './random.ts';

/** Fewer where the tests are repeated for each mutant. */
const TRADES = Number(process.env['FEE_TRADES'] ?? 1_000_000);
/** In the name of the test; given, it repeats that run. */
const SEED = Number(process.env['FEE_SEED'] ?? randomInt(2 ** 31));
/** Tariffs are dear and trades are cheap; but each shape comes up, however few the trades. */
const TRADES_A_TARIFF = Math.min(20, Math.ceil(TRADES / 1000));

/** How often each clamp decided a row, and how many trades had each property. */
const seen = new Map<string, number>();
const count = (what: string, trades: number): void => {
  seen.set(what, (seen.get(what) ?? 0) + trades);
};

/** What billing would write, in the texts of the second engine. */
function byBilling(plan: TariffPlan, trade: OrderToPrice): { rows: string[]; sums: string } {
  const rows = plan.lines.map(() => '');
  const sums = priceInto(plan, trade, (_line, index, execution, order, metric, ...texts) => {
    const [unrounded, clamp, amount] = texts;
    const row = rowText(execution, order, metric, unrounded, clamp, amount);
    rows[index] = (rows[index] ?? '') + row;
    count(`clamp ${clamp}`, 1);
  });
  const { quantity, gross, totalFees, net } = sums;
  return { rows, sums: `${quantity} ${gross} ${totalFees} ${net ?? 'null'}` };
}

function orCode<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof ClearingError) return error.code;
    throw error;
  }
}

function bySecondEngine(plan: TariffPlan, tariff: Tariff, { trade, month }: RandomTrade) {
  try {
    const { rows, sums } = priceTrade(tariff, plan.query.side, trade, month);
    return { rows: plan.lines.map(({ feeCode }) => rows.get(feeCode) ?? ''), sums };
  } catch (error) {
    if (error instanceof Error && error.message === UNKNOWN_TERMS) return UNKNOWN_TERMS;
    throw error;
  }
}

function tariffOrCode(...of: Parameters<typeof readTariff>): Tariff | string {
  try {
    return readTariff(...of);
  } catch (error) {
    if (error instanceof Error && error.message === RATE_MISSING) return RATE_MISSING;
    throw error;
  }
}

function isSame(
  billed: ReturnType<typeof byBilling> | string,
  again: ReturnType<typeof bySecondEngine>,
): boolean {
  if (typeof billed === 'string' || typeof again === 'string') return billed === again;
  return billed.sums === again.sums && billed.rows.every((rows, at) => rows === again.rows[at]);
}

/** The rule that won the line under test, by what it makes worth counting. */
function propertiesOf(rule: FeeRule): readonly string[] {
  const owner = rule.accountNo ? 'personal' : rule.scheduleId === null ? 'global' : 'package';
  const shape = shapeOf(rule.formula);
  return [
    shape,
    `${shape} of each ${rule.unit}`,
    `${shape} rounded ${rule.rounding.mode}`,
    `to ${rule.rounding.increment}`,
    `${rule.conditions ? 'special' : 'ordinary'} ${owner}`,
    ...Object.keys(rule.conditions ?? {}),
    ...(rule.currency === 'HKD' ? [] : [`${shape} in another currency`]),
    ...(['min', 'max', 'capRate', 'minBeatsMax', 'threshold', 'divisor', 'floorPerLine'] as const)
      .filter((bound) => rule[bound] !== undefined)
      .map((bound) => `with ${bound}`),
  ];
}

/** What a rule in another currency cannot be. */
const STAY_AT_HOME: readonly Shape[] = ['monthMarginal', 'monthNextDay', 'monthSlab', 'remainder'];

const EXPECTED: readonly string[] = [
  ...SHAPES.flatMap((shape) => unitsOf(shape).map((unit) => `${shape} of each ${unit}`)),
  ...SHAPES.flatMap((shape) => MODES.map((mode) => `${shape} rounded ${mode}`)),
  ...SHAPES.filter((shape) => !STAY_AT_HOME.includes(shape)).map(
    (shape) => `${shape} in another currency`,
  ),
  ...INCREMENTS.map((increment) => `to ${increment}`),
  ...OWNERS.flatMap((owner) => [`special ${owner}`, `ordinary ${owner}`]),
  ...['channels', 'stages', 'instruments', 'accounts'],
  ...['min', 'max', 'capRate', 'minBeatsMax', 'threshold', 'divisor', 'floorPerLine'].map(
    (bound) => `with ${bound}`,
  ),
  ...TARGETS.map((target) => `aimed at ${target}`),
  ...['', 'min', 'max', 'cap', 'waived', 'threshold'].map((clamp) => `clamp ${clamp}`),
  ...[REFUSED, RATE_MISSING, UNKNOWN_TERMS, 'in safe integers', 'in Decimal', 'a policy', 'sums'],
  'EMS orders',
];

/** Compares the tariff, then its trades; the number of trades. */
function compareTariff(random: Random, index: number): number {
  const { rules, query, fx } = randomTariff(random, index);
  const plan = orCode(() => compileTariff(rules, query, fx));
  const tariff = tariffOrCode(rules, query, fx.rates);
  if (typeof plan === 'string' || typeof tariff === 'string') {
    expect({ plan, rules, query }).toEqual({ plan: tariff, rules, query });
    count(typeof plan === 'string' ? plan : 'a plan', 1);
    return 0;
  }
  const winners = (lines: readonly { feeCode: string; ruleId: number }[]) =>
    lines.map(({ feeCode, ruleId }) => `${feeCode}: ${ruleId}`).sort();
  const [wins, winsAgain] = [winners(plan.lines).join(), winners(tariff).join()];
  if (wins !== winsAgain) expect({ wins, rules, query }).toEqual({ wins: winsAgain });
  const winning = rules.filter(({ ruleId }) => tariff.some((charge) => charge.ruleId === ruleId));
  // The edges of a rule in another currency lie where its rate puts them.
  const marks = marksOf(
    winning.map((rule) => {
      const pair = { from: rule.currency, to: 'HKD' };
      const rate = rateOn(fx.rates, pair, query.tradeDate);
      return rate === undefined ? rule : inTradeCurrency(rule, rate);
    }),
  );
  for (let trades = 0; trades < TRADES_A_TARIFF; trades += 1) {
    const drawn = randomTrade(random, marks);
    const { target, trade } = drawn;
    const billed = orCode(() => byBilling(plan, trade));
    const again = bySecondEngine(plan, tariff, drawn);
    if (!isSame(billed, again)) expect({ billed, trade, plan }).toEqual({ billed: again });
    count(`aimed at ${target}`, 1);
    if (trade.emsOrderOf !== undefined) count('EMS orders', 1);
    if (again === UNKNOWN_TERMS) count(UNKNOWN_TERMS, 1);
  }
  const main = winning.find(({ feeCode }) => feeCode === MAIN);
  for (const what of main === undefined ? [] : propertiesOf(main)) count(what, TRADES_A_TARIFF);
  count(plan.kernel === null ? 'in Decimal' : 'in safe integers', TRADES_A_TARIFF);
  if (query.roundingPolicy !== undefined) count('a policy', TRADES_A_TARIFF);
  if (tariff.some((charge) => charge.isSummed)) count('sums', TRADES_A_TARIFF);
  return TRADES_A_TARIFF;
}

/** What computes; the rest only makes up tariffs and trades. */
const ENGINE = ['exact', 'choose-rules', 'charge', 'bands', 'groups', 'price-trade'];

describe('billing and a second engine, in whole numbers of any size, agree', () => {
  test(`on ${TRADES} random trades, seed ${SEED}`, { timeout: 900_000 }, () => {
    const random = new Random(SEED);
    let trades = 0;
    for (let index = 0; trades < TRADES; index += 1) trades += compareTariff(random, index);
    const rare = EXPECTED.filter((what) => (seen.get(what) ?? 0) < TRADES / 10000);
    expect(rare).toEqual([]);
    expect(trades).toBeGreaterThanOrEqual(TRADES);
    console.log(`${trades} trades priced twice, no difference; FEE_SEED=${SEED} repeats them`);
  });

  test.each(ENGINE)('%s takes nothing but types from the rules that it checks', (file) => {
    const source = readFileSync(new URL(`./${file}.ts`, import.meta.url), 'utf8');
    const imports = [...source.matchAll(/^import (type )?[^;]+?from '([^']+)';/gm)];
    const values = imports.filter(([, type]) => type === undefined).map(([, , from]) => from);
    expect(values.filter((from) => !ENGINE.some((own) => from === `./${own}.ts`))).toEqual([]);
  });
});
