import { spawn, type ChildProcess } from 'node:child_process';

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A process group of its own, so that what a program started can be ended with it. */
export const hasGroups = process.platform !== 'win32';

/** Runs a program to its end and gives what it printed; throws its last words when it failed. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, signal, ...where }: ProgramOptions,
): Promise<string> {
  const child = spawn(program, args, {
    ...where,
    detached: hasGroups,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complaint = '';
  child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const limits = [AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])];
  const code = await exitOf(child, AbortSignal.any(limits));
  if (code === 0) return printed;
  const lastWords = complaint.trim().split('\n').at(-1);
  throw new Error(lastWords ? lastWords : `it ended with ${String(code)}`);
}

/**
 * The exit code of a child that works towards an end. It and all that it started are killed when
 * the signal says so, or when this process exits: half of its work is of no use to anybody.
 */
export async function exitOf(
  child: ChildProcess,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      if (hasGroups) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // Gone already.
    }
  };
  process.once('exit', kill);
  signal?.addEventListener('abort', kill);
  try {
    if (signal?.aborted === true) kill();
    const code = await new Promise<number | null>((done, fail) => {
      child.once('close', done);
      child.once('error', fail);
    });
    signal?.throwIfAborted();
    return code;
  } finally {
    process.off('exit', kill);
    signal?.removeEventListener('abort', kill);
  }
}
