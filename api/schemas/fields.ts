import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import type { BusinessDate } from '../../domain/calendar/business-date.ts';
import type { DecimalString } from '../../domain/money/decimal.ts';

/** An object that refuses fields which nobody defined: a misspelt name must not be overlooked. */
export const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** An answer's object. What the schema does not name is not sent. */
export const shape = <P extends TProperties>(properties: P) => Type.Object(properties);

export const Day = Type.Unsafe<BusinessDate>(
  Type.String({ format: 'date', description: 'YYYY-MM-DD' }),
);
export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
export const Amount = Type.Unsafe<DecimalString>(
  Type.String({ pattern: String.raw`^-?\d+(\.\d+)?$`, description: 'An exact decimal.' }),
);
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const Word = Type.String({ minLength: 1, maxLength: 64 });
export const FlowId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,31}$' });
export const Anything = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
});

/** The same or null, in one type keyword, which serialises much faster than a choice of two. */
export function nullable<T extends TSchema>(schema: T) {
  const { type } = schema as unknown as { readonly type: string };
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [type, 'null'] });
}

/** One of a fixed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...words] });

/** An array of an answer. Read-only, since what a query read is not changed. */
export const list = <T extends TSchema>(item: T, options: { description?: string } = {}) =>
  Type.Unsafe<readonly Static<T>[]>(Type.Array(item, options));
