import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../db/audit/sha256.ts';
import { hexOf, joined } from '../../../domain/audit/digest.ts';
import { leafHash, merklePath, merkleRoot, rootOfPath } from '../../../domain/audit/merkle.ts';

const leavesOf = (count: number): Uint8Array =>
  joined(
    ...Array.from({ length: count }, (_, n) => leafHash(new Uint8Array([n % 256, n >> 8]), sha256)),
  );

describe('merkleRoot', () => {
  it.each([
    {
      name: 'no leaf',
      count: 0,
      root: '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a',
    },
    { name: 'one leaf is its own root', count: 1, root: hexOf(leavesOf(1)) },
  ])('$name', ({ count, root }) => {
    expect(hexOf(merkleRoot(leavesOf(count), sha256))).toBe(root);
  });

  it('is another one for every number of leaves and every order', () => {
    const roots = Array.from({ length: 300 }, (_, n) => hexOf(merkleRoot(leavesOf(n), sha256)));
    expect(new Set(roots).size).toBe(roots.length);
    const [one, two] = [leavesOf(2).subarray(0, 32), leavesOf(2).subarray(32)];
    expect(hexOf(merkleRoot(joined(two, one), sha256))).not.toBe(roots[2]);
  });

  it('takes no node for a leaf', () => {
    const leaves = leavesOf(16);
    const asLeaf = leafHash(leaves, sha256);
    expect(hexOf(merkleRoot(leaves, sha256))).not.toBe(hexOf(asLeaf));
  });
});

describe('merklePath', () => {
  it('leads from every leaf to the root, and from no other one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (count, pick) => {
        const leaves = leavesOf(count);
        const index = pick % count;
        const root = hexOf(merkleRoot(leaves, sha256));
        const path = merklePath(leaves, index, sha256);
        const leaf = leaves.slice(index * 32, index * 32 + 32);
        expect(hexOf(rootOfPath(leaf, path, sha256))).toBe(root);
        leaf[5] = (leaf[5] ?? 0) ^ 1;
        expect(hexOf(rootOfPath(leaf, path, sha256))).not.toBe(root);
      }),
    );
  });

  it('refuses a leaf that is not there', () => {
    expect(() => merklePath(leavesOf(3), 3, sha256)).toThrow(RangeError);
  });
});
