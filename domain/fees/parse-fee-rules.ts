import { parseBusinessDate } from '../calendar/business-date.ts';
import { ClearingError } from '../errors/clearing-error.ts';
import { ROUNDING_MODES, type RoundingRule } from '../money/rounding.ts';
import { TRADE_STAGES } from '../trades/trade.ts';
import {
  FEE_UNITS,
  type FeeConditions,
  type FeeRule,
  type FeeRuleFile,
  type FeeSchedule,
  type FeeSides,
  type RoundingPolicy,
} from './fee-rule.ts';
import { isAmount, isFields, isFormula, isListOf, isText } from './parse-formula.ts';

const SIDES = ['BUY', 'SELL', 'BOTH'] as const satisfies readonly FeeSides[];
const UNITS = [...FEE_UNITS, 'feeUnit'] as const;

type Fields = Readonly<Record<string, unknown>>;

const isOneOf = (value: unknown, allowed: readonly string[]): boolean =>
  isText(value) && allowed.includes(value);
const isAbsentOr = (value: unknown, check: (value: unknown) => boolean): boolean =>
  value === undefined || check(value);

function refuse(what: string, value: unknown): never {
  throw new ClearingError('FILE_MALFORMED', { what, value });
}

/** `expected` completes: the field has to be … */
function assertField(
  fields: Fields,
  field: string,
  check: (value: unknown) => boolean,
  expected: string,
): void {
  const value = fields[field];
  if (check(value)) return;
  const what = `fee rule ${String(fields['ruleId'])}: ${field}`;
  throw new ClearingError('FILE_MALFORMED', { what, field, expected, value: value ?? null });
}

const isRounding = (value: unknown): value is RoundingRule =>
  isFields(value) &&
  isOneOf(value['mode'], ROUNDING_MODES) &&
  isAmount(value['increment']) &&
  /[1-9]/.test(String(value['increment']));

const isDay = (value: unknown): boolean => isText(value) && parseBusinessDate(value) === value;

const CONDITIONS: Readonly<Record<keyof FeeConditions, (value: unknown) => boolean>> = {
  channels: isListOf(
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 9,
  ),
  stages: isListOf((value) => isOneOf(value, TRADE_STAGES)),
  instruments: isListOf(isText),
  accounts: isListOf(isText),
};

/** An unknown condition is refused: overlooked, it would make a special fee out of an ordinary one. */
const isConditions = (value: unknown): boolean =>
  isFields(value) &&
  Object.entries(value).every(
    ([name, list]) =>
      Object.hasOwn(CONDITIONS, name) && CONDITIONS[name as keyof FeeConditions](list),
  );

const isDivisor = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

/**
 * A rule as it comes from JSON or from a jsonb column. Throws FILE_MALFORMED with the rule and the
 * field, NOT_A_CALENDAR_DAY for a day that does not exist. Rates and amounts must be texts.
 */
export function parseFeeRule(value: unknown): FeeRule {
  if (!isFields(value)) refuse('fee rule', value);
  const amount = 'a decimal as text, not negative';
  const rounding = 'a mode with an increment above zero as text';
  for (const name of ['ruleId', 'version']) {
    assertField(value, name, Number.isSafeInteger, 'a whole number');
  }
  for (const name of ['feeCode', 'market', 'currency']) assertField(value, name, isText, 'a name');
  assertField(value, 'scheduleId', (field) => field === null || isText(field), 'a name or null');
  assertField(value, 'effectiveFrom', isDay, 'a day');
  assertField(value, 'effectiveTo', (field) => isAbsentOr(field, isDay), 'a day');
  assertField(value, 'sides', (field) => isOneOf(field, SIDES), SIDES.join(', '));
  assertField(value, 'unit', (field) => isOneOf(field, UNITS), UNITS.join(', '));
  assertField(value, 'formula', isFormula, 'a known kind with its rates and amounts as text');
  assertField(value, 'rounding', isRounding, rounding);
  assertField(value, 'divisor', (field) => isAbsentOr(field, isDivisor), 'a whole number above 0');
  assertField(value, 'withdrawn', (field) => isAbsentOr(field, (flag) => flag === true), 'true');
  const known = `lists under the names ${Object.keys(CONDITIONS).join(', ')}`;
  assertField(value, 'conditions', (field) => isAbsentOr(field, isConditions), known);
  const personal = 'a name, and scheduleId null';
  const ownsNothing = (field: unknown) => isText(field) && value['scheduleId'] === null;
  assertField(value, 'accountNo', (field) => isAbsentOr(field, ownsNothing), personal);
  for (const name of ['threshold', 'min', 'max', 'capRate', 'floorPerLine']) {
    assertField(value, name, (field) => isAbsentOr(field, isAmount), amount);
  }
  return value as unknown as FeeRule;
}

const listOf = (fields: Fields, name: string): readonly unknown[] => {
  const list = fields[name];
  return Array.isArray(list) ? list : refuse(name, list);
};

/**
 * The content of a fee rule file. Throws as parseFeeRule, also for a rule id that is used twice.
 */
export function parseFeeRuleFile(value: unknown): FeeRuleFile {
  if (!isFields(value)) refuse('fee rule file', value);
  const rules = listOf(value, 'rules').map(parseFeeRule);
  const ids = new Set(rules.map((rule) => rule.ruleId));
  if (ids.size !== rules.length) refuse('a rule id is used twice', rules.length - ids.size);
  const roundingPolicies = listOf(value, 'roundingPolicies').map((policy): RoundingPolicy => {
    if (!isFields(policy) || !isText(policy['policyId']) || !isRounding(policy['base'])) {
      return refuse('rounding policy', policy);
    }
    return policy as unknown as RoundingPolicy;
  });
  const schedules = listOf(value, 'schedules').map((schedule): FeeSchedule => {
    if (!isFields(schedule) || !isText(schedule['scheduleId']) || !isText(schedule['market'])) {
      return refuse('fee schedule', schedule);
    }
    return schedule as unknown as FeeSchedule;
  });
  return { roundingPolicies, schedules, rules };
}
