import { parseBusinessDate } from '../../../../domain/calendar/business-date.ts';
import {
  FEE_UNITS,
  type FeeConditions,
  type FeeFormula,
  type FeeRule,
  type RoundingPolicy,
} from '../../../../domain/fees/fee-rule.ts';
import type { FxBook, FxRate } from '../../../../domain/fees/fx-rate.ts';
import type { TariffQuery } from '../../../../domain/fees/tariff-plan.ts';
import { isByMonth, randomFormula, SHAPES, type Shape } from './random-formulas.ts';
import { dayAfter, type Random } from './random.ts';

const UNITS = [...FEE_UNITS, 'feeUnit'] as const;
export const MODES = ['half-up', 'half-even', 'ceil', 'floor'] as const;
export const OWNERS = ['personal', 'package', 'global'] as const;
/** Cents, three digits, whole units, and steps that are no power of ten. */
export const INCREMENTS = ['0.01', '0.001', '0.1', '1', '1.00', '0.05', '0.5'] as const;

/** What is computed from all fees of a contract, or from a month's orders, has no smaller unit. */
export function unitsOf(shape: Shape): readonly FeeRule['unit'][] {
  if (shape === 'ofFees' || shape === 'remainder') return ['contract'];
  return isByMonth(shape) ? ['order', 'contract'] : UNITS;
}

/** What a tariff was made to try. Every combination of shape, unit and mode comes up in turn. */
interface Aim {
  readonly shape: Shape;
  readonly unit: FeeRule['unit'];
  readonly mode: (typeof MODES)[number];
  readonly owner: (typeof OWNERS)[number];
  readonly isSpecial: boolean;
  readonly hasMin: boolean;
  readonly hasMax: boolean;
  readonly hasCap: boolean;
  readonly isMinLast: boolean;
}

export interface RandomTariff {
  readonly rules: readonly FeeRule[];
  readonly query: TariffQuery;
  readonly fx: FxBook;
}

const DAY = parseBusinessDate('2026-03-16');
const NAMES = { scheduleId: 'one', market: 'HK', accountNo: 'A1', instrumentId: 'HK.1' } as const;
/** The fee code under test. */
export const MAIN = 'MAIN';

export function randomTariff(random: Random, index: number): RandomTariff {
  const shape = SHAPES[index % SHAPES.length]!;
  const turn = Math.floor(index / SHAPES.length);
  const units = unitsOf(shape);
  const aim: Aim = {
    shape,
    unit: units[turn % units.length]!,
    mode: MODES[Math.floor(turn / units.length) % MODES.length]!,
    owner: random.of(OWNERS),
    isSpecial: random.chance(50),
    hasMin: random.chance(50),
    hasMax: random.chance(50),
    hasCap: random.chance(50),
    isMinLast: random.chance(50),
  };
  const query = randomQuery(random);
  const main = mainRule(random, aim, query);
  return {
    rules: [main, ...rivals(random, main), ...others(random)],
    query,
    fx: randomRates(random),
  };
}

/** Two rates of the pair around the trade date, one of another pair, in any order; seldom none. */
function randomRates(random: Random): FxBook {
  const rates = Array.from({ length: random.below(20) === 0 ? 0 : 2 }, (_, at): FxRate => ({
    rateId: at + 1,
    ...{ from: 'USD', to: 'HKD', source: 'some', version: 1 + random.below(3) + at * 3 },
    rate: random.of(['7.8', '7.7523', '1', '0.128', '1234.56', '0.0000003']),
    validFrom: dayAfter(DAY, random.of([-2, -1, 0, 0, 1])),
  }));
  const other = { rateId: 9, from: 'HKD', to: 'USD', rate: '0.5', version: 9, source: 'some' };
  const all = [...rates, { ...other, validFrom: DAY }];
  return {
    rates: random.chance(50) ? all : all.reverse(),
    currencyOf: new Map([[NAMES.market, 'HKD']]),
  };
}

function randomQuery(random: Random): TariffQuery {
  const policy = random.chance(25) ? randomPolicy(random) : undefined;
  // Only lines of an account's day are ever added up.
  const feeUnit = policy?.sumExecutions ? 'account-day' : random.of([undefined, ...FEE_UNITS]);
  return {
    ...NAMES,
    instrumentType: random.of(['EQUITY', 'ETF', 'REIT']),
    stampDutyExempt: random.chance(20),
    side: random.of(['BUY', 'SELL']),
    tradeDate: DAY,
    currency: 'HKD',
    channel: random.of([null, 0, 6, 9]),
    stage: random.of(['NORMAL', 'NORMAL', 'GREY']),
    ...(feeUnit === undefined ? {} : { feeUnit }),
    ...(policy === undefined ? {} : { roundingPolicy: policy }),
    ...(random.chance(5) ? { marketLines: [MAIN, 'SIDE_1'] } : {}),
    ...(random.chance(10) ? { ownRulesOptional: true } : {}),
  };
}

const randomPolicy = (random: Random): RoundingPolicy => ({
  policyId: 'some',
  base: { mode: random.of(MODES), increment: random.of(INCREMENTS) },
  ...(random.chance(50)
    ? { lines: { [MAIN]: { mode: random.of(MODES), increment: random.of(INCREMENTS) } } }
    : {}),
  ...(random.chance(50) ? { floors: { [MAIN]: random.of(['0.01', '0.5']) } } : {}),
  ...(random.chance(60) ? { sumExecutions: true } : {}),
});

/** Conditions that hold for the trade, or each with one that does not. */
function conditionsFor(random: Random, query: TariffQuery, holds: boolean): FeeConditions {
  const channels = [query.channel ?? 1, 3];
  const all: FeeConditions = {
    ...(query.channel !== null && random.chance(50) ? { channels } : {}),
    ...(random.chance(40) ? { stages: [query.stage ?? 'NORMAL'] } : {}),
    ...(random.chance(40) ? { instruments: ['HK.9', NAMES.instrumentId] } : {}),
    ...(random.chance(40) ? { accounts: [NAMES.accountNo, 'A9'] } : {}),
  };
  if (holds) return all;
  const misses: FeeConditions[] = [
    { channels: query.channel === 4 ? [5] : [4] },
    { stages: [query.stage === 'GREY' ? 'NORMAL' : 'GREY'] },
    { instruments: ['HK.2'] },
    { accounts: ['A2'] },
  ];
  return { ...all, ...random.of(misses) };
}

const ownerFields = (owner: Aim['owner']): Pick<FeeRule, 'scheduleId' | 'accountNo'> => {
  if (owner === 'package') return { scheduleId: NAMES.scheduleId };
  return owner === 'personal'
    ? { scheduleId: null, accountNo: NAMES.accountNo }
    : { scheduleId: null };
};

/** The same rule, of nobody yet and without conditions. */
function withoutOwner(rule: FeeRule): FeeRule {
  const kept = Object.entries(rule).filter(
    ([field]) => !['accountNo', 'conditions'].includes(field),
  );
  return Object.fromEntries(kept) as unknown as FeeRule;
}

function plainRule(ruleId: number, feeCode: string, formula: FeeFormula): FeeRule {
  return {
    ruleId,
    feeCode,
    market: NAMES.market,
    scheduleId: NAMES.scheduleId,
    version: 1,
    effectiveFrom: parseBusinessDate('2020-01-01'),
    sides: 'BOTH',
    unit: 'execution',
    formula,
    rounding: { mode: 'half-up', increment: '0.01' },
    currency: 'HKD',
  };
}

function mainRule(random: Random, aim: Aim, query: TariffQuery): FeeRule {
  const isRest = aim.shape === 'remainder';
  const min = random.decimal(2, 3);
  const formula = randomFormula(random, aim.shape);
  const hasFloor = random.chance(10) && !isRest;
  const canBeForeign = !hasFloor && !isRest && formula.kind !== 'turnoverTier';
  return {
    ...plainRule(100, MAIN, formula),
    currency: canBeForeign && random.chance(30) ? 'USD' : 'HKD',
    ...ownerFields(aim.owner),
    version: 1 + random.below(3),
    // The trade date is the first day, the last day, or one day before or after them.
    effectiveFrom: random.chance(50) ? dayAfter(DAY, random.of([-1, 0, 0, 0, 1])) : DAY,
    ...(random.chance(20) ? { effectiveTo: dayAfter(DAY, random.of([0, 0, 1])) } : {}),
    unit: aim.unit,
    rounding: { mode: aim.mode, increment: random.of(INCREMENTS) },
    ...(aim.hasMin && !isRest ? { min } : {}),
    ...(aim.hasMax && !isRest
      ? { max: `${Number(min.split('.')[0]) + 1 + random.below(90)}` }
      : {}),
    ...(aim.hasCap && !isRest ? { capRate: `0.${random.of(['005', '01', '0003', '25'])}` } : {}),
    ...(aim.isMinLast ? { minBeatsMax: true } : {}),
    ...(random.chance(25) && !isRest ? { threshold: thresholdFor(random, aim.shape) } : {}),
    ...(random.chance(20) && !isRest && aim.unit !== 'feeUnit'
      ? { divisor: random.of([365, 360, 366, 12]) }
      : {}),
    ...(hasFloor ? { floorPerLine: random.of(['0.01', '0.05', '1']) } : {}),
    ...(random.chance(10) ? { minWaivedFor: [random.of(['ETF', 'REIT'])] } : {}),
    ...(random.chance(20) ? { exemptByInstrumentFlag: true } : {}),
    ...(random.chance(15)
      ? {
          exemptTypes: [
            { type: 'REIT', from: dayAfter(DAY, random.of([-1, 0, 1])) },
            { type: 'X' },
          ],
        }
      : {}),
    ...(random.chance(15) ? { instrumentTypes: random.of([['EQUITY', 'ETF'], ['REIT']]) } : {}),
    ...(random.chance(10) ? { sides: random.of(['BUY', 'SELL'] as const) } : {}),
    ...(aim.isSpecial ? { conditions: conditionsFor(random, query, random.chance(80)) } : {}),
  };
}

function thresholdFor(random: Random, shape: Shape): string {
  const byCount: readonly Shape[] = ['perOrder', 'perExecution', 'monthOrders', 'flat'];
  return byCount.includes(shape) ? random.of(['0', '1', '2']) : random.of(['0', '1000', '5000.5']);
}

/** Rules of the same code that win or lose by owner, class, date, version or id alone. */
function rivals(random: Random, main: FeeRule): readonly FeeRule[] {
  return Array.from({ length: random.below(4) }, (_, at): FeeRule => {
    const { conditions } = main;
    const isSpecial = random.chance(40);
    return {
      ...withoutOwner(main),
      ...ownerFields(random.of(OWNERS)),
      ruleId: random.of([90 - at, 110 + at]),
      version: 1 + random.below(3),
      effectiveFrom: random.chance(50)
        ? main.effectiveFrom
        : dayAfter(DAY, random.of([-2, -1, 0, 1])),
      // Ends the versions whose place it takes, and charges nothing itself.
      ...(random.chance(15) ? { withdrawn: true as const } : {}),
      ...(isSpecial ? { conditions: conditions ?? { channels: [random.of([0, 6, 7])] } } : {}),
      ...(random.chance(50) && !('tiers' in main.formula) && main.formula.kind !== 'ofFees'
        ? { formula: { kind: 'rate', rate: `0.000${1 + at}` } as const }
        : {}),
    };
  });
}

/** Other fees of the same trade: two that can be sources, and one line of the market. */
function others(random: Random): readonly FeeRule[] {
  const side = random.chance(70)
    ? plainRule(1, 'SIDE_1', { kind: 'rate', rate: random.decimal(0, 5) })
    : plainRule(1, 'SIDE_1', { kind: 'flat', amount: random.decimal(2, 2) });
  return [
    random.chance(10) ? { ...side, mandatory: true, effectiveTo: dayAfter(DAY, -1) } : side,
    ...(random.chance(50)
      ? [
          {
            ...plainRule(2, 'SIDE_2', { kind: 'perShare', amount: random.decimal(0, 4) }),
            unit: random.of(['order', 'contract'] as const),
            scheduleId: null,
            ...(random.chance(10) ? { effectiveFrom: dayAfter(DAY, 1) } : {}),
          },
        ]
      : []),
  ];
}
