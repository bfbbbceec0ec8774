import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { MonthToDate, OrderToPrice } from '../../domain/fees/tariff-plan.ts';
import {
  countOf,
  dateOf,
  decimalOf,
  fieldsOf,
  isFields,
  oneOf,
  optionalDateOf,
  optionalDecimalOf,
  optionalTextOf,
  textOf,
  type Fields,
} from './vector-fields.ts';
import { MalformedVector } from './outcome.ts';

export interface FeeVector {
  readonly market: string;
  readonly tradeDate: BusinessDate;
  readonly side: 'BUY' | 'SELL';
  readonly instrumentType: string;
  readonly schedule: string;
  readonly feeUnit: string;
  readonly rounding: string;
  readonly order: OrderToPrice;
  /** Whether fees are in the currency of the price, so that a net amount exists. */
  readonly hasOneCurrency: boolean;
  readonly expected: Readonly<Record<string, string>>;
  readonly gross: string | undefined;
  readonly totalFees: string | undefined;
  readonly net: string | undefined;
  readonly settlementDate: BusinessDate | undefined;
}

/** Reads a vector of kind `fee`. Throws MalformedVector with the field. */
export function readFeeVector(fields: Fields): FeeVector {
  const currency = textOf(fields, 'currency');
  const expected: Record<string, string> = {};
  for (const [line, amount] of Object.entries(fieldsOf(fields, 'expected'))) {
    expected[line] = decimalOf(amount, `expected.${line}`, 'any');
  }
  return {
    market: textOf(fields, 'market'),
    tradeDate: dateOf(fields, 'tradeDate'),
    side: oneOf(fields, 'side', ['BUY', 'SELL']),
    instrumentType: textOf(fields, 'instrumentType'),
    schedule: textOf(fields, 'schedule'),
    feeUnit: optionalTextOf(fields, 'feeUnit') ?? 'order',
    rounding: textOf(fields, 'rounding'),
    order: readOrder(fields),
    hasOneCurrency: (optionalTextOf(fields, 'feeCurrency') ?? currency) === currency,
    expected,
    gross: optionalDecimalOf(fields, 'gross', 'any'),
    totalFees: optionalDecimalOf(fields, 'totalFees', 'any'),
    net: optionalDecimalOf(fields, 'net', 'any'),
    settlementDate: optionalDateOf(fields, 'settlementDate'),
  };
}

function readOrder(fields: Fields): OrderToPrice {
  const { fills } = fields;
  if (!Array.isArray(fills) || fills.length === 0) {
    throw new MalformedVector('fills: expected a list with at least one execution');
  }
  const quantities: string[] = [];
  const prices: string[] = [];
  for (const [index, fill] of (fills as unknown[]).entries()) {
    if (!isFields(fill)) throw new MalformedVector(`fills[${index}]: expected an object`);
    quantities.push(decimalOf(fill['qty'], `fills[${index}].qty`, 'unsigned'));
    prices.push(decimalOf(fill['price'], `fills[${index}].price`, 'unsigned'));
  }
  const multiplier = optionalDecimalOf(fields, 'multiplier', 'unsigned');
  const fxRate = optionalDecimalOf(fields, 'fxRateHKDPerUnit', 'unsigned');
  const month = readMonth(
    fields['monthToDate'] === undefined ? {} : fieldsOf(fields, 'monthToDate'),
  );
  return {
    quantities,
    prices,
    ...(multiplier === undefined ? {} : { multiplier }),
    // Only the lines of Hong Kong are computed on a converted base.
    ...(fxRate === undefined || fields['market'] !== 'HK' ? {} : { fxRate }),
    monthToDate: () => month,
  };
}

/** A vector that tells nothing of the month is at its beginning. */
const readMonth = (month: Fields): MonthToDate => ({
  ordersBefore: countOf(month['ordersBefore'] ?? 0, 'monthToDate.ordersBefore'),
  sharesBefore: decimalOf(month['sharesBefore'] ?? 0, 'monthToDate.sharesBefore', 'unsigned'),
  turnoverBefore: decimalOf(month['turnoverBefore'] ?? 0, 'monthToDate.turnoverBefore', 'unsigned'),
});
