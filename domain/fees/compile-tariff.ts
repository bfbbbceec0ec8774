import type { FeeRule } from './fee-rule.ts';
import { termsOf } from './fee-terms.ts';
import { kernelLineOf } from './compile-kernel.ts';
import type { KernelLine } from './kernel-line.ts';
import { inDependencyOrder } from './fee-dependencies.ts';
import { inTradeCurrency, rateFor } from './foreign-rule.ts';
import { NO_RATES, type FxBook } from './fx-rate.ts';
import { isMonthly } from './monthly-formulas.ts';
import { ruleIndex } from './rule-index.ts';
import { selectRules, type SelectedRule } from './select-rules.ts';
import type {
  FeeChoice,
  FeeWaiver,
  MonthScope,
  TariffLine,
  TariffPlan,
  TariffQuery,
} from './tariff-plan.ts';

/**
 * Decides, once for all orders that share the query, which rule prices each fee code, and parses
 * its constants. Throws FEE_RULE_MISSING (see selectRules) and, for a rule in another currency than
 * the trade, what rateFor throws. Source of the order of precedence: special before ordinary.
 */
export function compileTariff(
  rules: readonly FeeRule[],
  query: TariffQuery,
  fx: FxBook = NO_RATES,
): TariffPlan {
  const { chosen, uncharged } = selectRules(rules, query);
  const lines = inDependencyOrder(chosen.map((selected) => lineOf(selected, query, fx)));
  const kernel = lines.map((line) => kernelLineOf(line.choice, line.terms));
  return {
    query,
    lines,
    uncharged,
    kernel: kernel.every((line): line is KernelLine => line !== null) ? kernel : null,
  };
}

/**
 * compileTariff with a memory: plans are shared by all orders with the same query. Rules and rates
 * must not change while it is used; a billing run freezes them and makes one compiler of its own.
 */
export function tariffCompiler(
  rules: readonly FeeRule[],
  fx: FxBook = NO_RATES,
): (query: TariffQuery) => TariffPlan {
  const plans = new Map<string, TariffPlan>();
  const competing = ruleIndex(rules);
  return (query) => {
    const key = tariffKey(query);
    const known = plans.get(key);
    if (known !== undefined) return known;
    const plan = compileTariff(competing(query), query, fx);
    plans.set(key, plan);
    return plan;
  };
}

/** Equal for queries that compile to the same plan. Asked for every order, hence one template. */
export const tariffKey = (query: TariffQuery): string =>
  `${query.scheduleId}|${query.market}|${query.instrumentType}|${query.stampDutyExempt}|` +
  `${query.side}|${query.tradeDate}|${query.channel ?? ''}|${query.currency ?? ''}|` +
  `${query.feeUnit ?? ''}|${query.marketLines?.join('+') ?? '*'}|` +
  `${query.ownRulesOptional ?? false}|${query.roundingPolicy?.policyId ?? ''}|` +
  `${query.stage ?? 'NORMAL'}|${query.accountNo ?? ''}|${query.instrumentId ?? ''}`;

function lineOf({ rule, losers }: SelectedRule, query: TariffQuery, fx: FxBook): TariffLine {
  const choice = choiceOf(rule, losers, query, fx);
  return {
    feeCode: rule.feeCode,
    ruleId: rule.ruleId,
    unit: choice.unit,
    choice,
    terms: termsOf(choice),
  };
}

function choiceOf(
  asEntered: FeeRule,
  losers: FeeChoice['losers'],
  query: TariffQuery,
  fx: FxBook,
): FeeChoice {
  const policy = query.roundingPolicy;
  const waiver = waiverOf(asEntered, query);
  // An exempt trade pays nothing in any currency, so no rate is asked for.
  const rate = waiver === '' ? rateFor(asEntered, query, fx) : undefined;
  const rule = rate === undefined ? asEntered : inTradeCurrency(asEntered, rate);
  const unit = rule.unit === 'feeUnit' ? (query.feeUnit ?? 'execution') : rule.unit;
  return {
    feeCode: rule.feeCode,
    ruleId: rule.ruleId,
    version: rule.version,
    scheduleId: rule.scheduleId,
    ...(rule.accountNo === undefined ? {} : { accountNo: rule.accountNo }),
    ...(rule.conditions === undefined ? {} : { conditions: rule.conditions }),
    effectiveFrom: rule.effectiveFrom,
    currency: query.currency ?? rule.currency,
    unit,
    formula: rule.formula,
    ...(rule.threshold === undefined ? {} : { threshold: rule.threshold }),
    ...(rule.divisor === undefined ? {} : { divisor: rule.divisor }),
    min: rule.min ?? null,
    minWaived: rule.minWaivedFor?.includes(query.instrumentType) === true,
    max: rule.max ?? null,
    capRate: rule.capRate ?? null,
    minBeatsMax: rule.minBeatsMax === true,
    rounding: policy === undefined ? rule.rounding : (policy.lines?.[rule.feeCode] ?? policy.base),
    floorPerLine:
      (policy === undefined ? rule.floorPerLine : policy.floors?.[rule.feeCode]) ?? null,
    sumExecutions:
      policy?.sumExecutions === true && rule.unit === 'feeUnit' && unit === 'account-day',
    waiver,
    ...(rate === undefined ? {} : { fx: rate }),
    ...(isMonthly(rule.formula) ? { monthScope: monthScopeOf(rule) } : {}),
    losers,
  };
}

const monthScopeOf = ({ sides, instrumentTypes }: FeeRule): MonthScope =>
  instrumentTypes === undefined ? { sides } : { sides, instrumentTypes };

function waiverOf(rule: FeeRule, query: TariffQuery): FeeWaiver {
  const isExemptType = rule.exemptTypes?.some(
    (exempt) =>
      exempt.type === query.instrumentType &&
      (exempt.from === undefined || exempt.from <= query.tradeDate),
  );
  if (isExemptType === true) return 'exempt-type';
  return rule.exemptByInstrumentFlag === true && query.stampDutyExempt ? 'exempt-instrument' : '';
}
