import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Replay, ReplayJob, ReplayReport } from '../domain/audit/replay.ts';

const CHILD = fileURLToPath(new URL('../temporal/replay-child.ts', import.meta.url));
const END_WITH_PARENT = new URL('../scripts/end-with-parent.mjs', import.meta.url).href;
/** A history at the limit of Temporal takes some twenty seconds, twice. */
const PATIENCE_MS = 120_000;

/** Replays in child processes, one after another: an auditor must not slow down the operators. */
export function createReplay(): Replay {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(
      () => replayInChild(job),
      () => replayInChild(job),
    );
    last = next;
    return next;
  };
}

function replayInChild(job: ReplayJob): Promise<ReplayReport> {
  // It sees no settings: neither the database nor a key is any of its business.
  const child = fork(CHILD, {
    env: { TZ: 'UTC' },
    execArgv: ['--import', END_WITH_PARENT, '--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const words: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  return new Promise<ReplayReport>((resolve, reject) => {
    child.once('message', (report: ReplayReport) => resolve(report));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const said = Buffer.concat(words).toString().slice(-2000);
      reject(new Error(`the replay ended with ${String(code ?? signal)}: ${said}`));
    });
    child.send(job);
  }).finally(() => clearTimeout(timer));
}
