/** What a worker wrote down about one attempt of an activity; see activity_attempts. */
export interface Witness {
  readonly activityId: string;
  readonly attempt: number;
  readonly inputSha256: string;
  readonly resultSha256: string | null;
}

export interface RecordedHash {
  readonly of: 'history' | 'code' | 'auditCode';
  /** In words: the archive, the audit log. */
  readonly where: string;
  /** Null where it should have been written down and was not. */
  readonly sha256: string | null;
}

/** One archived run and all that it is compared with. */
export interface ReplayJob {
  readonly workflowId: string;
  /** Protobuf. */
  readonly history: Uint8Array;
  /** The bundle of the release that it ran on, and its audit twin. */
  readonly code: string;
  readonly auditCode: string;
  /** What the bytes must hash to, as each place where that was written down has it. */
  readonly hashes: readonly RecordedHash[];
  readonly witnesses: readonly Witness[];
}

/** Something that is not as it was. `eventId` is null where it is about the run as a whole. */
export interface Difference {
  readonly what: string;
  readonly eventId: number | null;
  /** What the archive has, and what was found instead; null = nothing. */
  readonly recorded: string | null;
  readonly found: string | null;
}

export interface ReplayReport {
  readonly ok: boolean;
  /** Events that were replayed, and values that were compared. */
  readonly events: number;
  readonly values: number;
  readonly differences: readonly Difference[];
  /** Of the history, as it is now. */
  readonly sha256: string;
  /** The SDK that replayed; a bundle wants the one that it was made with. */
  readonly replayerVersion: string;
}

/** How a run is replayed: in a process of its own, since it keeps a core busy. */
export type Replay = (job: ReplayJob) => Promise<ReplayReport>;
