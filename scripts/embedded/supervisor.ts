import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from './processes.ts';

/** A child that lives. */
export interface Running {
  readonly pid: number;
  /** Settles when it is gone, by our doing or not, with how it ended. */
  readonly exited: Promise<string>;
  readonly stop: () => Promise<unknown>;
  /** The end of its log. */
  readonly lastWords?: () => string;
}

/** Something that must run for as long as the supervisor does. */
export interface Part {
  readonly name: string;
  /** The signal says that nobody wants it any more: what has begun must be ended. */
  readonly start: (signal: AbortSignal) => Promise<Running> | Running;
}

export interface SupervisorOptions {
  readonly say: (line: string) => void;
  /** The wait before the first restart; doubles with each one that follows soon. */
  readonly backoffMs?: number;
}

const BACKOFF_MS = 200;
const BACKOFF_MS_MAX = 10_000;
const STEADY_MS = 30_000;

interface Kept {
  readonly part: Part;
  running: Running | undefined;
  restarts: number;
}

export interface Supervisor {
  /** Starts a part and keeps it alive from then on. */
  readonly add: (part: Part) => Promise<void>;
  /** Work that may start programs: a stop tells it to end, and waits until it has. */
  readonly during: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** The living children by name. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** How often a part was started again. */
  readonly restarts: (name: string) => number;
  /** Stops what was started last first, since it depends on what came before. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

export function createSupervisor({ say, backoffMs = BACKOFF_MS }: SupervisorOptions): Supervisor {
  const parts: Kept[] = [];
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let stopped: Promise<void> | undefined;

  async function watch(kept: Kept): Promise<void> {
    for (let soon = 0; ;) {
      const began = Date.now();
      const how = kept.running === undefined ? 'it did not start' : await kept.running.exited;
      if (isStopping(stopping)) return;
      const words = reasonIn(kept.running?.lastWords?.() ?? '');
      kept.running = undefined;
      soon = Date.now() - began > STEADY_MS ? 0 : soon + 1;
      const wait = Math.min(backoffMs * 2 ** (soon - 1), BACKOFF_MS_MAX);
      say(`${kept.part.name}: ${how}; starting it again.${words && `\n      ${words}`}`);
      await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping(stopping)) return;
      await startAgain(kept);
    }
  }

  async function startAgain(kept: Kept): Promise<void> {
    try {
      const running = await during(async (signal) => kept.part.start(signal));
      kept.restarts += 1;
      kept.running = running;
      // The stop may have begun while it was starting, and did not know it.
      if (isStopping(stopping)) await running.stop();
    } catch (error) {
      say(`${kept.part.name}: ${messageOf(error)}`);
    }
  }

  async function during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    stopping.signal.throwIfAborted();
    const working = work(stopping.signal);
    underWay.add(working);
    try {
      return await working;
    } finally {
      underWay.delete(working);
    }
  }

  async function stopAll(): Promise<void> {
    stopping.abort();
    await Promise.allSettled(underWay);
    for (const { running } of parts.toReversed()) await running?.stop();
  }

  return {
    add: async (part) => {
      const running = await during(async (signal) => part.start(signal));
      const kept: Kept = { part, running, restarts: 0 };
      parts.push(kept);
      if (isStopping(stopping)) await running.stop();
      void watch(kept);
    },
    during,
    pids: () =>
      Object.fromEntries(
        parts.flatMap(({ part, running }) => (running ? [[part.name, running.pid]] : [])),
      ),
    restarts: (name) => parts.find(({ part }) => part.name === name)?.restarts ?? 0,
    stop: () => (stopped ??= stopAll()),
  };
}

/** A call, since the compiler believes that a property keeps the value it was compared with. */
const isStopping = ({ signal }: AbortController): boolean => signal.aborted;

/** The line of a log that tells most: its last error, or whatever came last. */
function reasonIn(log: string): string {
  const lines = log.split('\n').map((line) => line.trim());
  return (lines.findLast((line) => /\b[A-Za-z]*Error\b/.test(line)) ?? lines.at(-1) ?? '').slice(
    0,
    300,
  );
}
