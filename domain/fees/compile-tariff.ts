import { ClearingError } from '../errors/clearing-error.ts';
import type { FeeRule } from './fee-rule.ts';
import { termsOf } from './fee-terms.ts';
import { kernelLineOf } from './compile-kernel.ts';
import type { KernelLine } from './kernel-line.ts';
import { inDependencyOrder } from './fee-dependencies.ts';
import { ruleIndex } from './rule-index.ts';
import { selectRules, type SelectedRule } from './select-rules.ts';
import type { FeeChoice, FeeWaiver, TariffLine, TariffPlan, TariffQuery } from './tariff-plan.ts';

/**
 * Decides, once for all orders that share the query, which rule prices each fee code, and parses
 * its constants. Throws FEE_RULE_MISSING (see selectRules) and UNSUPPORTED when a rule is in
 * another currency than the trade. Source of the order of precedence: special before ordinary.
 */
export function compileTariff(rules: readonly FeeRule[], query: TariffQuery): TariffPlan {
  const { chosen, uncharged } = selectRules(rules, query);
  const lines = inDependencyOrder(chosen.map((selected) => lineOf(selected, query)));
  const kernel = lines.map((line) => kernelLineOf(line.choice, line.terms));
  return {
    query,
    lines,
    uncharged,
    kernel: kernel.every((line): line is KernelLine => line !== null) ? kernel : null,
  };
}

/**
 * compileTariff with a memory: plans are shared by all orders with the same query. The rules must
 * not change while it is used; a billing run freezes them and makes one compiler of its own.
 */
export function tariffCompiler(rules: readonly FeeRule[]): (query: TariffQuery) => TariffPlan {
  const plans = new Map<string, TariffPlan>();
  const competing = ruleIndex(rules);
  return (query) => {
    const key = tariffKey(query);
    const known = plans.get(key);
    if (known !== undefined) return known;
    const plan = compileTariff(competing(query), query);
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

const BY_MONTH: readonly string[] = ['orderTier', 'shareTier', 'turnoverTier'];

/**
 * The first line that depends on what the account traded in the calendar month; undefined when none
 * does. Whoever prices such a line without the month's counters starts every order at zero.
 */
export const lineByMonth = ({ lines }: TariffPlan): TariffLine | undefined =>
  lines.find(({ choice }) => BY_MONTH.includes(choice.formula.kind));

function lineOf({ rule, losers }: SelectedRule, query: TariffQuery): TariffLine {
  if (query.currency !== undefined && query.currency !== rule.currency) {
    throw new ClearingError('UNSUPPORTED', {
      why: 'the fee is in another currency than the trade',
      feeCode: rule.feeCode,
      feeCurrency: rule.currency,
      tradeCurrency: query.currency,
    });
  }
  const choice = choiceOf(rule, losers, query);
  return {
    feeCode: rule.feeCode,
    ruleId: rule.ruleId,
    unit: choice.unit,
    choice,
    terms: termsOf(choice),
  };
}

function choiceOf(rule: FeeRule, losers: FeeChoice['losers'], query: TariffQuery): FeeChoice {
  const policy = query.roundingPolicy;
  const unit = rule.unit === 'feeUnit' ? (query.feeUnit ?? 'execution') : rule.unit;
  return {
    feeCode: rule.feeCode,
    ruleId: rule.ruleId,
    version: rule.version,
    scheduleId: rule.scheduleId,
    ...(rule.accountNo === undefined ? {} : { accountNo: rule.accountNo }),
    ...(rule.conditions === undefined ? {} : { conditions: rule.conditions }),
    effectiveFrom: rule.effectiveFrom,
    currency: rule.currency,
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
    waiver: waiverOf(rule, query),
    losers,
  };
}

function waiverOf(rule: FeeRule, query: TariffQuery): FeeWaiver {
  const isExemptType = rule.exemptTypes?.some(
    (exempt) =>
      exempt.type === query.instrumentType &&
      (exempt.from === undefined || exempt.from <= query.tradeDate),
  );
  if (isExemptType === true) return 'exempt-type';
  return rule.exemptByInstrumentFlag === true && query.stampDutyExempt ? 'exempt-instrument' : '';
}
