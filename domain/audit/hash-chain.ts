import { joined, NO_HASH, sameBytes, type Digest } from './digest.ts';
import type { Finding } from './finding.ts';

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export interface ChainLink extends ChainHead {
  readonly eventId: number;
  readonly contentHash: Uint8Array;
  readonly prevHash: Uint8Array;
}

export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: NO_HASH };

export const linkHash = (previous: Uint8Array, content: Uint8Array, digest: Digest): Uint8Array =>
  digest(joined(previous, content));

const found = (table: string, key: string, fault: Finding['fault'], detail: string): Finding => ({
  table,
  key,
  fault,
  detail,
});

const ofLink = (seq: number, fault: Finding['fault'], detail: string): Finding =>
  found('audit_chain', `seq ${seq}`, fault, detail);

/**
 * What is wrong with a link that follows `head`, or with its event, whose content is hashed as
 * `content` (undefined = there is no such event). Undefined when both are as they were written.
 */
export function linkFinding(
  head: ChainHead,
  link: ChainLink,
  content: Uint8Array | undefined,
  digest: Digest,
): Finding | undefined {
  const { seq, eventId, contentHash, prevHash, hash } = link;
  if (seq <= head.seq) return ofLink(seq, 'out of order', 'the chain begins with link 1');
  if (seq > head.seq + 1) {
    return ofLink(head.seq + 1, 'missing', `the link that follows is ${seq}`);
  }
  const isWhole = sameBytes(hash, linkHash(prevHash, contentHash, digest));
  if (!sameBytes(prevHash, head.hash)) {
    return isWhole
      ? ofLink(seq, 'out of order', 'it does not continue the link before it')
      : ofLink(seq, 'changed', 'its previous hash is not that of the link before it');
  }
  if (!isWhole) return ofLink(seq, 'changed', 'its hash is not that of its own content');
  if (content === undefined) {
    return found('audit_events', `event_id ${eventId}`, 'missing', `link ${seq} stands for it`);
  }
  if (sameBytes(content, contentHash)) return undefined;
  return found('audit_events', `event_id ${eventId}`, 'changed', `link ${seq} has another hash`);
}

/** What is wrong at the end: `last` is the last link, `atHead` the link that the head names. */
export function headFinding(
  last: ChainHead,
  head: ChainHead | undefined,
  atHead: Uint8Array | undefined,
): Finding | undefined {
  if (head === undefined)
    return found('audit_head', 'one true', 'missing', 'the chain has no head');
  if (head.seq === last.seq && sameBytes(head.hash, last.hash)) return undefined;
  if (head.seq > last.seq && !sameBytes(head.hash, last.hash)) {
    return ofLink(last.seq + 1, 'missing', `the head of the chain is link ${head.seq}`);
  }
  if (head.seq < last.seq && atHead !== undefined && sameBytes(head.hash, atHead)) {
    return ofLink(head.seq + 1, 'inserted', `the head of the chain is link ${head.seq}`);
  }
  return found('audit_head', 'one true', 'changed', `the last link is ${last.seq}`);
}
