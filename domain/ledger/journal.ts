/** Parts of one balance: what is there, what is due on a settlement date, what is held back. */
export const BUCKETS = { settled: 1, unsettled: 2, frozen: 3 } as const;
export type Bucket = (typeof BUCKETS)[keyof typeof BUCKETS];

/**
 * tradePosting books a contract: gross and fees in cash, quantity in securities, all unsettled.
 * The two settlements move a leg from unsettled to settled. A reversal negates one journal exactly.
 */
export type JournalKind =
  | 'opening'
  | 'tradePosting'
  | 'cashSettlement'
  | 'securitiesSettlement'
  | 'tradePostingReversal'
  | 'cashSettlementReversal'
  | 'securitiesSettlementReversal';

/**
 * Contract states of the field: 3 待收费, 4 待交收, 6 券已交收 (cash still open), 5 交收完成. The
 * unreversed journals of a contract prove its state. Cash settled before securities stays 4: the
 * field has a state for securities first (6), none for cash first.
 */
export type ContractState = 3 | 4 | 5 | 6;
