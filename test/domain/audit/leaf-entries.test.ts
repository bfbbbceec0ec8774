import { describe, expect, it } from 'vitest';
import { LEAF_ENTRY_BYTES, leafDifference } from '../../../domain/audit/leaf-entries.ts';

interface Entry {
  readonly id: number;
  readonly leaf?: number;
  readonly row?: number;
}

function entries(...list: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(list.length * LEAF_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [at, { id, leaf = 0, row = 0 }] of list.entries()) {
    view.setUint32(at * LEAF_ENTRY_BYTES, Math.floor(id / 2 ** 32));
    view.setUint32(at * LEAF_ENTRY_BYTES + 4, id % 2 ** 32);
    view.setUint32(at * LEAF_ENTRY_BYTES + 8, leaf);
    view.setUint32(at * LEAF_ENTRY_BYTES + 16, row);
  }
  return bytes;
}

const BIG = 2 ** 40 + 7;
const sealed = entries({ id: 1 }, { id: 2 }, { id: BIG });

describe('leafDifference', () => {
  it.each([
    ['nothing', [{ id: 1 }, { id: 2 }, { id: BIG }], undefined],
    ['nothing, though the list goes on', [{ id: 1 }, { id: 2 }, { id: BIG }, { id: 9 }], undefined],
    ['a row', [{ id: 1 }, { id: 2, leaf: 5, row: 5 }, { id: BIG }], ['row', 2]],
    ['postings', [{ id: 1 }, { id: 2 }, { id: BIG, leaf: 5 }], ['postings', BIG]],
    ['one that is gone', [{ id: 1 }, { id: BIG }, { id: 9 }], ['gone', 2]],
    ['the last one gone', [{ id: 1 }, { id: 2 }], ['gone', BIG]],
    ['a foreign one', [{ id: 1 }, { id: 8 }, { id: 2 }, { id: BIG }], ['foreign', 8]],
    ['a foreign one at the end', [{ id: 1 }, { id: 2 }, { id: 8 }, { id: BIG }], ['foreign', 8]],
    ['two that changed places', [{ id: 2 }, { id: 1 }, { id: BIG }], ['foreign', 2]],
  ] as const)('finds %s', (_name, found, expected) => {
    const difference = leafDifference(sealed, entries(...found));
    expect(difference && [difference.kind, difference.journalId]).toEqual(expected);
  });
});
