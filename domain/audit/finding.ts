/** What is wrong with a row: it says something else, is gone, is too many, or is misplaced. */
export type Fault = 'changed' | 'missing' | 'inserted' | 'out of order';

/** The first row of a kind that does not fit the proofs. */
export interface Finding {
  readonly table: string;
  /** Column by column, such as `journal_id 17`. */
  readonly key: string;
  readonly fault: Fault;
  /** What shows it, in words. */
  readonly detail: string;
}
