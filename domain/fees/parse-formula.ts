import { isDecimalText } from '../money/parse-decimal.ts';
import { TURNOVER_MODES, type FeeFormula } from './fee-rule.ts';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '';
export const isAmount = (value: unknown): boolean =>
  isText(value) && isDecimalText(value) && !value.startsWith('-');
export const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every(check);

/** All required fields pass; optional ones pass where they are; whether others exist is not asked. */
const has =
  (
    required: Readonly<Record<string, Check>>,
    optional: Readonly<Record<string, Check>> = {},
  ): Check =>
  (value) =>
    isFields(value) &&
    Object.entries(required).every(([name, check]) => check(value[name])) &&
    Object.entries(optional).every(([name, check]) => !(name in value) || check(value[name]));

const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isNumber: Check = (value) => typeof value === 'number';
const isMode: Check = (value) => TURNOVER_MODES.some((mode) => mode === value);
const isBound = isNullOr((value) => isNumber(value) || isAmount(value));

const rate = { rate: isAmount };
const amount = { amount: isAmount };
const monthly = (field: string): Check => isListOf(has({ [field]: isAmount, upTo: isBound }));
const progressive = {
  tiers: isListOf(
    has({ gt: isAmount, lte: isNullOr(isAmount), rate: isAmount }, { min: isAmount }),
  ),
};

const FORMULAS: Readonly<Record<FeeFormula['kind'], Readonly<Record<string, Check>>>> = {
  rate,
  perMillion: amount,
  flat: amount,
  perShare: amount,
  perContract: amount,
  perOrder: amount,
  perEmsOrder: amount,
  perExecution: amount,
  amountTier: progressive,
  quantityTier: progressive,
  ofFees: { ...rate, feeCodes: isListOf(isText) },
  orderTier: { tiers: monthly('flat') },
  shareTier: { tiers: monthly('perShare') },
  turnoverTier: { tiers: monthly('rate'), mode: isMode },
  remainder: { totalFactor: isAmount },
};

const MAY_HAVE: Partial<Record<FeeFormula['kind'], readonly string[]>> = {
  perShare: ['skipBelowAmount'],
};

/** A known kind with its rates, amounts and tiers; amounts are texts. */
export function isFormula(value: unknown): value is FeeFormula {
  if (!isFields(value) || !isText(value['kind'])) return false;
  if (!Object.hasOwn(FORMULAS, value['kind'])) return false;
  return has(FORMULAS[value['kind'] as FeeFormula['kind']])(value);
}

/** A field that the kind of formula does not have, and that would be overlooked for ever. */
export const unknownFieldOf = (formula: FeeFormula): string | undefined =>
  Object.keys(formula).find(
    (name) =>
      name !== 'kind' &&
      !Object.hasOwn(FORMULAS[formula.kind], name) &&
      MAY_HAVE[formula.kind]?.includes(name) !== true,
  );
