import { canonicalText } from './canonical-text.ts';
import { digestOfText, hexOf, HASH_BYTES, type Digest } from './digest.ts';
import { leafHash, merkleRoot } from './merkle.ts';

/** The seal of one committed chunk of journals. */
export interface JournalSeal {
  readonly ledgerDate: string;
  readonly stepRunId: number;
  readonly shard: number;
  readonly chunk: number;
  readonly journals: number;
  readonly root: Uint8Array;
}

/** What a day cut binds together. */
export interface DailyRootContent {
  readonly rootNo: number;
  readonly ledgerDate: string;
  readonly previousRoot: Uint8Array;
  /** The newest step run whose journals are included. */
  readonly lastStepRunId: number;
  readonly seals: number;
  readonly journals: number;
  readonly journalsRoot: Uint8Array;
  readonly auditSeq: number;
  readonly auditHash: Uint8Array;
}

const utf8 = new TextEncoder();

export const sealText = (seal: JournalSeal): string =>
  canonicalText([
    seal.ledgerDate,
    seal.stepRunId,
    seal.shard,
    seal.chunk,
    seal.journals,
    hexOf(seal.root),
  ]);

/** The leaves of the tree over seals, in the order that they are given in. */
export function sealLeaves(seals: readonly JournalSeal[], digest: Digest): Uint8Array {
  const leaves = new Uint8Array(seals.length * HASH_BYTES);
  for (const [at, seal] of seals.entries()) {
    leaves.set(leafHash(utf8.encode(sealText(seal)), digest), at * HASH_BYTES);
  }
  return leaves;
}

/** The root over the seals of a date or of a run: by step run, shard and chunk. */
export const rootOfSeals = (seals: readonly JournalSeal[], digest: Digest): Uint8Array =>
  merkleRoot(sealLeaves(seals, digest), digest);

export const dailyRootText = (content: DailyRootContent): string =>
  canonicalText([
    content.rootNo,
    content.ledgerDate,
    hexOf(content.previousRoot),
    content.lastStepRunId,
    content.seals,
    content.journals,
    hexOf(content.journalsRoot),
    content.auditSeq,
    hexOf(content.auditHash),
  ]);

export const dailyRoot = (content: DailyRootContent, digest: Digest): Uint8Array =>
  digestOfText(dailyRootText(content), digest);
