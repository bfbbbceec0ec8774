import { sameBytes } from './digest.ts';

/*
 * The list of the journals of a chunk, in `journal_seals.leaves`. An entry is the journal's id
 * (8 bytes, most significant first), the begin of its leaf hash (8) and a checksum of its own row
 * (4). The root proves that something differs; the list tells which row.
 */
export const LEAF_ENTRY_BYTES = 20;
export const LEAF_PREFIX_AT = 8;
export const LEAF_PREFIX_BYTES = 8;
export const LEAF_ROW_AT = 16;

/**
 * `row`: the journal's own row differs. `postings`: its row does not, so one of its postings does.
 * `gone`: it does not stand where it was written. `foreign`: another one stands before it.
 */
export interface LeafDifference {
  readonly kind: 'row' | 'postings' | 'gone' | 'foreign';
  readonly journalId: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of a part of `bytes`, 32 bits: tells a journal's row from its postings, proves nothing. */
export function rowChecksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = FNV_OFFSET;
  for (let at = from; at < to; at += 1) sum = Math.imul(sum ^ (bytes[at] ?? 0), FNV_PRIME);
  return sum >>> 0;
}

export const countOf = (entries: Uint8Array): number =>
  Math.floor(entries.length / LEAF_ENTRY_BYTES);

export function journalIdAt(entries: Uint8Array, at: number): number {
  const view = new DataView(entries.buffer, entries.byteOffset + at * LEAF_ENTRY_BYTES);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

/** The first journal that is not as it was sealed; undefined = none. What follows does not count. */
export function leafDifference(sealed: Uint8Array, found: Uint8Array): LeafDifference | undefined {
  for (let at = 0; at < countOf(sealed); at += 1) {
    const journalId = journalIdAt(sealed, at);
    if (at >= countOf(found)) return { kind: 'gone', journalId };
    const other = journalIdAt(found, at);
    if (other !== journalId) {
      const isNext = at + 1 < countOf(found) && journalIdAt(found, at + 1) === journalId;
      return isNext ? { kind: 'foreign', journalId: other } : { kind: 'gone', journalId };
    }
    const part = (entries: Uint8Array, from: number, to: number): Uint8Array =>
      entries.subarray(at * LEAF_ENTRY_BYTES + from, at * LEAF_ENTRY_BYTES + to);
    const same = (from: number, to: number): boolean =>
      sameBytes(part(sealed, from, to), part(found, from, to));
    if (!same(LEAF_ROW_AT, LEAF_ENTRY_BYTES)) return { kind: 'row', journalId };
    if (!same(LEAF_PREFIX_AT, LEAF_ROW_AT)) return { kind: 'postings', journalId };
  }
  return undefined;
}
