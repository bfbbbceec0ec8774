import type { RunnableStep } from '../clearing/steps.ts';

/** The same in the languages of the console. */
export interface Texts {
  readonly en: string;
  readonly zhHans: string;
  readonly zhHant: string;
}

/**
 * One thing that happened in a run, as its history tells it, joined over the events that belong
 * together: an activity is asked for, begun and ended in three.
 */
export interface Moment {
  readonly eventId: number;
  readonly at: string;
  readonly endedAt: string | null;
  readonly kind: 'opened' | 'asked' | 'told' | 'worked' | 'waited' | 'stumbled' | 'closed';
  /** Type of the workflow or activity, name of the update or signal, or how the run ended. */
  readonly what: string;
  readonly given: readonly unknown[];
  readonly gave: unknown;
  /** Update id = command id. */
  readonly commandId: string | null;
  /** Which process. Text that its owner chose: useful to read, worth nothing as proof. */
  readonly process: string | null;
  /** Of an activity: its id, and which attempt the history kept. */
  readonly activityId: string | null;
  readonly attempt: number | null;
  readonly code: string | null;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly code: string;
  readonly worker: string;
  readonly ms: number;
}

/** A line that an auditor reads: who did what, when, where, how long, at which attempt. */
export interface TimelineLine {
  readonly eventId: number;
  readonly at: string;
  readonly kind: Moment['kind'];
  readonly what: string;
  readonly who: string | null;
  readonly name: string | null;
  readonly commandId: string | null;
  readonly process: string | null;
  readonly step: RunnableStep | null;
  readonly stepRunId: number | null;
  readonly pass: number | null;
  /** From 1. */
  readonly shard: number | null;
  readonly shards: number | null;
  readonly ms: number | null;
  readonly attempt: number | null;
  /** Of a command: how it ended. */
  readonly outcome: string | null;
  readonly code: string | null;
  readonly failedAttempts: readonly FailedAttempt[];
  readonly texts: Texts;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
