/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  readonly since: string;
  readonly url?: string;
  readonly partner?: { readonly pid: number };
}

export interface Lock {
  /** Adds what became known later, for the next one who asks. */
  readonly rewrite: (change: { readonly url: string }) => void;
  /** From now on it is also held for as long as that process lives. */
  readonly shareWith: (pid: number) => void;
  readonly release: () => void;
}

export type Taking =
  | { readonly lock: Lock; readonly holder?: undefined }
  | { readonly lock?: undefined; readonly holder: Holder };

export function identityOf(pid: number): string | undefined;
export function takeLock(file: string): Taking;
