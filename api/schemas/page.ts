import Type, { type TSchema } from 'typebox';
import { list, nullable, shape } from './fields.ts';

/** The two query parameters that every list takes. */
export const PAGE_QUERY = {
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
  cursor: Type.Optional(
    Type.String({ maxLength: 512, description: 'nextCursor of the page before.' }),
  ),
};

/** A slice of a list; nextCursor null = the end. */
export const pageOf = <T extends TSchema>(item: T) =>
  shape({ items: list(item), nextCursor: nullable(Type.String()) });
