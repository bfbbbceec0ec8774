import { parseBusinessDate } from '../../domain/calendar/business-date.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { rows, type Reader } from './rows.ts';

/** A slice of a list. `nextCursor` is opaque; null = this is the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

type Key = readonly (string | number)[];

/** Conditions with their parameters: no value is ever part of the SQL text. */
export class Conditions {
  private readonly texts: string[] = [];
  readonly values: unknown[] = [];

  /** Adds `text`, in which each ? stands for one of `values`. Nothing when a value is undefined. */
  add(text: string, ...values: readonly unknown[]): this {
    if (values.includes(undefined)) return this;
    let next = 0;
    this.texts.push(
      text.replaceAll('?', () => {
        this.values.push(values[next++]);
        return `$${this.values.length}`;
      }),
    );
    return this;
  }

  get where(): string {
    return this.texts.length === 0 ? '' : `WHERE ${this.texts.join(' AND ')}`;
  }
}

export interface PagedQuery<T> {
  /** What is listed: a cursor of another list is refused. */
  readonly list: string;
  /** SELECT … FROM … without WHERE. */
  readonly select: string;
  readonly conditions: Conditions;
  readonly groupBy?: string;
  /** Unique columns of the order with their SQL type, e.g. ['c.contract_id', 'bigint']. */
  readonly key: readonly (readonly [column: string, type: string])[];
  readonly direction?: 'ASC' | 'DESC';
  readonly keyOf: (row: T) => Key;
}

/**
 * One page, found by its key and not by its number: as fast at the end of a list as at its start,
 * and rows that come or go meanwhile shift nothing. Throws BAD_REQUEST for a cursor that is not
 * ours.
 */
export async function readPage<T extends object>(
  reader: Reader,
  query: PagedQuery<T>,
  request: PageRequest,
): Promise<Page<T>> {
  const { list, select, conditions, key, direction = 'ASC' } = query;
  if (request.cursor !== undefined) {
    const columns = key.map(([column]) => column).join(', ');
    const marks = key.map(([, type]) => `?::${type}`).join(', ');
    const compare = direction === 'ASC' ? '>' : '<';
    const after = decodeCursor(request.cursor, list, key);
    conditions.add(`(${columns}) ${compare} (${marks})`, ...after);
  }
  const order = key.map(([column]) => `${column} ${direction}`).join(', ');
  const group = query.groupBy === undefined ? '' : `GROUP BY ${query.groupBy}`;
  const text = `${select} ${conditions.where} ${group} ORDER BY ${order} LIMIT ${request.limit + 1}`;
  const found = await rows<T>(reader, text, conditions.values);
  // One row too many was asked for, to learn whether there is more.
  const items = found.slice(0, request.limit);
  const last = items.at(-1);
  const hasMore = found.length > request.limit && last !== undefined;
  return { items, nextCursor: hasMore ? encodeCursor(list, query.keyOf(last)) : null };
}

const PLACE = [['place', 'integer']] as const;

/** A page of a list that is short enough to be read whole; without a limit all of it comes. */
export function pageOfAll<T>(
  all: readonly T[],
  list: string,
  { limit, cursor }: Partial<PageRequest>,
): Page<T> {
  const from = cursor === undefined ? 0 : Number(decodeCursor(cursor, list, PLACE)[0]);
  const to = from + (limit ?? all.length);
  const nextCursor = to < all.length ? encodeCursor(list, [to]) : null;
  return { items: all.slice(from, to), nextCursor };
}

const encodeCursor = (list: string, key: Key): string =>
  Buffer.from(JSON.stringify([list, ...key])).toString('base64url');

function isDay(value: unknown): boolean {
  try {
    return typeof value === 'string' && parseBusinessDate(value) === value;
  } catch {
    return false;
  }
}

/**
 * Which values a key column of an SQL type can hold, so that a forged cursor is a 400, not a 500.
 */
const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  bigint: Number.isSafeInteger,
  integer: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31,
  date: isDay,
  text: (value) => typeof value === 'string' && !value.includes('\u0000'),
};

function decodeCursor(cursor: string, list: string, key: PagedQuery<never>['key']): Key {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const [ofList, ...values] = Array.isArray(decoded) ? (decoded as unknown[]) : [];
    const fits =
      ofList === list &&
      values.length === key.length &&
      key.every(([, type], at) => FITS[type]?.(values[at]) === true);
    if (fits) return values as unknown as Key;
  } catch {
    // Not JSON: the answer is the same as for any other cursor that is not ours.
  }
  throw new ClearingError('BAD_REQUEST', {
    errors: [{ in: 'querystring', field: '/cursor', message: 'is not a cursor of this list' }],
  });
}
