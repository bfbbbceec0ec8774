import { settlementDatesOf } from '../../domain/calendar/settlement-date.ts';
import { compileTariff } from '../../domain/fees/compile-tariff.ts';
import { priceInto } from '../../domain/fees/fee-kernel.ts';
import { FEE_UNITS, type FeeUnit } from '../../domain/fees/fee-rule.ts';
import type { PricedOrder, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { Decimal } from '../../domain/money/decimal.ts';
import type { FeeVector } from './fee-vector.ts';
import { outcomeOf, unsupported, type Difference, type Outcome } from './outcome.ts';
import type { ReferenceData } from './reference-data.ts';

/** By market. A map, since a vector may call its market anything, also `constructor`. */
const INSTRUMENT_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'HK',
    [
      ...['EQUITY', 'ETF', 'ETF_FI', 'REIT', 'CBBC', 'DERIVATIVE_WARRANT', 'INLINE_WARRANT'],
      ...['DEBT', 'IPO_PUBLIC', 'IPO_PLACING'],
    ],
  ],
  ['US', ['US_EQUITY', 'US_OPTION']],
  ['CN', ['CN_EQUITY', 'CN_ETF']],
]);

/** Codes that say "there is no data for this", not "this is wrong". */
const NOT_COVERED = ['FEE_RULE_MISSING', 'UNSUPPORTED', 'CALENDAR_MISSING', 'MARKET_RULE_MISSING'];

export const isNotCovered = (error: unknown): error is ClearingError =>
  error instanceof ClearingError && NOT_COVERED.includes(error.code);

/** Prices the vector as billing prices an order, and compares what the vector states. */
export function checkFee(vector: FeeVector, data: ReferenceData): Outcome {
  const problem = unknownNameIn(vector, data);
  if (problem !== null) return unsupported(problem);
  let plan: TariffPlan;
  let priced: PricedOrder;
  try {
    plan = planOf(vector, data);
    priced = priceInto(plan, vector.order, () => undefined);
  } catch (error) {
    if (isNotCovered(error)) return unsupported(error.message);
    throw error;
  }
  const differences = [...amountDifferences(vector, plan, priced)];
  try {
    differences.push(...settlementDifferences(vector, data));
  } catch (error) {
    // A difference that is certain must not hide behind a date that is not known.
    if (isNotCovered(error) && differences.length === 0) return unsupported(error.message);
    if (!isNotCovered(error)) throw error;
  }
  return outcomeOf(differences);
}

function unknownNameIn(vector: FeeVector, data: ReferenceData): string | null {
  const types = INSTRUMENT_TYPES.get(vector.market);
  const schedule = data.schedules.get(vector.schedule);
  const policy = data.roundingPolicies.get(vector.rounding);
  if (types === undefined) return `unknown market ${vector.market}`;
  if (schedule === undefined) return `unknown schedule ${vector.schedule}`;
  if (schedule.market !== vector.market) {
    return `schedule ${vector.schedule} is not one of market ${vector.market}`;
  }
  if (policy === undefined) return `unknown rounding ${vector.rounding}`;
  const isKnownUnit = vector.feeUnit !== 'contract' && isFeeUnit(vector.feeUnit);
  if (!isKnownUnit) return `unknown feeUnit ${vector.feeUnit}`;
  if (policy.sumExecutions === true && vector.feeUnit !== 'account-day') {
    return `rounding ${vector.rounding} needs feeUnit account-day`;
  }
  return types.includes(vector.instrumentType)
    ? null
    : `unknown instrumentType ${vector.instrumentType} in market ${vector.market}`;
}

const isFeeUnit = (text: string): text is FeeUnit => FEE_UNITS.some((unit) => unit === text);

function planOf(vector: FeeVector, data: ReferenceData): TariffPlan {
  const schedule = data.schedules.get(vector.schedule);
  const roundingPolicy = data.roundingPolicies.get(vector.rounding);
  const feeUnit = schedule?.feeUnit ?? (isFeeUnit(vector.feeUnit) ? vector.feeUnit : 'order');
  return compileTariff(data.rules, {
    scheduleId: vector.schedule,
    market: vector.market,
    instrumentType: vector.instrumentType,
    stampDutyExempt: false,
    side: vector.side,
    tradeDate: vector.tradeDate,
    channel: null,
    feeUnit,
    ownRulesOptional: schedule?.ownRulesOptional === true,
    ...(schedule?.marketLines === undefined ? {} : { marketLines: schedule.marketLines }),
    ...(roundingPolicy === undefined ? {} : { roundingPolicy }),
  });
}

function* amountDifferences(
  vector: FeeVector,
  plan: TariffPlan,
  priced: PricedOrder,
): Generator<Difference> {
  const got = new Map(
    plan.lines.map((line, index) => [line.feeCode, priced.lineTotals[index] ?? '0']),
  );
  yield* compare('gross', vector.gross, priced.gross);
  for (const line of new Set([...Object.keys(vector.expected), ...got.keys()])) {
    yield* compare(line, vector.expected[line] ?? '0.00', got.get(line) ?? '0.00');
  }
  yield* compare('totalFees', vector.totalFees, priced.totalFees);
  if (vector.hasOneCurrency) yield* compare('net', vector.net, priced.net ?? netOf(vector, priced));
}

const netOf = (vector: FeeVector, priced: PricedOrder): string => {
  const signed = new Decimal(priced.totalFees).times(vector.side === 'BUY' ? 1 : -1);
  return signed.plus(priced.gross).toString();
};

/** By decimal value, without tolerance; what the vector does not state is not compared. */
function* compare(line: string, expected: string | undefined, got: string): Generator<Difference> {
  if (expected === undefined || new Decimal(expected).eq(got)) return;
  yield { line, expected, got };
}

function* settlementDifferences(vector: FeeVector, data: ReferenceData): Generator<Difference> {
  const { settlementDate: expected, tradeDate, instrumentType, market } = vector;
  if (expected === undefined) return;
  const calendars = data.calendars.get(market);
  if (calendars === undefined) throw new ClearingError('CALENDAR_MISSING', { market });
  const { cash } = settlementDatesOf(calendars, data.settlementCycles, {
    instrumentType,
    tradeDate,
  });
  if (cash !== expected) yield { line: 'settlementDate', expected, got: cash };
}
