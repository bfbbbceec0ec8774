import type pg from 'pg';
import type { StoredRow, Supersession } from '../domain/front-office/intake.ts';
import type { RawRow, RowError } from '../domain/front-office/row-reader.ts';
import type { FrontOfficeFacts, ReadRow } from '../domain/front-office/rows.ts';
import type { RecordedVersion, StoredVersions } from '../domain/front-office/versions.ts';

export interface NumberedRow<Row> {
  readonly rowNo: number;
  readonly row: Row;
}

/** Rows that also stand the comparison with what is stored, and the errors of those that do not. */
export interface ResolvedRows<Row> {
  readonly rows: readonly NumberedRow<Row>[];
  readonly errors: readonly RowError[];
}

/** One table of the front office: how its rows are read, compared and stored. */
export interface FrontOfficeTable<Row, Stored extends Row = Row> {
  read(raw: RawRow, rowNo: number, facts: FrontOfficeFacts): ReadRow<Row>;
  idOf(row: Row): string;
  contentOf(row: Row): string;
  /** When the row says that it happened, for a sender that does not say when it was recorded. */
  ownTimeOf(row: Row): string;
  resolve(
    client: pg.PoolClient,
    rows: readonly NumberedRow<Row>[],
    facts: FrontOfficeFacts,
  ): Promise<ResolvedRows<Stored>>;
  /** Every version that is stored of these ids. */
  stored(
    client: pg.PoolClient,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, StoredVersions>>;
  store(client: pg.PoolClient, inserts: readonly StoredRow<Stored>[]): Promise<void>;
  supersede(client: pg.PoolClient, supersessions: readonly Supersession[]): Promise<void>;
}

/** The own time of a row without one: it holds for whatever was executed under it. */
export const FROM_THE_BEGINNING = '1970-01-01T00:00:00.000Z';

export interface VersionColumns {
  readonly version: number;
  readonly recorded_at: Date;
}

/** What is stored by id, from rows in the order of their versions. */
export function versionsOf<R extends VersionColumns>(
  rows: readonly R[],
  idOf: (row: R) => string,
  contentOf: (row: R) => string,
): ReadonlyMap<string, StoredVersions> {
  const found = new Map<
    string,
    { current: RecordedVersion; earlier: Map<number, RecordedVersion> }
  >();
  for (const row of rows) {
    const id = idOf(row);
    const recordedAt = row.recorded_at.toISOString();
    const current = { version: row.version, recordedAt, content: contentOf(row) };
    const known = found.get(id);
    if (known === undefined) found.set(id, { current, earlier: new Map() });
    else {
      known.earlier.set(known.current.version, known.current);
      known.current = current;
    }
  }
  return found;
}

/** Ends stored versions, each at the instant from which another one is in force. */
export async function endVersions(
  client: pg.PoolClient,
  table: 'orders' | 'executions' | 'accounts' | 'instruments',
  idColumn: 'order_id' | 'execution_id' | 'account_no' | 'instrument_id',
  supersessions: readonly Supersession[],
): Promise<void> {
  if (supersessions.length === 0) return;
  await client.query(
    `UPDATE front_office.${table} AS stored SET superseded_at = ended.at
     FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS ended(id, version, at)
     WHERE stored.${idColumn} = ended.id AND stored.version = ended.version`,
    [
      supersessions.map(({ id }) => id),
      supersessions.map(({ version }) => version),
      supersessions.map(({ supersededAt }) => supersededAt),
    ],
  );
}
