import { rowError, type RowError } from './row-reader.ts';
import {
  succession,
  type IncomingVersion,
  type RecordedVersion,
  type StoredVersions,
} from './versions.ts';

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
 * id in a batch succeed one another like in separate requests. `before` holds what is stored by id,
 * before the batch.
 */
export function planIntake<Row>(
  rows: readonly IncomingRow<Row>[],
  before: ReadonlyMap<string, StoredVersions>,
): IntakePlan<Row> {
  const known = new Map(before);
  const pending = new Map<string, StoredRow<Row>>();
  const inserts: StoredRow<Row>[] = [];
  const supersessions: Supersession[] = [];
  const errors: RowError[] = [];
  const counts = { added: 0, replaced: 0, unchanged: 0 };
  for (const received of rows) {
    const stored = known.get(received.id);
    const current = stored?.current;
    const incoming = timed(received, current);
    const { id, rowNo, version, recordedAt, row } = incoming;
    const verdict = succession(stored, incoming);
    if (verdict.kind === 'refused') {
      const value = verdict.field === 'version' ? version : recordedAt;
      errors.push(
        rowError({ row: rowNo, field: verdict.field }, verdict.code, value, hintOf(current)),
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
      else supersessions.push({ id, version: current?.version ?? 0, supersededAt: recordedAt });
    }
    counts[verdict.kind === 'new' ? 'added' : 'replaced'] += 1;
    const insert = { id, version, recordedAt, supersededAt: null, row };
    known.set(id, withVersion(stored, incoming));
    pending.set(id, insert);
    inserts.push(insert);
  }
  return { inserts, supersessions, ...counts, errors };
}

/** What is stored once `current` has replaced what was. */
function withVersion(
  stored: StoredVersions | undefined,
  { version, recordedAt, content }: RecordedVersion,
): StoredVersions {
  const current = { version, recordedAt, content };
  if (stored === undefined) return { current, earlier: new Map() };
  const earlier = new Map(stored.earlier).set(stored.current.version, stored.current);
  return { current, earlier };
}

const hintOf = (current: RecordedVersion | undefined): string =>
  current === undefined
    ? ''
    : `Stored is version ${current.version}, recorded at ${current.recordedAt}.`;

/**
 * A sender that does not say when a row was recorded means its own time, never the time at which we
 * happened to receive it; a correction cannot lie before what it corrects.
 */
function timed<Row>(
  received: IncomingRow<Row>,
  current: RecordedVersion | undefined,
): IncomingRow<Row> {
  const isEarly = current !== undefined && received.recordedAt < current.recordedAt;
  return received.isRecordedBySender || !isEarly
    ? received
    : { ...received, recordedAt: current.recordedAt };
}
