import pg from 'pg';

/** COPY takes no parameters, so its queries carry literals; these are the only ways to make one. */
export const text = (value: string): string => pg.escapeLiteral(value);

export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}

/** `(1, 2, 3)` for IN; an empty list matches nothing. */
export const integers = (values: readonly number[]): string =>
  values.length === 0 ? '(NULL)' : `(${values.map(integer).join(', ')})`;
