// What an explanation says, read as it came: nothing of Daycut is imported here. See
// recompute-fee.ts for what is made of it.
import { Decimal as Base } from 'decimal.js';

export const Decimal = Base.clone({ precision: 60, toExpNeg: -60, toExpPos: 60 });
export type Decimal = Base;

export interface Formula {
  readonly kind: string;
  readonly rate?: string;
  readonly amount?: string;
  readonly totalFactor?: string;
  readonly skipBelowAmount?: boolean;
  readonly mode?: string;
  readonly feeCodes?: readonly string[];
  readonly tiers?: readonly Tier[];
}

/** Of one transaction from `gt` to `lte`; of the month from the end of the tier before to `upTo`. */
export interface Tier {
  readonly gt?: string;
  readonly lte?: string | null;
  readonly upTo?: string | number | null;
  readonly rate?: string;
  readonly flat?: string;
  readonly perShare?: string;
  readonly min?: string;
  readonly unsupported?: string;
}

interface Definition {
  readonly formula: Formula;
  readonly threshold?: string;
  readonly min?: string;
  readonly max?: string;
}

/** What is read of the answer of GET /fees/{feeId}/explanation. */
export interface Explanation {
  readonly feeId: string;
  readonly feeCode: string;
  readonly inputs: {
    readonly executions: readonly {
      readonly quantity: string;
      readonly price: string;
      readonly orderPlace: number;
      readonly emsOrderNo: string | null;
    }[];
    readonly multiplier: string;
    readonly feesBefore: string;
    readonly monthBefore: string | null;
    readonly sources: readonly { readonly feeCode: string; readonly amount: string }[];
  };
  /** The rule as it was entered, in a currency of its own. */
  readonly rule: { readonly definition: Definition };
  readonly terms: {
    /** Where that is not the trade currency. */
    readonly fx?: { readonly rate: string };
    readonly formula: Formula;
    readonly threshold?: string;
    readonly divisor?: number;
    readonly min: string | null;
    readonly minWaived: boolean;
    readonly max: string | null;
    readonly capRate: string | null;
    readonly minBeatsMax: boolean;
    readonly rounding: { readonly mode: string; readonly increment: string };
    readonly floorPerLine: string | null;
    readonly sumExecutions: boolean;
    readonly waiver: string;
  };
  readonly metric: string;
  readonly exactAmount: string;
  readonly amount: string;
}

export function given(text: string | undefined): Decimal {
  if (text === undefined) throw new Error('the formula has no rate');
  return new Decimal(text);
}

const AMOUNTS = ['flat', 'perShare'] as const;

/**
 * The terms in the trade currency. Where a rate counted, amounts are taken from the rule as it was
 * entered and converted here; fractions of a consideration, or of fees, are the same in both.
 */
export function inTradeCurrency({ terms, rule }: Explanation): Explanation['terms'] {
  const { fx } = terms;
  if (fx === undefined || terms.waiver !== '') return terms;
  const money = (text: string): string => new Decimal(text).times(fx.rate).toString();
  const maybe = (text: string | undefined): string | null =>
    text === undefined ? null : money(text);
  const { threshold, min, max, formula } = rule.definition;
  const isOfMoney = ['rate', 'perMillion', 'amountTier', 'ofFees'].includes(formula.kind);
  const converted = (tier: Tier): Tier => ({
    ...tier,
    ...Object.fromEntries(
      AMOUNTS.flatMap((name) => (tier[name] === undefined ? [] : [[name, money(tier[name])]])),
    ),
    ...(tier.min === undefined ? {} : { min: money(tier.min) }),
    ...(formula.kind === 'quantityTier' ? { rate: money(given(tier.rate).toString()) } : {}),
    ...(formula.kind === 'amountTier'
      ? { gt: money(tier.gt ?? '0'), lte: tier.lte ? money(tier.lte) : null }
      : {}),
  });
  const isFraction = formula.kind === 'perMillion' || formula.amount === undefined;
  return {
    ...terms,
    formula: {
      ...formula,
      ...(isFraction ? {} : { amount: money(formula.amount) }),
      ...(formula.tiers === undefined ? {} : { tiers: formula.tiers.map(converted) }),
    },
    ...(threshold === undefined ? {} : { threshold: isOfMoney ? money(threshold) : threshold }),
    min: maybe(min),
    max: maybe(max),
  };
}
