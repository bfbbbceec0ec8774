import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../db/audit/sha256.ts';
import { digestOfText } from '../../../domain/audit/digest.ts';
import {
  EMPTY_CHAIN,
  headFinding,
  linkFinding,
  linkHash,
  type ChainLink,
} from '../../../domain/audit/hash-chain.ts';

const contentOf = (seq: number): Uint8Array => digestOfText(`event ${seq}`, sha256);

const chain = [1, 2, 3, 4].reduce<readonly ChainLink[]>((links, seq) => {
  const prevHash = links.at(-1)?.hash ?? EMPTY_CHAIN.hash;
  const contentHash = contentOf(seq);
  const hash = linkHash(prevHash, contentHash, sha256);
  return [...links, { seq, eventId: 10 + seq, contentHash, prevHash, hash }];
}, []);
const [first, second, third, last] = chain as [ChainLink, ChainLink, ChainLink, ChainLink];
const other = contentOf(99);

describe('linkFinding', () => {
  it('finds nothing in links as they were written', () => {
    const found = chain.map((link, at) =>
      linkFinding(chain[at - 1] ?? EMPTY_CHAIN, link, contentOf(link.seq), sha256),
    );
    expect(found).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([
    ['a link is gone', third, undefined, 'audit_chain', 'seq 2', 'missing'],
    ['its event is gone', second, 'none', 'audit_events', 'event_id 12', 'missing'],
    ['its event says something else', second, other, 'audit_events', 'event_id 12', 'changed'],
    ['its hash', { ...second, hash: other }, undefined, 'audit_chain', 'seq 2', 'changed'],
    [
      'its content',
      { ...second, contentHash: other },
      undefined,
      'audit_chain',
      'seq 2',
      'changed',
    ],
    ['its previous', { ...second, prevHash: other }, undefined, 'audit_chain', 'seq 2', 'changed'],
    ['another stands here', { ...last, seq: 2 }, undefined, 'audit_chain', 'seq 2', 'out of order'],
    ['before the first', { ...last, seq: 0 }, undefined, 'audit_chain', 'seq 0', 'out of order'],
  ] as const)('tells when %s', (_name, link, content, table, key, fault) => {
    const given = content === 'none' ? undefined : (content ?? contentOf(link.seq));
    expect(linkFinding(first, link, given, sha256)).toMatchObject({ table, key, fault });
  });
});

describe('headFinding', () => {
  it('finds nothing where the head is the last link', () => {
    expect(headFinding(last, { seq: 4, hash: last.hash }, last.hash)).toBeUndefined();
    expect(headFinding(EMPTY_CHAIN, EMPTY_CHAIN, EMPTY_CHAIN.hash)).toBeUndefined();
  });

  it.each([
    ['there is none', undefined, undefined, 'audit_head', 'missing'],
    ['its hash is another', { seq: 4, hash: other }, last.hash, 'audit_head', 'changed'],
    ['its number is another', { seq: 9, hash: last.hash }, undefined, 'audit_head', 'changed'],
    ['links behind it are gone', { seq: 9, hash: other }, undefined, 'audit_chain', 'missing'],
    ['links go on behind it', { seq: 3, hash: third.hash }, third.hash, 'audit_chain', 'inserted'],
    ['it names another link', { seq: 3, hash: other }, third.hash, 'audit_head', 'changed'],
  ] as const)('tells when %s', (_name, head, atHead, table, fault) => {
    expect(headFinding(last, head, atHead)).toMatchObject({ table, fault });
  });
});
