import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HASH_BYTES } from '../../domain/audit/digest.ts';
import {
  LEAF_ENTRY_BYTES,
  LEAF_PREFIX_AT,
  LEAF_PREFIX_BYTES,
  LEAF_ROW_AT,
} from '../../domain/audit/leaf-entries.ts';
import { merkleRoot } from '../../domain/audit/merkle.ts';
import { sha256 } from '../audit/sha256.ts';

const HIGH = 2 ** 32;

export interface ChunkSeal {
  readonly journals: number;
  readonly root: Uint8Array;
  readonly leaves: Uint8Array;
}

/**
 * Hashes journals into the leaves of a Merkle tree. The content of a leaf is the COPY text of the
 * journal's row and then of its postings, each with its newline: what is written is hashed, and
 * COPY TO gives back the same bytes. Buffers are reused, since this runs for every journal booked.
 */
export class JournalSealer {
  private scratch = Buffer.alloc(1 << 13);
  private hashes = Buffer.alloc(HASH_BYTES << 10);
  private entries = Buffer.alloc(LEAF_ENTRY_BYTES << 10);
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(journalId: number, row: Uint8Array, postings: Uint8Array): void {
    this.makeRoom(1 + row.length + postings.length);
    const { scratch, hashes, entries, count } = this;
    // Byte 0 stays zero: it says that a leaf is hashed, not a node.
    scratch.set(row, 1);
    scratch.set(postings, 1 + row.length);
    const content = scratch.subarray(0, 1 + row.length + postings.length);
    const at = count * HASH_BYTES;
    // As text of bytes: a buffer of its own would cost as much as the hash.
    hashes.write(hash('sha256', content, 'binary'), at, 'latin1');
    const entry = count * LEAF_ENTRY_BYTES;
    entries.writeUInt32BE(Math.floor(journalId / HIGH), entry);
    entries.writeUInt32BE(journalId % HIGH, entry + 4);
    hashes.copy(entries, entry + LEAF_PREFIX_AT, at, at + LEAF_PREFIX_BYTES);
    entries.writeUInt32BE(crc32(row), entry + LEAF_ROW_AT);
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
    if (content > this.scratch.length) this.scratch = Buffer.alloc(2 * content);
    if ((this.count + 1) * HASH_BYTES <= this.hashes.length) return;
    this.hashes = Buffer.concat([this.hashes, Buffer.alloc(this.hashes.length)]);
    this.entries = Buffer.concat([this.entries, Buffer.alloc(this.entries.length)]);
  }
}
