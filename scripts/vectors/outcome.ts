/** One value that does not agree. */
export interface Difference {
  readonly line: string;
  readonly expected: string;
  readonly got: string;
}

export type Outcome =
  | { readonly status: 'agreed' }
  | { readonly status: 'differing'; readonly differences: readonly Difference[] }
  | { readonly status: 'unsupported'; readonly reason: string };

export const unsupported = (reason: string): Outcome => ({ status: 'unsupported', reason });

export const outcomeOf = (differences: readonly Difference[]): Outcome =>
  differences.length === 0 ? { status: 'agreed' } : { status: 'differing', differences };

/** A vector that does not follow the format; the message names the field. */
export class MalformedVector extends Error {}
