import { hash } from 'node:crypto';
import { HASH_BYTES } from '../../domain/audit/digest.ts';
import {
  LEAF_ENTRY_BYTES,
  LEAF_PREFIX_AT,
  LEAF_PREFIX_BYTES,
  LEAF_ROW_AT,
  rowChecksum,
} from '../../domain/audit/leaf-entries.ts';
import { merkleRoot } from '../../domain/audit/merkle.ts';
import { sha256 } from '../audit/sha256.ts';

const HIGH = 2 ** 32;
/** Leaves that there is room for without growing: more than a chunk has. */
const ROOM = 1 << 14;
const CONTENT_ROOM = 1 << 13;

export interface ChunkSeal {
  readonly journals: number;
  readonly root: Uint8Array;
  readonly leaves: Uint8Array;
}

/** A journal as a part of the COPY text of its table, and its postings as a part of theirs. */
export interface TextRange {
  readonly text: Buffer;
  start: number;
  end: number;
}

/**
 * Hashes journals into the leaves of a Merkle tree. The content of a leaf is the COPY text of the
 * journal's row and then of its postings, each with its newline: what is written is hashed, and
 * COPY TO gives back the same bytes. This runs for every journal that is booked, so buffers are
 * reused and nothing is allocated for a leaf but what the hash function returns.
 */
export class JournalSealer {
  private content = Buffer.alloc(CONTENT_ROOM);
  private hashes = Buffer.alloc(HASH_BYTES * ROOM);
  private entries = Buffer.alloc(LEAF_ENTRY_BYTES * ROOM);
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(journalId: number, row: TextRange, postings: TextRange): void {
    const rowEnd = 1 + row.end - row.start;
    const end = rowEnd + postings.end - postings.start;
    this.makeRoom(end);
    const { content, hashes, entries, count } = this;
    // Byte 0 stays zero: it says that a leaf is hashed, not a node.
    row.text.copy(content, 1, row.start, row.end);
    postings.text.copy(content, rowEnd, postings.start, postings.end);
    const at = count * HASH_BYTES;
    // As text of bytes: a buffer of its own would cost as much as the hash.
    hashes.write(hash('sha256', content.subarray(0, end), 'binary'), at, 'latin1');
    const entry = count * LEAF_ENTRY_BYTES;
    entries.writeUInt32BE(Math.floor(journalId / HIGH), entry);
    entries.writeUInt32BE(journalId % HIGH, entry + 4);
    hashes.copy(entries, entry + LEAF_PREFIX_AT, at, at + LEAF_PREFIX_BYTES);
    entries.writeUInt32BE(rowChecksum(content, 1, rowEnd), entry + LEAF_ROW_AT);
    this.count += 1;
  }

  /** The seal over what was added since the last `clear`. */
  seal(): ChunkSeal {
    const { count, hashes, entries } = this;
    return {
      journals: count,
      root: merkleRoot(hashes.subarray(0, count * HASH_BYTES), sha256),
      leaves: Buffer.from(entries.subarray(0, count * LEAF_ENTRY_BYTES)),
    };
  }

  clear(): void {
    this.count = 0;
  }

  private makeRoom(content: number): void {
    if (content > this.content.length) this.content = Buffer.alloc(2 * content);
    if ((this.count + 1) * HASH_BYTES <= this.hashes.length) return;
    this.hashes = Buffer.concat([this.hashes, Buffer.alloc(this.hashes.length)]);
    this.entries = Buffer.concat([this.entries, Buffer.alloc(this.entries.length)]);
  }
}
