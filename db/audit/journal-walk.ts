import { hash } from 'node:crypto';
import { sameBytes } from '../../domain/audit/digest.ts';
import type { JournalSeal } from '../../domain/audit/daily-root.ts';
import { JournalSealer } from '../bulk/journal-sealer.ts';
import { addTo } from '../bulk/journal-seals.ts';
import type { JournalText } from '../bulk/journal-text.ts';

export interface StoredSeal extends JournalSeal {
  /** SHA-256 of `leaves`, so that the lists of a whole date need not be in memory. */
  readonly leavesHash: string;
}

/** The first chunk that is not as it was sealed. */
export interface BrokenChunk {
  readonly stepRunId: number;
  /** Undefined for a journal that no seal counts. */
  readonly seal: StoredSeal | undefined;
  /** True when the journals are those of the root, so that it is the list which differs. */
  readonly rootFits: boolean;
  /** Entries of what stands in its place, and of one more if there is one. */
  readonly found: Uint8Array;
}

/**
 * Cuts the journals of a ledger date, as they come in the order of writing, by the counts of its
 * seals, and compares chunk by chunk. Holds one chunk in memory.
 */
export class JournalWalk {
  private readonly seals: readonly StoredSeal[];
  private readonly sealer = new JournalSealer();
  private at = 0;
  private broken: Omit<BrokenChunk, 'found'> | undefined;
  private isOver = false;
  journals = 0;

  constructor(seals: readonly StoredSeal[]) {
    this.seals = seals;
  }

  take(journal: JournalText): void {
    this.journals += 1;
    if (!this.isOver) this.isOver = this.isLast(journal);
  }

  /** What is broken, once every journal was taken. */
  end(): BrokenChunk | undefined {
    const { broken = this.shortBefore(Number.POSITIVE_INFINITY) } = this;
    return broken && { ...broken, found: this.sealer.seal().leaves };
  }

  /** Takes a journal into account; true when what is broken is known, so that it was the last. */
  private isLast(journal: JournalText): boolean {
    const { stepRunId } = journal;
    if (this.broken) {
      // One more of the same run shows whether a foreign journal has pushed the others back.
      if (this.broken.stepRunId === stepRunId) addTo(this.sealer, journal);
      return true;
    }
    this.broken = this.shortBefore(stepRunId);
    if (this.broken) return true;
    addTo(this.sealer, journal);
    const seal = this.seals[this.at];
    if (seal?.stepRunId !== stepRunId) {
      this.broken = { stepRunId, seal: undefined, rootFits: false };
      return true;
    }
    if (this.sealer.size >= seal.journals) this.compare(seal);
    return false;
  }

  /** A seal of an earlier run that is not filled up lacks journals. */
  private shortBefore(stepRunId: number): Omit<BrokenChunk, 'found'> | undefined {
    const seal = this.seals[this.at];
    if (seal === undefined || seal.stepRunId >= stepRunId) return undefined;
    return { stepRunId: seal.stepRunId, seal, rootFits: false };
  }

  private compare(seal: StoredSeal): void {
    const { journals, root, leaves } = this.sealer.seal();
    const rootFits = journals === seal.journals && sameBytes(root, seal.root);
    if (!rootFits || hash('sha256', leaves, 'hex') !== seal.leavesHash) {
      this.broken = { stepRunId: seal.stepRunId, seal, rootFits };
      return;
    }
    this.at += 1;
    this.sealer.clear();
  }
}
