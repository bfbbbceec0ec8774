import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';

/** An object that refuses fields which nobody defined: a misspelt name must not be overlooked. */
export const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** An answer's object. What the schema does not name is not sent. */
export const shape = <P extends TProperties>(properties: P) => Type.Object(properties);

/** What the calendar of PostgreSQL begins with: it knows no year 0. */
const YEAR_FROM_1 = '^(?!0000)';

export const Day = Type.Unsafe<BusinessDate>(
  Type.String({ format: 'date', pattern: YEAR_FROM_1, description: 'YYYY-MM-DD' }),
);
export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
export const Amount = Type.Unsafe<DecimalString>(
  Type.String({ pattern: String.raw`^-?\d+(\.\d+)?$`, description: 'An exact decimal.' }),
);
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** Neither control characters nor half a pair of UTF-16: no store can keep them. */
const ONE_LINE = String.raw`^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*$`;
const LINES = String.raw`^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]*$`;

/** Text of one line. */
export const line = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: ONE_LINE });
const SAYS_SOMETHING = String.raw`^(?=[\s\S]*\S)`;

/** Text that a person writes, over several lines if need be; blanks alone say nothing. */
export const prose = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: LINES.replace('^', SAYS_SOMETHING) });
/** The same, or no text at all. */
export const proseOrNone = (maxLength: number) => Type.String({ maxLength, pattern: LINES });
export const Word = line(64);
export const FlowId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,31}$' });
export const Anything = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
});

/** The same or null, in one type keyword, which serialises much faster than a choice of two. */
export function nullable<T extends TSchema>(schema: T) {
  const { type, enum: words } = schema as { readonly type?: string; readonly enum?: unknown[] };
  const orNull = words === undefined ? {} : { enum: [...words, null] };
  return Type.Unsafe<Static<T> | null>({ ...schema, ...orNull, type: [type, 'null'] });
}

/** What a request may leave out and a handler always has, since validation fills its default in. */
export const defaulted = <T extends TSchema>(schema: T) => Type.Optional(schema) as unknown as T;

/** One of a fixed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...words] });

/** An array of an answer. Read-only, since what a query read is not changed. */
export const list = <T extends TSchema>(item: T, options: { description?: string } = {}) =>
  Type.Unsafe<readonly Static<T>[]>(Type.Array(item, options));
