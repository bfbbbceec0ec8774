import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf } from '../lock-file.mjs';

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const isAlive = (pid: number): boolean => identityOf(pid) !== undefined;

/** How a child ended, or why it never began. */
export const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(`it ended with ${String(code ?? signal)}`));
    child.once('error', (error) => resolve(error.message));
  });

/** A port that nobody listened on a moment ago. Another process may still be faster. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until there is an answer. Throws when the time is over, with the last reason known. */
export async function poll<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let reason = '';
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 200)) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      reason = `: ${messageOf(error)}`;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what} did not happen within ${timeoutMs / 1000} s${reason}`);
    }
    await pause(wait);
  }
}

/** Thrown inside a probe when waiting longer cannot help. */
export class Hopeless extends Error {
  override name = 'Hopeless';
}

/** Asks a process to stop, waits until it is gone, and insists after the grace time. */
export async function stopProcess(
  pid: number,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const identity = identityOf(pid);
  if (identity === undefined) return;
  const isGone = () => (identityOf(pid) === identity ? undefined : true);
  signalProcess(pid, signal);
  try {
    await poll(`the end of process ${pid}`, graceMs, isGone);
  } catch {
    signalProcess(pid, 'SIGKILL');
    await poll(`the end of process ${pid} after SIGKILL`, 10_000, isGone);
  }
}

/** A process that is gone already needs no signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A log that a child writes to. It goes on where the last one ended, unless it grew too long. */
export interface ChildLog {
  readonly file: string;
  /** Given to spawn; closed in this process right after. */
  readonly fd: number;
  /** What this child said at last, for an error message. */
  readonly tail: () => string;
}

const LOG_BYTES_MAX = 20 * 1024 * 1024;

export function openLog(file: string): ChildLog {
  mkdirSync(dirname(file), { recursive: true });
  const length = existsSync(file) ? statSync(file).size : 0;
  if (length > LOG_BYTES_MAX) renameSync(file, `${file}.old`);
  const from = length > LOG_BYTES_MAX ? 0 : length;
  return { file, fd: openSync(file, 'a'), tail: () => tailOf(file, from) };
}

function tailOf(file: string, from: number): string {
  const text = readFileSync(file).subarray(from).toString('utf8').trimEnd();
  return text.split('\n').slice(-30).join('\n');
}
