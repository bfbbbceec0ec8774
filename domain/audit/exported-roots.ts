/** What GET /audit/roots exports: kept elsewhere, it shows even a rewrite that fits together. */
export interface ExportedRoots {
  /** Oldest first; hashes in hexadecimal. */
  readonly roots: readonly {
    readonly rootNo: number;
    readonly ledgerDate: string;
    readonly root: string;
  }[];
  /** The end of the chain at the time of the export. */
  readonly head: { readonly seq: number; readonly hash: string };
}

const HASH = /^[0-9a-f]{64}$/;

/** Reads an export that came from a file. Throws TypeError when it is not one. */
export function exportedRootsOf(value: unknown): ExportedRoots {
  const { roots, head } = (value ?? {}) as Partial<ExportedRoots>;
  const isHash = (text: unknown): boolean => typeof text === 'string' && HASH.test(text);
  const fits =
    Array.isArray(roots) &&
    roots.every(
      (each: Partial<ExportedRoots['roots'][number]> | null) =>
        Number.isInteger(each?.rootNo) && isHash(each?.root),
    ) &&
    Number.isInteger(head?.seq) &&
    isHash(head?.hash);
  if (!fits) throw new TypeError('this is no export of GET /audit/roots');
  return value as ExportedRoots;
}
