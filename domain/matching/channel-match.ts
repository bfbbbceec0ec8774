import { InstrumentBalance, type DowngradeStatus } from './instrument-balance.ts';
import {
  judgePair,
  type MatchPair,
  type MatchRule,
  type MatchVerdict,
  type ResultTag,
} from './match-pair.ts';

/** A pair that is worth a row: it did not match, or only within the tolerance. */
export interface KeptDifference<Pair extends MatchPair> {
  readonly pair: Pair;
  readonly verdict: MatchVerdict;
  /** What the fuzzy comparison said; null = it was off, or the pair matched. */
  readonly downgradeStatus: DowngradeStatus | null;
}

export interface ChannelOutcome<Pair extends MatchPair> {
  readonly passed: boolean;
  /** Pairs that keep the check from passing. */
  readonly unmatched: number;
  /** Pairs that matched within the tolerance only. */
  readonly withinTolerance: number;
  /** Pairs that did not match but are balanced by instrument. */
  readonly balancedByInstrument: number;
  readonly byTag: Readonly<Record<Exclude<ResultTag, 'matched'>, number>>;
  /** What did not match, then what matched within the tolerance only. */
  readonly kept: readonly KeptDifference<Pair>[];
  /** Differences beyond the first `keep`: counted and in the digest, but without a row. */
  readonly omitted: number;
}

interface Judged<Pair extends MatchPair> {
  readonly pair: Pair;
  readonly verdict: MatchVerdict;
}

/**
 * Reconciles one settlement channel. It is given the pairs that are not plainly equal, one at a
 * time, and holds at most `keep` of them; so a missing file of a million trades needs no memory.
 * What did not match makes room for itself: a pair within the tolerance needs nobody.
 */
export class ChannelMatch<Pair extends MatchPair> {
  readonly #rule: MatchRule;
  readonly #keep: number;
  readonly #fuzzy: InstrumentBalance;
  readonly #differing: Judged<Pair>[] = [];
  readonly #tolerated: Judged<Pair>[] = [];
  readonly #byTag = { mismatch: 0, localOnly: 0, counterpartyOnly: 0, duplicate: 0 };
  #withinTolerance = 0;

  constructor(rule: MatchRule, keep: number) {
    this.#rule = rule;
    this.#keep = keep;
    this.#fuzzy = new InstrumentBalance(rule.tolerance);
  }

  add(pair: Pair): MatchVerdict {
    const verdict = judgePair(pair, this.#rule);
    if (verdict.resultTag !== 'matched') {
      this.#byTag[verdict.resultTag] += 1;
      this.#fuzzy.add(pair);
      if (this.#isFull()) this.#tolerated.pop();
      if (!this.#isFull()) this.#differing.push({ pair, verdict });
    } else if (verdict.toleranceStatus !== null) {
      this.#withinTolerance += 1;
      if (!this.#isFull()) this.#tolerated.push({ pair, verdict });
    }
    return verdict;
  }

  #isFull(): boolean {
    return this.#differing.length + this.#tolerated.length >= this.#keep;
  }

  finish(): ChannelOutcome<Pair> {
    const isFuzzy = this.#rule.fuzzyByInstrument;
    const differing = Object.values(this.#byTag).reduce((sum, count) => sum + count, 0);
    const unmatched = isFuzzy ? this.#fuzzy.pairsOutOfBalance() : differing;
    const kept = [...this.#differing, ...this.#tolerated];
    return {
      passed: unmatched === 0,
      unmatched,
      withinTolerance: this.#withinTolerance,
      balancedByInstrument: differing - unmatched,
      byTag: { ...this.#byTag },
      kept: kept.map(({ pair, verdict }) => ({
        pair,
        verdict,
        downgradeStatus:
          isFuzzy && verdict.resultTag !== 'matched' ? this.#fuzzy.statusOf(pair) : null,
      })),
      omitted: differing + this.#withinTolerance - kept.length,
    };
  }
}
