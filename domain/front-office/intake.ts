import { rowError, type RowError } from './row-reader.ts';
import { succession, type IncomingVersion, type RecordedVersion } from './versions.ts';

/** A row that passed its field checks, on its way to being stored. */
export interface IncomingRow<Row> extends IncomingVersion {
  /** Its place in the file or request, from 1. */
  readonly rowNo: number;
  /** The name that its error list uses for the version and recording time. */
  readonly id: string;
  readonly row: Row;
}

export interface StoredRow<Row> {
  readonly id: string;
  readonly version: number;
  readonly recordedAt: string;
  /** Set when a later row of the same batch replaced it at once. */
  supersededAt: string | null;
  readonly row: Row;
}

export interface Supersession {
  readonly id: string;
  readonly version: number;
  readonly supersededAt: string;
}

export interface IntakePlan<Row> {
  readonly inserts: readonly StoredRow<Row>[];
  /** Stored versions that end, each at the recording time of what replaces it. */
  readonly supersessions: readonly Supersession[];
  readonly added: number;
  readonly replaced: number;
  readonly unchanged: number;
  readonly errors: readonly RowError[];
}

/**
 * Decides, row by row in their order, what a batch does to what is stored; several versions of one
 * id in a batch succeed one another like in separate requests. `current` holds the versions in
 * force by id, before the batch.
 */
export function planIntake<Row>(
  rows: readonly IncomingRow<Row>[],
  current: ReadonlyMap<string, RecordedVersion>,
): IntakePlan<Row> {
  const pending = new Map<string, StoredRow<Row> & { readonly content: string }>();
  const inserts: StoredRow<Row>[] = [];
  const supersessions: Supersession[] = [];
  const errors: RowError[] = [];
  const counts = { added: 0, replaced: 0, unchanged: 0 };
  for (const received of rows) {
    const before = pending.get(received.id) ?? current.get(received.id);
    const incoming = timed(received, before);
    const { id, rowNo, version, recordedAt } = incoming;
    const verdict = succession(before, incoming);
    if (verdict.kind === 'refused') {
      const value = verdict.field === 'version' ? version : recordedAt;
      errors.push(
        rowError({ row: rowNo, field: verdict.field }, verdict.code, value, hintOf(before)),
      );
      continue;
    }
    if (verdict.kind === 'unchanged') {
      counts.unchanged += 1;
      continue;
    }
    if (verdict.kind === 'replaces') {
      const replaced = pending.get(id);
      if (replaced) replaced.supersededAt = recordedAt;
      else supersessions.push({ id, version: before?.version ?? 0, supersededAt: recordedAt });
    }
    counts[verdict.kind === 'new' ? 'added' : 'replaced'] += 1;
    const stored = {
      id,
      version,
      recordedAt,
      supersededAt: null,
      row: incoming.row,
      content: incoming.content,
    };
    pending.set(id, stored);
    inserts.push(stored);
  }
  return { inserts, supersessions, ...counts, errors };
}

const hintOf = (before: RecordedVersion | undefined): string =>
  before === undefined
    ? ''
    : `Stored is version ${before.version}, recorded at ${before.recordedAt}.`;

/**
 * A sender that does not say when a row was recorded means its own time, never the time at which we
 * happened to receive it; a correction cannot lie before what it corrects.
 */
function timed<Row>(
  received: IncomingRow<Row>,
  before: RecordedVersion | undefined,
): IncomingRow<Row> {
  const isEarly = before !== undefined && received.recordedAt < before.recordedAt;
  return received.isRecordedBySender || !isEarly
    ? received
    : { ...received, recordedAt: before.recordedAt };
}
