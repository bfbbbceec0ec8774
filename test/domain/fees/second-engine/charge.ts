import type { FeeFormula, FeeRule } from '../../../../domain/fees/fee-rule.ts';
import type { FxRate } from '../../../../domain/fees/fx-rate.ts';
import type { TariffQuery } from '../../../../domain/fees/tariff-plan.ts';
import { exact, whole, type Direction, type Exact } from './exact.ts';

/** Part of a tiered metric: above `from`, up to and including `to`; null has no end. */
export interface Band {
  readonly from: Exact;
  readonly to: Exact | null;
  readonly rate: Exact;
  readonly min: Exact | null;
  readonly isUnknown: boolean;
}

/** A winning rule as the second engine reads it, for one kind of trade. */
export interface Charge {
  readonly feeCode: string;
  readonly ruleId: number;
  readonly unit: 'execution' | 'order' | 'emsOrder' | 'contract' | 'account-day';
  readonly formula: FeeFormula;
  readonly rate: Exact;
  readonly bands: readonly Band[];
  readonly isExempt: boolean;
  readonly threshold: Exact | null;
  readonly divisor: number | null;
  readonly min: Exact | null;
  readonly max: Exact | null;
  readonly cap: Exact | null;
  readonly isMinLast: boolean;
  readonly direction: Direction;
  readonly step: Exact;
  readonly floor: Exact | null;
  /** Executions are bounded one by one, and rounded together. */
  readonly isSummed: boolean;
  /** Units of the trade currency for one of the rule's, where they differ; else null. */
  readonly fx: Exact | null;
}

export const RATE_MISSING = 'FX_RATE_MISSING';

const maybe = (text: string | undefined): Exact | null => (text === undefined ? null : exact(text));

const MILLIONTH: Exact = { units: 1n, places: 6, parts: 1n };

function rateOf(formula: FeeFormula): Exact {
  switch (formula.kind) {
    case 'rate':
    case 'ofFees':
      return exact(formula.rate);
    case 'perMillion': {
      const { units, places } = exact(formula.amount);
      return { units, places: places + MILLIONTH.places, parts: 1n };
    }
    case 'flat':
    case 'perShare':
    case 'perContract':
    case 'perOrder':
    case 'perEmsOrder':
    case 'perExecution':
      return exact(formula.amount);
    case 'remainder':
      return exact(formula.totalFactor);
    case 'amountTier':
    case 'quantityTier':
    case 'orderTier':
    case 'shareTier':
    case 'turnoverTier':
      // Of tiers none is the only rate, and as a whole they are not free.
      return whole(1);
  }
}

function bandsOf(formula: FeeFormula): readonly Band[] {
  if (!('tiers' in formula)) return [];
  if (formula.kind === 'amountTier' || formula.kind === 'quantityTier') {
    return formula.tiers.map(({ gt, lte, rate, min }) => ({
      from: exact(gt),
      to: lte === null ? null : exact(lte),
      rate: exact(rate),
      min: maybe(min),
      isUnknown: false,
    }));
  }
  let from = whole(0);
  return formula.tiers.map((tier) => {
    const to = tier.upTo === null ? null : exact(String(tier.upTo));
    const text = 'flat' in tier ? tier.flat : 'perShare' in tier ? tier.perShare : tier.rate;
    const isUnknown = 'unsupported' in tier;
    const band = { from, to, rate: exact(text), min: null, isUnknown };
    from = to ?? from;
    return band;
  });
}

/** The rate of the pair that began last by the trade date; of several, the last version of it. */
function rateOfPair(rule: FeeRule, query: TariffQuery, rates: readonly FxRate[]): Exact {
  const begun = rates.filter(
    ({ from, to, validFrom }) =>
      from === rule.currency && to === query.currency && validFrom <= query.tradeDate,
  );
  const [first, ...others] = begun;
  if (first === undefined) throw new Error(RATE_MISSING);
  const newest = others.reduce(
    (a, b) =>
      b.validFrom > a.validFrom || (b.validFrom === a.validFrom && b.version > a.version) ? b : a,
    first,
  );
  return exact(newest.rate);
}

export function readCharge(rule: FeeRule, query: TariffQuery, rates: readonly FxRate[]): Charge {
  const policy = query.roundingPolicy;
  const unit = rule.unit === 'feeUnit' ? (query.feeUnit ?? 'execution') : rule.unit;
  const rounding = policy ? (policy.lines?.[rule.feeCode] ?? policy.base) : rule.rounding;
  const exemption = rule.exemptTypes?.find(({ type }) => type === query.instrumentType);
  const isExemptType = exemption !== undefined && (exemption.from ?? '') <= query.tradeDate;
  const isExempt = isExemptType || (rule.exemptByInstrumentFlag === true && query.stampDutyExempt);
  const isMinWaived = rule.minWaivedFor?.includes(query.instrumentType) === true;
  return {
    feeCode: rule.feeCode,
    ruleId: rule.ruleId,
    unit,
    formula: rule.formula,
    rate: rateOf(rule.formula),
    bands: bandsOf(rule.formula),
    isExempt,
    fx: isExempt || rule.currency === query.currency ? null : rateOfPair(rule, query, rates),
    threshold: maybe(rule.threshold),
    divisor: rule.divisor ?? null,
    min: isMinWaived ? null : maybe(rule.min),
    max: maybe(rule.max),
    cap: maybe(rule.capRate),
    isMinLast: rule.minBeatsMax === true,
    direction: rounding.mode,
    step: exact(rounding.increment),
    floor: maybe(policy ? policy.floors?.[rule.feeCode] : rule.floorPerLine),
    isSummed: policy?.sumExecutions === true && rule.unit === 'feeUnit' && unit === 'account-day',
  };
}

/** The order in which charges can be computed: a fee of fees after its sources, the rest last. */
export function inOrder(charges: readonly Charge[]): readonly Charge[] {
  const isRest = (charge: Charge) => charge.formula.kind === 'remainder';
  const waiting = charges.filter((charge) => !isRest(charge));
  const ready: Charge[] = [];
  while (waiting.length > 0) {
    const at = waiting.findIndex(
      ({ formula }) =>
        formula.kind !== 'ofFees' ||
        !formula.feeCodes.some((code) => waiting.some(({ feeCode }) => feeCode === code)),
    );
    if (at < 0) throw new Error('fees are computed from each other in a circle');
    ready.push(...waiting.splice(at, 1));
  }
  return [...ready, ...charges.filter(isRest)];
}
