import type { ErrorCode } from '../errors/error-catalogue.ts';

/** A version of a source row, as far as succession is concerned. */
export interface RecordedVersion {
  readonly version: number;
  /** ISO text in UTC. */
  readonly recordedAt: string;
  /** Everything that the row says but `recordedAt`, in one text (see contentKey). */
  readonly content: string;
}

export interface IncomingVersion extends RecordedVersion {
  /** True when the sender said when it was recorded; else it is derived and proves nothing. */
  readonly isRecordedBySender: boolean;
}

export type Succession =
  | { readonly kind: 'new' }
  | { readonly kind: 'replaces' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly field: string };

/** What is stored of one id. */
export interface StoredVersions {
  /** The highest version: the one in force. */
  readonly current: RecordedVersion;
  /** Versions that a higher one replaced, by their number. */
  readonly earlier: ReadonlyMap<number, RecordedVersion>;
}

/**
 * What an incoming version does to what is stored. A stored version with the same content is a
 * repetition and changes nothing, also one that was replaced since: a file may be sent again. With
 * other content it is refused, for one of the two must be wrong. A higher version replaces; it
 * cannot have been recorded before what it replaces.
 */
export function succession(
  stored: StoredVersions | undefined,
  incoming: IncomingVersion,
): Succession {
  if (stored === undefined) return { kind: 'new' };
  const { current, earlier } = stored;
  const same = incoming.version === current.version ? current : earlier.get(incoming.version);
  if (same !== undefined && isRepetition(same, incoming)) return { kind: 'unchanged' };
  if (incoming.version < current.version) {
    return { kind: 'refused', code: 'STALE_VERSION', field: 'version' };
  }
  if (incoming.version === current.version) {
    return { kind: 'refused', code: 'DUPLICATE_ID_OTHER_CONTENT', field: 'version' };
  }
  return incoming.recordedAt < current.recordedAt
    ? { kind: 'refused', code: 'OUT_OF_RANGE', field: 'recordedAt' }
    : { kind: 'replaces' };
}

const isRepetition = (stored: RecordedVersion, incoming: IncomingVersion): boolean =>
  incoming.content === stored.content &&
  (!incoming.isRecordedBySender || incoming.recordedAt === stored.recordedAt);

/** 100, 100.0 and 100.00 say the same. */
export const canonicalDecimal = (text: string): string =>
  text.includes('.') ? text.replace(/\.?0+$/, '') : text;

/** One text for the content of a row; U+001F cannot occur in any of its values. */
export const contentKey = (values: readonly (string | number | boolean | null)[]): string =>
  values.map((value) => (value === null ? '' : String(value))).join('\u001f');
