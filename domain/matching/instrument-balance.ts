import type { Decimal } from '../money/decimal.ts';
import { ZERO, type DecimalString } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import type { MatchPair, MatchSide } from './match-pair.ts';

export type DowngradeStatus = 'BALANCED' | 'OUT_OF_BALANCE';

interface Group {
  quantity: Decimal;
  amount: Decimal;
}

const groupOf = (pair: MatchPair, side: MatchSide): string =>
  [pair.tradeDate, side.instrumentId, side.currency, side.side].join('\u001f');

/**
 * The fuzzy comparison of the field: what did not match is summed again by trade date, instrument,
 * currency and side. A supplement that carries no serial of the exchange then balances the row of
 * the counterparty's file that lacks a partner. Memory grows with instruments, not with pairs.
 */
export class InstrumentBalance {
  readonly #tolerance: Decimal;
  readonly #groups = new Map<string, Group>();
  /** How many pairs stand on the same groups; a pair that crosses instruments stands on two. */
  readonly #pairs = new Map<string, { readonly groups: readonly string[]; pairs: number }>();

  constructor(tolerance: DecimalString) {
    this.#tolerance = parseDecimal(tolerance, 'tolerance');
  }

  /** Adds a pair that did not match. */
  add(pair: MatchPair): void {
    const groups = groupsOf(pair);
    const place = groups.join('\u001e');
    const counted = this.#pairs.get(place);
    if (counted) counted.pairs += 1;
    else this.#pairs.set(place, { groups, pairs: 1 });
    if (groups.length === 0) return;
    this.#sum(pair, pair.local, 1);
    this.#sum(pair, pair.other, -1);
  }

  /** Valid once every unmatched pair was added. A sum of mixed rows is never balanced. */
  statusOf(pair: MatchPair): DowngradeStatus {
    return this.#isBalanced(groupsOf(pair)) ? 'BALANCED' : 'OUT_OF_BALANCE';
  }

  /** How many of the added pairs stay out of balance. */
  pairsOutOfBalance(): number {
    let pairs = 0;
    for (const place of this.#pairs.values()) {
      if (!this.#isBalanced(place.groups)) pairs += place.pairs;
    }
    return pairs;
  }

  #isBalanced(groups: readonly string[]): boolean {
    return (
      groups.length > 0 &&
      groups.every((name) => {
        const group = this.#groups.get(name);
        return (
          group !== undefined && group.quantity.isZero() && group.amount.abs().lte(this.#tolerance)
        );
      })
    );
  }

  #sum(pair: MatchPair, side: MatchSide | null, sign: 1 | -1): void {
    if (side === null) return;
    const name = groupOf(pair, side);
    const group = this.#groups.get(name) ?? { quantity: ZERO, amount: ZERO };
    group.quantity = group.quantity.plus(parseDecimal(side.quantity).times(sign));
    group.amount = group.amount.plus(parseDecimal(side.amount).times(sign));
    this.#groups.set(name, group);
  }
}

/** The groups that a pair counts in; none when a side is a sum of different things. */
function groupsOf(pair: MatchPair): readonly string[] {
  const sides = [pair.local, pair.other].filter((side) => side !== null);
  if (sides.some((side) => side.isMixed)) return [];
  return [...new Set(sides.map((side) => groupOf(pair, side)))];
}
