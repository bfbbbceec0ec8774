import type { BusinessDate } from '../calendar/business-date.ts';
import type { Decimal } from '../money/decimal.ts';
import { type DecimalString } from '../money/decimal.ts';
import { parseDecimal } from '../money/parse-decimal.ts';
import type { Side } from '../trades/trade.ts';

/** How a settlement channel is reconciled: which key both sides are summed by. */
export type MatchMode = 'execution' | 'order' | 'instrument';

/** 0 matched, 1 mismatch, 2 local only, 3 counterparty only, 4 duplicate: the field's tags. */
export type ResultTag = 'matched' | 'mismatch' | 'localOnly' | 'counterpartyOnly' | 'duplicate';
export type ToleranceStatus = 'WITHIN' | 'EXCEEDED';

export interface MatchRule {
  readonly matchMode: MatchMode;
  /** Largest amount difference of one pair that still matches, in its currency; 0 = exact. */
  readonly tolerance: DecimalString;
  /** Unmatched pairs are compared again, summed by instrument and side. */
  readonly fuzzyByInstrument: boolean;
}

/** One side of a pair: the rows of one key, summed. */
export interface MatchSide {
  /** How many rows were summed. */
  readonly rows: number;
  /** True when the rows differ in instrument, currency or side, so that the sum means nothing. */
  readonly isMixed: boolean;
  readonly instrumentId: string;
  readonly currency: string;
  readonly side: Side;
  readonly quantity: DecimalString;
  /** Of one row; null for a sum of several. */
  readonly price: DecimalString | null;
  /** Our side: quantity times price. The counterparty's: as its file says. */
  readonly amount: DecimalString;
}

/** What both sides say of one key on one trade date; at least one of them says something. */
export interface MatchPair {
  readonly tradeDate: BusinessDate;
  readonly key: string;
  readonly local: MatchSide | null;
  readonly other: MatchSide | null;
}

export interface MatchVerdict {
  readonly resultTag: ResultTag;
  /** null = the tolerance was off, or not what decided. */
  readonly toleranceStatus: ToleranceStatus | null;
  /** Ours minus theirs; a missing side counts as zero. */
  readonly quantity: DecimalString;
  readonly amount: DecimalString;
  /** null unless both sides have one. Shown only: the amount decides. */
  readonly price: DecimalString | null;
}

const priceDifference = (pair: MatchPair): DecimalString | null => {
  const ours = pair.local?.price ?? null;
  const theirs = pair.other?.price ?? null;
  return ours === null || theirs === null
    ? null
    : parseDecimal(ours, 'price').minus(parseDecimal(theirs, 'price')).toFixed();
};

const differenceOf = (pair: MatchPair, field: 'quantity' | 'amount'): Decimal =>
  parseDecimal(pair.local?.[field] ?? '0', field).minus(
    parseDecimal(pair.other?.[field] ?? '0', field),
  );

/**
 * Compares both sides of one key: instrument, currency, side and quantity must agree exactly, the
 * amount within the tolerance. The same execution twice on one side is a duplicate, whatever it
 * sums to; orders and instruments are sums by nature. Throws NOT_A_DECIMAL.
 */
export function judgePair(pair: MatchPair, rule: MatchRule): MatchVerdict {
  const { local, other } = pair;
  const quantity = differenceOf(pair, 'quantity');
  const amount = differenceOf(pair, 'amount');
  const verdict = (
    resultTag: ResultTag,
    toleranceStatus: ToleranceStatus | null = null,
  ): MatchVerdict => ({
    resultTag,
    toleranceStatus,
    quantity: quantity.toFixed(),
    amount: amount.toFixed(),
    price: priceDifference(pair),
  });
  const isTwice = (side: MatchSide | null): boolean => side !== null && side.rows > 1;
  if (rule.matchMode === 'execution' && (isTwice(local) || isTwice(other))) {
    return verdict('duplicate');
  }
  if (other === null) return verdict('localOnly');
  if (local === null) return verdict('counterpartyOnly');
  const sameTrade =
    !local.isMixed &&
    !other.isMixed &&
    local.instrumentId === other.instrumentId &&
    local.currency === other.currency &&
    local.side === other.side &&
    quantity.isZero();
  if (sameTrade && amount.isZero()) return verdict('matched');
  const tolerance = parseDecimal(rule.tolerance, 'tolerance');
  if (!sameTrade || tolerance.isZero()) return verdict('mismatch');
  return amount.abs().lte(tolerance)
    ? verdict('matched', 'WITHIN')
    : verdict('mismatch', 'EXCEEDED');
}

const sideText = (side: MatchSide | null): string =>
  side === null
    ? '-'
    : [
        side.rows,
        side.isMixed,
        side.instrumentId,
        side.currency,
        side.side,
        parseDecimal(side.quantity).toFixed(),
        parseDecimal(side.amount).toFixed(),
      ].join(' ');

/**
 * One line that says everything about a difference, for the digest of a set of them: a pass by hand
 * is bound to it, so a different set needs another pass.
 */
export const differenceText = (pair: MatchPair, verdict: MatchVerdict): string =>
  [
    pair.tradeDate,
    pair.key,
    verdict.resultTag,
    verdict.toleranceStatus ?? '-',
    sideText(pair.local),
    sideText(pair.other),
  ].join('|');
