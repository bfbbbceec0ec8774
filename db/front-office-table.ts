import type pg from 'pg';
import type { StoredRow, Supersession } from '../domain/front-office/intake.ts';
import type { RawRow, RowError } from '../domain/front-office/row-reader.ts';
import type { FrontOfficeFacts, ReadRow } from '../domain/front-office/rows.ts';
import type { RecordedVersion } from '../domain/front-office/versions.ts';

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
  /** The versions in force. */
  current(
    client: pg.PoolClient,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, RecordedVersion>>;
  store(client: pg.PoolClient, inserts: readonly StoredRow<Stored>[]): Promise<void>;
  supersede(client: pg.PoolClient, supersessions: readonly Supersession[]): Promise<void>;
}

/** The own time of a row without one: it holds for whatever was executed under it. */
export const FROM_THE_BEGINNING = '1970-01-01T00:00:00.000Z';

export interface VersionColumns {
  readonly version: number;
  readonly recorded_at: Date;
}

export const versionsOf = <R extends VersionColumns>(
  rows: readonly R[],
  idOf: (row: R) => string,
  contentOf: (row: R) => string,
): ReadonlyMap<string, RecordedVersion> =>
  new Map(
    rows.map((row) => [
      idOf(row),
      {
        version: row.version,
        recordedAt: row.recorded_at.toISOString(),
        content: contentOf(row),
      },
    ]),
  );
