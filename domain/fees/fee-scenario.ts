import type { BusinessDate } from '../calendar/business-date.ts';
import type { DecimalString } from '../money/decimal.ts';
import type { RoundingRule } from '../money/rounding.ts';
import type { FeeFormula, FeeSides, FeeTerms, FeeUnit, ScenarioUse } from './fee-rule.ts';
import { invalidRule } from './fee-rule-meaning.ts';
import type { FeeRuleDraft } from './new-fee-rule.ts';

/** What a scenario counts: with a rate or tiers it becomes a formula. */
export const FEE_METRICS = [
  ...(['amount', 'quantity', 'contracts', 'flat'] as const),
  ...(['orders', 'emsOrders', 'executions', 'fees'] as const),
] as const;
export type FeeMetric = (typeof FEE_METRICS)[number];

/**
 * A fee scenario (收费场景): which trades are charged and how, without the rates. A dated version; the
 * match part (market, code, side, types) is the same in all versions of a scenario.
 */
export interface FeeScenario {
  readonly scenarioId: string;
  readonly version: number;
  readonly effectiveFrom: BusinessDate;
  readonly market: string;
  readonly feeCode: string;
  readonly sides: FeeSides;
  readonly instrumentTypes?: readonly string[];
  readonly metric: FeeMetric;
  /** Of the metric fees: the codes that it is computed from. */
  readonly feeCodes?: readonly string[];
  readonly unit: FeeUnit | 'feeUnit';
  readonly divisor?: number;
  readonly rounding: RoundingRule;
}

const SHAPES = ['rate', 'tiers', 'monthlyTiers'] as const;

/**
 * The whole rule that a scenario and terms are, as a draft. Throws FEE_RULE_INVALID unless the
 * terms have exactly one of rate, tiers and monthlyTiers, and one that the metric can have.
 */
export function resolveTerms(scenario: FeeScenario, terms: FeeTerms): FeeRuleDraft {
  const { scenarioId, version, sides, instrumentTypes, unit, divisor, rounding } = scenario;
  const given = SHAPES.filter((name) => terms[name] !== undefined);
  if (given.length !== 1) {
    throw invalidRule('terms', `have exactly one of ${SHAPES.join(', ')}`, given);
  }
  const shaped: readonly string[] = [...SHAPES, 'monthlyMode'];
  const others = Object.entries(terms).filter(([name]) => !shaped.includes(name));
  return {
    sides,
    ...(instrumentTypes === undefined ? {} : { instrumentTypes }),
    unit,
    ...(divisor === undefined ? {} : { divisor }),
    rounding,
    ...Object.fromEntries(others),
    formula: formulaOf(scenario, terms),
    scenario: { scenarioId, version, terms } satisfies ScenarioUse,
  };
}

function formulaOf({ metric, feeCodes }: FeeScenario, terms: FeeTerms): FeeFormula {
  const { rate, tiers, monthlyTiers, monthlyMode } = terms;
  const cannot = (what: string) => invalidRule(what, `is nothing that ${metric} can have`, null);
  if (monthlyMode !== undefined && (metric !== 'amount' || monthlyTiers === undefined)) {
    throw cannot('monthlyMode');
  }
  if (rate !== undefined) return proportional(metric, rate, feeCodes ?? []);
  if (tiers !== undefined) {
    if (metric === 'amount') return { kind: 'amountTier', tiers };
    if (metric === 'quantity') return { kind: 'quantityTier', tiers };
    throw cannot('tiers');
  }
  const monthly = monthlyTiers ?? [];
  const ordinal = monthly.map(({ upTo, rate: each }) => ({
    upTo: upTo === null ? null : Number(upTo),
    rate: each,
  }));
  switch (metric) {
    case 'amount':
      return {
        kind: 'turnoverTier',
        mode: monthlyMode ?? 'marginal',
        tiers: monthly.map((tier) => ({
          upTo: tier.upTo === null ? null : String(tier.upTo),
          rate: tier.rate,
        })),
      };
    case 'quantity':
      return {
        kind: 'shareTier',
        tiers: ordinal.map((tier) => ({ upTo: tier.upTo, perShare: tier.rate })),
      };
    case 'orders':
      return {
        kind: 'orderTier',
        tiers: ordinal.map((tier) => ({ upTo: tier.upTo, flat: tier.rate })),
      };
    case 'contracts':
    case 'flat':
    case 'emsOrders':
    case 'executions':
    case 'fees':
      throw cannot('monthlyTiers');
  }
}

function proportional(
  metric: FeeMetric,
  rate: DecimalString,
  feeCodes: readonly string[],
): FeeFormula {
  switch (metric) {
    case 'amount':
      return { kind: 'rate', rate };
    case 'quantity':
      return { kind: 'perShare', amount: rate };
    case 'contracts':
      return { kind: 'perContract', amount: rate };
    case 'flat':
      return { kind: 'flat', amount: rate };
    case 'orders':
      return { kind: 'perOrder', amount: rate };
    case 'emsOrders':
      return { kind: 'perEmsOrder', amount: rate };
    case 'executions':
      return { kind: 'perExecution', amount: rate };
    case 'fees':
      return { kind: 'ofFees', rate, feeCodes };
  }
}
