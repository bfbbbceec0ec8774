import type { RawRow } from '../domain/front-office/row-reader.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';

const isObject = (value: unknown): value is RawRow =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One row, or the rows of `items`. Anything else is no request of ours: BAD_REQUEST. */
export function itemsOf(body: unknown): readonly RawRow[] {
  if (!isObject(body)) throw new ClearingError('BAD_REQUEST', { why: 'an object is expected' });
  const { items } = body;
  if (items === undefined) return [body];
  if (!Array.isArray(items) || items.length === 0 || !items.every(isObject)) {
    throw new ClearingError('BAD_REQUEST', { why: 'items is a list of at least one object' });
  }
  return items;
}
