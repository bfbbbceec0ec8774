import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal, type DecimalString } from '../money/decimal.ts';
import type { FeeFormula, FeeRule, ProgressiveTier } from './fee-rule.ts';
import { rateOn, type FxBook, type FxRate } from './fx-rate.ts';
import type { TariffQuery } from './tariff-plan.ts';

/*
 * A rule in another currency than the trade. What it says in money is converted, once for all
 * orders that it prices, and then it is a rule in the trade currency. The same comes out where the
 * consideration is converted there and the fee back at one rate: tiers, bounds and thresholds move
 * with it, and fractions of the consideration stay. But nothing is divided, so it is exact.
 */

/**
 * The rate that a rule needs for a trade; undefined where both are in one currency, or the query
 * has none. Throws FX_RATE_MISSING with pair and trade date; UNSUPPORTED for a trade in another
 * currency than its market's, since statutory amounts are rounded in that of the market.
 */
export function rateFor(rule: FeeRule, query: TariffQuery, book: FxBook): FxRate | undefined {
  const { currency: to, market, tradeDate } = query;
  const { currency: from, feeCode, ruleId } = rule;
  if (to === undefined || to === from) return undefined;
  if (book.currencyOf.get(market) !== to) {
    const why = 'the trade is in another currency than its market and the fee';
    const currencies = { feeCurrency: from, tradeCurrency: to };
    throw new ClearingError('UNSUPPORTED', { why, feeCode, ...currencies });
  }
  const rate = rateOn(book.rates, { from, to }, tradeDate);
  if (rate !== undefined) return rate;
  throw new ClearingError('FX_RATE_MISSING', { from, to, tradeDate, market, feeCode, ruleId });
}

/** Why a rule cannot be in another currency than the market's; undefined when it can. */
export function foreignRefusal(rule: FeeRule): { field: string; reason: string } | undefined {
  if (rule.floorPerLine !== undefined) {
    const reason = 'is an amount after rounding, so it has to be in the currency of the market';
    return { field: 'floorPerLine', reason };
  }
  const { kind } = rule.formula;
  if (kind === 'remainder') {
    return { field: 'currency', reason: 'a remainder is left in the currency of the market' };
  }
  return kind === 'turnoverTier'
    ? { field: 'currency', reason: 'a month has many rates, and its turnover none' }
    : undefined;
}

/** The rule with its amounts in the trade currency. Exact: rates and amounts have 18 decimals. */
export function inTradeCurrency(rule: FeeRule, { rate, to }: FxRate): FeeRule {
  const money = (text: DecimalString): DecimalString => new Decimal(text).times(rate).toString();
  const { threshold, min, max } = rule;
  return {
    ...rule,
    currency: to,
    formula: convertedFormula(rule.formula, money),
    ...(threshold === undefined || !isOfMoney(rule.formula) ? {} : { threshold: money(threshold) }),
    ...(min === undefined ? {} : { min: money(min) }),
    ...(max === undefined ? {} : { max: money(max) }),
  };
}

/** Whether the metric is an amount of money: then a threshold is one, too. */
function isOfMoney({ kind }: FeeFormula): boolean {
  return ['rate', 'perMillion', 'amountTier', 'ofFees'].includes(kind);
}

function convertedFormula(
  formula: FeeFormula,
  money: (text: DecimalString) => DecimalString,
): FeeFormula {
  const least = ({ min }: ProgressiveTier) => (min === undefined ? {} : { min: money(min) });
  switch (formula.kind) {
    case 'flat':
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
      return { ...formula, amount: money(formula.amount) };
    case 'amountTier':
      return {
        ...formula,
        tiers: formula.tiers.map((tier) => ({
          ...{ ...tier, gt: money(tier.gt), ...least(tier) },
          lte: tier.lte === null ? null : money(tier.lte),
        })),
      };
    case 'quantityTier':
      return {
        ...formula,
        tiers: formula.tiers.map((tier) => ({ ...tier, rate: money(tier.rate), ...least(tier) })),
      };
    case 'orderTier':
      return {
        ...formula,
        tiers: formula.tiers.map((tier) => ({ ...tier, flat: money(tier.flat) })),
      };
    case 'shareTier':
      return {
        ...formula,
        tiers: formula.tiers.map((tier) => ({ ...tier, perShare: money(tier.perShare) })),
      };
    // Fractions of what is in the trade currency already; turnover is refused at entry.
    case 'rate':
    case 'perMillion':
    case 'ofFees':
    case 'turnoverTier':
    case 'remainder':
      return formula;
  }
}
