import type { BusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { Decimal } from '../money/decimal.ts';
import { incrementPlaces } from '../money/rounding.ts';
import { hasGreyMarket } from '../trades/trade.ts';
import { cycleThrough, sourcesOf } from './fee-dependencies.ts';
import type { FeeRule, ProgressiveTier } from './fee-rule.ts';
import { foreignRefusal } from './foreign-rule.ts';
import { rateOn, type FxRate } from './fx-rate.ts';
import { byAge } from './newest-version.ts';
import { unknownFieldOf } from './parse-formula.ts';
import { placeOf } from './rule-family.ts';

/** What a rule is held against, besides its own family. */
export interface RuleSurroundings {
  /** The currency of the market, in which its trades are billed. */
  readonly currency: string;
  /** Rates into it. */
  readonly rates: readonly FxRate[];
  /** All codes that have a ledger account. */
  readonly feeCodes: readonly string[];
  /** Every version of every rule of the market. */
  readonly ofMarket: readonly FeeRule[];
}

export const invalidRule = (field: string, reason: string, value: unknown): ClearingError =>
  new ClearingError('FEE_RULE_INVALID', { field, reason, value: value ?? null });

/** What the fields say together. Throws FEE_RULE_INVALID with the field and the reason. */
export function assertMeaning(rule: FeeRule, known: RuleSurroundings): void {
  assertCurrency(rule, known);
  if (rule.effectiveTo !== undefined && rule.effectiveTo < rule.effectiveFrom) {
    throw invalidRule('effectiveTo', 'lies before effectiveFrom', rule.effectiveTo);
  }
  if (incrementPlaces(rule.rounding.increment) > 3) {
    throw invalidRule('rounding', 'has at most three decimals', rule.rounding);
  }
  const { min, max } = rule;
  if (min !== undefined && max !== undefined && new Decimal(min).gt(max)) {
    throw invalidRule('max', 'is below min', max);
  }
  // Such a rule would never hold, and nobody would see why.
  if (rule.conditions?.stages?.includes('GREY') === true && !hasGreyMarket(rule.market)) {
    throw invalidRule('conditions', `${rule.market} has no grey market`, rule.conditions);
  }
  assertFormula(rule);
  assertSources(rule, known);
}

/** A rule in another currency can be converted from its first day on. */
function assertCurrency(rule: FeeRule, { currency: to, rates }: RuleSurroundings): void {
  const { currency: from, effectiveFrom } = rule;
  if (from === to) return;
  if (rateOn(rates, { from, to }, effectiveFrom) === undefined) {
    const reason = `there is no rate from it to ${to}, in which the market trades`;
    throw invalidRule('currency', `${reason}, on ${effectiveFrom}`, from);
  }
  const refusal = foreignRefusal(rule);
  if (refusal !== undefined) throw invalidRule(refusal.field, refusal.reason, from);
}

/** What decides between amounts of a formula. */
const BOUNDS = [
  ...(['threshold', 'divisor', 'min', 'max', 'capRate'] as const),
  ...(['minBeatsMax', 'minWaivedFor', 'floorPerLine'] as const),
];

function assertFormula(rule: FeeRule): void {
  const { formula } = rule;
  const unknown = unknownFieldOf(formula);
  if (unknown !== undefined) {
    throw invalidRule('formula', `${formula.kind} has no ${unknown}`, formula);
  }
  const bound = BOUNDS.find((name) => rule[name] !== undefined);
  if (formula.kind === 'remainder' && bound !== undefined) {
    throw invalidRule(bound, 'a remainder is what is left, so nothing bounds it', rule[bound]);
  }
  // Of an execution or an order it would be left over again, after the fees of the whole contract.
  if (formula.kind === 'remainder' && rule.unit !== 'contract') {
    throw invalidRule('unit', 'a remainder is what the whole contract leaves', rule.unit);
  }
  // A policy can add up what `feeUnit` lines give before it rounds, and a third has no exact sum.
  if (rule.divisor !== undefined && rule.unit === 'feeUnit') {
    throw invalidRule('unit', 'an annual rate has a unit of its own', rule.unit);
  }
  if (formula.kind === 'amountTier' || formula.kind === 'quantityTier') {
    assertProgressive(formula.tiers, rule.max);
  } else if ('tiers' in formula) {
    assertMonthly(formula.tiers);
    if (rule.unit === 'emsOrder') {
      throw invalidRule('unit', 'a month counts orders, and no EMS orders', rule.unit);
    }
  }
}

/** Each monthly tier ends above the one before, and the last one has no end. */
function assertMonthly(tiers: readonly { readonly upTo: string | number | null }[]): void {
  const ends = tiers.map(({ upTo }) => new Decimal(upTo ?? Infinity));
  const isRising = ends.every((end, at) => at === 0 || end.gt(ends[at - 1] ?? 0));
  if (!isRising || ends.at(-1)?.isFinite() !== false) {
    throw invalidRule('formula', 'tiers have to rise, and the last one has no end', tiers);
  }
}

/** The tiers cover everything above zero, each part once. */
function assertProgressive(tiers: readonly ProgressiveTier[], max: string | undefined): void {
  const refuse = (at: number, what: string) =>
    invalidRule('formula', `tier ${at + 1} ${what}`, tiers[at]);
  let reached: string | null = '0';
  for (const [at, tier] of tiers.entries()) {
    const known = ['gt', 'lte', 'rate', 'min'];
    const unknown = Object.keys(tier).find((name) => !known.includes(name));
    if (unknown !== undefined) throw refuse(at, `has no ${unknown}`);
    if (reached === null || new Decimal(tier.gt).lt(reached)) {
      throw refuse(at, 'overlaps the one before');
    }
    if (new Decimal(tier.gt).gt(reached)) throw refuse(at, `leaves a gap above ${reached}`);
    if (tier.lte !== null && !new Decimal(tier.lte).gt(tier.gt)) throw refuse(at, 'holds nothing');
    if (tier.min !== undefined && max !== undefined && new Decimal(tier.min).gt(max)) {
      throw refuse(at, 'has a min above the max of the rule');
    }
    reached = tier.lte;
  }
  if (reached !== null) throw refuse(tiers.length - 1, `leaves a gap above ${reached}`);
}

/** What is computed from other fees can be computed: they exist, and none depends on it. */
function assertSources(rule: FeeRule, { feeCodes, ofMarket }: RuleSurroundings): void {
  const sources = sourcesOf(rule.formula);
  const stranger = sources.find((code) => !feeCodes.includes(code));
  if (stranger !== undefined) throw invalidRule('formula', 'has an unknown fee code', stranger);
  if (sources.length > 0 && rule.unit !== 'contract') {
    throw invalidRule('unit', 'a fee of fees is computed for the whole contract', rule.unit);
  }
  if (new Set(sources).size < sources.length) {
    throw invalidRule('formula', 'names a fee code twice', sources);
  }
  const together = [...living(ofMarket, rule), rule];
  const graph = new Map<string, string[]>();
  for (const { feeCode, formula } of together) {
    graph.set(feeCode, [...(graph.get(feeCode) ?? []), ...sourcesOf(formula)]);
  }
  const cycle = cycleThrough(rule.feeCode, graph);
  if (cycle !== undefined) {
    throw invalidRule('formula', 'is computed from itself', cycle.join(' ← '));
  }
  const needed = new Set([...graph.values()].flat());
  const remainder = together.find(
    ({ feeCode, formula }) => formula.kind === 'remainder' && needed.has(feeCode),
  );
  if (remainder !== undefined) {
    const reason = 'a remainder is what all others leave, so none is computed from it';
    throw invalidRule('formula', reason, remainder.feeCode);
  }
}

/** Rules that can still win from the first day of the new one on; it takes the place of its own. */
function living(rules: readonly FeeRule[], added: FeeRule): FeeRule[] {
  const from = added.effectiveFrom;
  const newest = new Map<string, FeeRule>();
  const later: FeeRule[] = [];
  for (const rule of rules) {
    const key = placeOf(rule);
    if (rule.effectiveFrom > from) later.push(rule);
    else if (key !== placeOf(added) && isNewer(rule, newest.get(key))) newest.set(key, rule);
  }
  return [...newest.values(), ...later].filter((rule) => isOpenOn(rule, from));
}

const isNewer = (rule: FeeRule, than: FeeRule | undefined): boolean =>
  than === undefined || byAge(rule, than) > 0;

const isOpenOn = (rule: FeeRule, day: BusinessDate): boolean =>
  rule.withdrawn !== true && (rule.effectiveTo === undefined || rule.effectiveTo >= day);
