import { HASH_BYTES, joined, type Digest } from './digest.ts';

/*
 * A Merkle tree in which a node joins up to sixteen children, not two: calling the hash function
 * costs more than hashing, and so a leaf costs one call and a fifteenth, not two. A leaf is hashed
 * behind a zero byte and a node behind a one, so that none can stand for the other. The number of
 * leaves gives the shape; it is sealed beside the root.
 */
const FAN_OUT = 16;
const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

/** The siblings of a node, which stand before and behind it among the children of its parent. */
export interface MerkleStep {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export const leafHash = (content: Uint8Array, digest: Digest): Uint8Array =>
  digest(joined(LEAF, content));

/** The root over leaf hashes that stand behind one another. One leaf is its own root. */
export function merkleRoot(leaves: Uint8Array, digest: Digest): Uint8Array {
  if (leaves.length === 0) return digest(NODE);
  let level = leaves;
  while (level.length > HASH_BYTES) level = parentsOf(level, digest);
  return level.slice();
}

/** What `rootOfPath` needs to come from one leaf to the root. Throws RangeError without the leaf. */
export function merklePath(leaves: Uint8Array, index: number, digest: Digest): MerkleStep[] {
  if (index < 0 || index * HASH_BYTES >= leaves.length) {
    throw new RangeError(`there is no leaf ${index}`);
  }
  const path: MerkleStep[] = [];
  let level = leaves;
  for (let at = index; level.length > HASH_BYTES; at = Math.floor(at / FAN_OUT)) {
    const group = groupOf(level, Math.floor(at / FAN_OUT));
    const place = (at % FAN_OUT) * HASH_BYTES;
    path.push({
      before: group.slice(0, place),
      after: group.slice(place + HASH_BYTES),
    });
    level = parentsOf(level, digest);
  }
  return path;
}

/** The root that a leaf hash belongs to, if its siblings are those of the path. */
export const rootOfPath = (
  leaf: Uint8Array,
  path: readonly MerkleStep[],
  digest: Digest,
): Uint8Array =>
  path.reduce((node, { before, after }) => digest(joined(NODE, before, node, after)), leaf);

function parentsOf(level: Uint8Array, digest: Digest): Uint8Array {
  const count = Math.ceil(level.length / HASH_BYTES / FAN_OUT);
  const parents = new Uint8Array(count * HASH_BYTES);
  for (let at = 0; at < count; at += 1) {
    parents.set(digest(joined(NODE, groupOf(level, at))), at * HASH_BYTES);
  }
  return parents;
}

const groupOf = (level: Uint8Array, at: number): Uint8Array =>
  level.subarray(at * FAN_OUT * HASH_BYTES, (at + 1) * FAN_OUT * HASH_BYTES);
