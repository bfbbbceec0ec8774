import Type, { type TProperties } from 'typebox';

/*
 * Fields that the schemas of ticket keys are made of. Every object is strict: a misspelt field of
 * something that two people consent to must not be overlooked.
 */

export const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const Day = Type.String({ format: 'date', description: 'YYYY-MM-DD' });
export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, with a zone' });
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const FlowId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,31}$' });

/** One of a fixed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...words] });
