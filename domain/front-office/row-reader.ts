import { parseBusinessDate, type BusinessDate } from '../calendar/business-date.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../errors/error-catalogue.ts';
import type { DecimalString } from '../money/decimal.ts';

/** One reason why a row was left out (CSV) or refused the whole request (JSON). */
export interface RowError {
  /** The n-th data row of a file, or item of a request, from 1; a header is not counted. */
  readonly row: number;
  readonly field: string;
  readonly code: ErrorCode;
  readonly value: string;
  readonly message: string;
}

/** A row as it arrived: texts from a CSV file, any JSON from a request. */
export type RawRow = Readonly<Record<string, unknown>>;

const SHOWN_VALUE = 120;
const WHOLE = /^-?\d{1,9}$/;
const PLAIN = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/;
/** An id of another system: printable ASCII without blanks. */
const ID = /^[!-~]{1,64}$/;
/** Also halves of a pair of UTF-16, and the characters that stand for what was lost before us. */
// eslint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f\ufeff\ufffd\ud800-\udfff]/u;

/** At most this many digits in all: the product of two such numbers is still exact. */
const MAX_DIGITS = 18;
const MAX_DECIMALS = 10;

/** Objects only by their kind: a sender can nest them deeper than any stack. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[…]' : '{…}';
  const text = String(value);
  // Not cut inside a pair of UTF-16: half of one cannot be stored.
  const cut = text.slice(0, SHOWN_VALUE).replace(/[\ud800-\udbff]$/, '');
  return text.length > SHOWN_VALUE ? `${cut}…` : text;
}

/** The error of one field, with the text that the catalogue has for its code. */
export const rowError = (
  at: { readonly row: number; readonly field: string },
  code: ErrorCode,
  value: unknown,
  hint = '',
): RowError => ({
  ...at,
  code,
  value: shown(value),
  message: hint === '' ? ERROR_CATALOGUE[code].en : `${ERROR_CATALOGUE[code].en} ${hint}`,
});

/**
 * Reads the fields of one row and collects every error of it, so that a person mends a row once.
 * After an error a reader returns a stand-in; whoever reads a row drops it when `errors` is not
 * empty. An empty text counts as absent, since CSV cannot say it otherwise.
 */
export class RowReader {
  readonly errors: RowError[] = [];
  readonly #raw: RawRow;
  readonly #row: number;
  readonly #asked = new Set<string>();

  constructor(raw: RawRow, row: number) {
    this.#raw = raw;
    this.#row = row;
  }

  /** Notes an error; the first one of a field stands, since the others follow from it. */
  refuse(field: string, code: ErrorCode, hint?: string): void {
    if (this.errors.some((error) => error.field === field)) return;
    this.errors.push(rowError({ row: this.#row, field }, code, this.#raw[field] ?? '', hint));
  }

  /** Refuses what nobody asked for: a misspelt name must not be overlooked. */
  refuseOthers(): void {
    for (const field of Object.keys(this.#raw)) {
      if (!this.#asked.has(field)) this.refuse(field, 'BAD_REQUEST', 'Unknown field.');
    }
  }

  /** The value as text; '' when it is absent and may be. Numbers are exact only when whole. */
  #text(field: string, isOptional: boolean): string | undefined {
    this.#asked.add(field);
    const value = this.#raw[field];
    if (value === undefined || value === null || value === '') {
      if (!isOptional) this.refuse(field, 'VALUE_MISSING');
      return undefined;
    }
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || Number.isSafeInteger(value)) return shown(value);
    this.refuse(field, typeof value === 'number' ? 'NOT_A_DECIMAL' : 'BAD_REQUEST', 'Send a text.');
    return undefined;
  }

  id(field: string): string {
    const text = this.#text(field, false);
    if (text === undefined) return '';
    if (!ID.test(text)) {
      this.refuse(field, 'OUT_OF_RANGE', '1 to 64 printable characters without blanks.');
    }
    return text;
  }

  /** An id that may be absent. */
  optionalId(field: string): string | undefined {
    return this.#text(field, true) === undefined ? undefined : this.id(field);
  }

  /** A name for people: any language, no control characters. */
  name(field: string): string {
    const text = this.#text(field, false) ?? '';
    if (text.length > 200 || CONTROL.test(text)) {
      this.refuse(field, 'OUT_OF_RANGE', 'At most 200 characters, none of them a control one.');
    }
    return text;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[]): T {
    const text = this.#text(field, false);
    const found = allowed.find((word) => word === text);
    if (text !== undefined && found === undefined) {
      this.refuse(field, 'NOT_IN_ENUM', `One of ${allowed.join(', ')}.`);
    }
    return found ?? (allowed[0] as T);
  }

  /** One of the words; `fallback` when it is absent. */
  optionalOneOf<T extends string>(field: string, allowed: readonly T[], fallback: T): T {
    return this.#text(field, true) === undefined ? fallback : this.oneOf(field, allowed);
  }

  whole(field: string, range: { readonly from: number; readonly to: number }): number {
    const text = this.#text(field, false);
    if (text === undefined) return range.from;
    const value = WHOLE.test(text) ? Number(text) : Number.NaN;
    if (!(value >= range.from && value <= range.to)) {
      this.refuse(field, 'OUT_OF_RANGE', `A whole number from ${range.from} to ${range.to}.`);
      return range.from;
    }
    return value;
  }

  /** true or false; `fallback` when it is absent. */
  flag(field: string, fallback: boolean): boolean {
    const text = this.#text(field, true);
    if (text === undefined) return fallback;
    if (text !== 'true' && text !== 'false') this.refuse(field, 'NOT_IN_ENUM', 'true or false.');
    return text === 'true';
  }

  /** A decimal greater than zero: plain digits, at most 10 decimals and 18 digits in all. */
  positive(field: string): DecimalString {
    const text = this.#text(field, false);
    if (text === undefined) return '1';
    const match = PLAIN.exec(text);
    if (match === null) {
      this.refuse(field, 'NOT_A_DECIMAL', 'Plain digits with a point, no exponent, no commas.');
      return '1';
    }
    const [, sign = '', whole = '', fraction = ''] = match;
    if (sign === '-' || /^0*$/.test(whole + fraction)) {
      this.refuse(field, 'NOT_POSITIVE');
    } else if (fraction.length > MAX_DECIMALS || whole.length + fraction.length > MAX_DIGITS) {
      this.refuse(
        field,
        'OUT_OF_RANGE',
        `At most ${MAX_DECIMALS} decimals and ${MAX_DIGITS} digits in all.`,
      );
    }
    return text;
  }

  day(field: string): BusinessDate {
    const text = this.#text(field, false);
    if (text === undefined) return '1970-01-01' as BusinessDate;
    try {
      return parseBusinessDate(text);
    } catch {
      this.refuse(field, 'NOT_A_CALENDAR_DAY', 'Like 2025-12-22.');
      return '1970-01-01' as BusinessDate;
    }
  }

  optionalDay(field: string): BusinessDate | undefined {
    return this.#text(field, true) === undefined ? undefined : this.day(field);
  }

  /** An instant with its offset, to the millisecond, as ISO text in UTC; undefined when absent. */
  optionalInstant(field: string): string | undefined {
    const text = this.#text(field, true);
    if (text === undefined) return undefined;
    const day = INSTANT.exec(text)?.[1];
    const instant = day === undefined ? Number.NaN : Date.parse(text);
    const utc = Number.isNaN(instant) ? '' : new Date(instant).toISOString();
    // The offset can move the first and the last day out of the years that a date can have.
    if (day === undefined || !isDay(day) || !isDay(utc.slice(0, 10))) {
      this.refuse(field, 'NOT_AN_INSTANT');
      return undefined;
    }
    return utc;
  }

  instant(field: string): string {
    const before = this.errors.length;
    const value = this.optionalInstant(field);
    if (value === undefined && this.errors.length === before) this.refuse(field, 'VALUE_MISSING');
    return value ?? '';
  }
}

function isDay(text: string): boolean {
  try {
    parseBusinessDate(text);
    return true;
  } catch {
    return false;
  }
}
