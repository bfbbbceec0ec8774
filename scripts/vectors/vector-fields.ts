import { parseBusinessDate, type BusinessDate } from '../../domain/calendar/business-date.ts';
import { isDecimalText } from '../../domain/money/parse-decimal.ts';
import { MalformedVector } from './outcome.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

function fail(name: string, wanted: string, value: unknown): never {
  throw new MalformedVector(`${name}: expected ${wanted}, found ${show(value)}`);
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : fail(name, 'a text', value);
}

export const optionalTextOf = (fields: Fields, name: string): string | undefined =>
  fields[name] === undefined ? undefined : textOf(fields, name);

/** A decimal text. Whole JSON numbers are exact and accepted; fractions went through floats. */
export function decimalOf(value: unknown, name: string, sign: 'any' | 'unsigned'): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !isDecimalText(text)) return fail(name, 'a decimal text', value);
  if (sign === 'unsigned' && text.startsWith('-')) fail(name, 'no sign', value);
  return text;
}

export const optionalDecimalOf = (
  fields: Fields,
  name: string,
  sign: 'any' | 'unsigned',
): string | undefined =>
  fields[name] === undefined ? undefined : decimalOf(fields[name], name, sign);

export function countOf(value: unknown, name: string): number {
  const text = decimalOf(value, name, 'unsigned');
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : fail(name, 'a whole number', value);
}

export function dateOf(fields: Fields, name: string): BusinessDate {
  const text = textOf(fields, name);
  try {
    return parseBusinessDate(text);
  } catch {
    return fail(name, 'an existing day YYYY-MM-DD', text);
  }
}

export const optionalDateOf = (fields: Fields, name: string): BusinessDate | undefined =>
  fields[name] === undefined ? undefined : dateOf(fields, name);

export function fieldsOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : fail(name, 'an object', value);
}

export function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = textOf(fields, name);
  return (
    allowed.find((candidate) => candidate === value) ?? fail(name, allowed.join(' or '), value)
  );
}
