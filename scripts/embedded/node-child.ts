import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { projectRoot } from '../../config.ts';
import { endOf, openLog, stopProcess } from './processes.ts';
import type { Running } from './supervisor.ts';

export interface NodeChildOptions {
  /** From the top of the project, with its arguments: `worker.ts control`. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** How long it may take to finish what it does before it is killed. */
  readonly graceMs?: number;
}

const GRACE_MS = 15_000;

/**
 * One of our own programs as a child: it ends when we do, by whatever way we end, and a Ctrl-C of
 * the terminal does not reach it, since the order of stopping is ours.
 */
export function startNodeChild(options: NodeChildOptions): Running {
  const log = openLog(options.logFile);
  const guard = new URL('../end-with-parent.mjs', import.meta.url).href;
  const args = ['--import', guard, '--import', 'tsx', options.script, ...(options.args ?? [])];
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    detached: true,
    env: { ...options.env, TZ: 'UTC' },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  closeSync(log.fd);
  const pid = child.pid ?? 0;
  const exited = endOf(child);
  return {
    pid,
    exited,
    lastWords: log.tail,
    stop: () =>
      pid > 0 ? stopProcess(pid, 'SIGTERM', options.graceMs ?? GRACE_MS) : exited.then(),
  };
}
