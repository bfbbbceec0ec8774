import Type, { type TSchema } from 'typebox';
import { defaulted, list, nullable, shape } from './fields.ts';

const Limit = (more: { readonly default?: number } = {}) =>
  Type.Integer({ minimum: 1, maximum: 500, ...more });
const Cursor = Type.Optional(
  Type.String({ maxLength: 512, description: 'nextCursor of the page before.' }),
);

/** The two query parameters that a list takes. */
export const PAGE_QUERY = { limit: defaulted(Limit({ default: 100 })), cursor: Cursor };

/** The same of a list that is short: all of it comes unless a limit is given. */
export const WHOLE_QUERY = { limit: Type.Optional(Limit()), cursor: Cursor };

/** A slice of a list; nextCursor null = the end. */
export const pageOf = <T extends TSchema>(item: T) =>
  shape({ items: list(item), nextCursor: nullable(Type.String()) });
