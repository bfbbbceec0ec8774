import { canonicalJson } from '../tickets/frozen.ts';

/*
 * An evidence pack: all that shows, without a database, that a ledger entry is what it was when it
 * was booked, who had a hand in it, and by which code. scripts/verify-evidence.mjs checks it and
 * reads exactly this.
 */
export const EVIDENCE_FORMAT = 'daycut-evidence-1';

/** The siblings of a node, in hexadecimal. */
export interface EvidenceStep {
  readonly before: string;
  readonly after: string;
}

/** A journal as the bytes that were sealed, and where it stands in its chunk. */
export interface EvidenceEntry {
  readonly ledgerDate: string;
  readonly journalId: number;
  /** What the fields of the two kinds of lines in `leaf` are called. */
  readonly columns: { readonly journal: readonly string[]; readonly posting: readonly string[] };
  /** base64 of the journal's line and of those of its postings, as PostgreSQL writes them. */
  readonly leaf: string;
  readonly path: readonly EvidenceStep[];
}

export interface EvidenceSeal {
  readonly ledgerDate: string;
  readonly stepRunId: number;
  readonly shard: number;
  readonly chunk: number;
  readonly journals: number;
  readonly root: string;
  /** From the seal to the journals root of its daily root. */
  readonly path: readonly EvidenceStep[];
}

export interface EvidenceRoot {
  readonly rootNo: number;
  readonly ledgerDate: string;
  readonly previousRoot: string;
  readonly lastStepRunId: number;
  readonly seals: number;
  readonly journals: number;
  readonly journalsRoot: string;
  readonly auditSeq: number;
  readonly auditHash: string;
  readonly root: string;
}

/** The run of a workflow that worked the step run, with the bytes that were archived. */
export interface EvidenceRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly closeStatus: string;
  readonly sha256: string;
  readonly sdkVersion: string | null;
  readonly bundleHash: string | null;
  readonly release: string | null;
  /** base64 of temporal.api.history.v1.History. */
  readonly history: string;
  /** The same in words. */
  readonly timeline: readonly {
    readonly eventId: number;
    readonly at: string;
    readonly en: string;
  }[];
}

/** An event of the audit log; its text is what is hashed. */
export interface EvidenceEvent {
  readonly seq: number;
  readonly text: string;
}

/** The content hashes of the chain from the first event of interest up to a daily root. */
export interface EvidenceSegment {
  readonly from: number;
  /** The hash of the link before. */
  readonly before: string;
  readonly contents: readonly string[];
  /** The daily root that it leads to; null = to the end of the chain, not rooted yet. */
  readonly rootNo: number | null;
}

export interface EvidenceContent {
  readonly format: typeof EVIDENCE_FORMAT;
  readonly madeAt: string;
  readonly entry: EvidenceEntry;
  readonly seal: EvidenceSeal;
  readonly rootNo: number;
  readonly roots: readonly EvidenceRoot[];
  /** The journal with names instead of numbers. */
  readonly journal: unknown;
  /** Terms, each fee as the rules gave it, and the bill, which a person can have changed. */
  readonly contract: {
    readonly terms: unknown;
    readonly fees: readonly unknown[];
    readonly bill: unknown;
  } | null;
  readonly stepRun: unknown;
  readonly runs: readonly EvidenceRun[];
  readonly events: readonly EvidenceEvent[];
  readonly segments: readonly EvidenceSegment[];
  /** The end of the chain when the pack was made. */
  readonly head: { readonly seq: number; readonly hash: string };
}

export interface EvidencePack {
  readonly content: EvidenceContent;
  readonly signature: {
    readonly algorithm: 'Ed25519';
    /** PEM. */
    readonly publicKey: string;
    /** sha256 of the public key as DER. */
    readonly fingerprint: string;
    /** base64, over the UTF-8 bytes of the content as canonical JSON. */
    readonly value: string;
  };
}

/** What is signed: it depends on the values, not on how the file is laid out. */
export const signedText = (content: EvidenceContent): string => canonicalJson(content);

/** A link of the chain that an event of interest has, and which daily root comes after it. */
export interface LinkOfInterest {
  readonly seq: number;
  readonly rootNo: number | null;
}

/**
 * Which stretches of the chain are needed: for each daily root that comes after an event of
 * interest, from the first such event to that root. `rootNo` null = up to the end of the chain.
 */
export function stretchesOf(
  seqs: readonly number[],
  roots: readonly { readonly rootNo: number; readonly auditSeq: number }[],
): readonly LinkOfInterest[] {
  const first = new Map<number | null, number>();
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const rootNo = roots.find(({ auditSeq }) => auditSeq >= seq)?.rootNo ?? null;
    if (!first.has(rootNo)) first.set(rootNo, seq);
  }
  return [...first].map(([rootNo, seq]) => ({ seq, rootNo }));
}
