import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Replay, ReplayJob, ReplayReport } from '../domain/audit/replay.ts';

const CHILD = fileURLToPath(new URL('../temporal/replay-child.ts', import.meta.url));
const END_WITH_PARENT = new URL('../scripts/end-with-parent.mjs', import.meta.url).href;
/** A history at the limit of Temporal takes some twenty seconds, twice. */
const PATIENCE_MS = 120_000;
/** An auditor who replays one run often replays the next. */
const IDLE_MS = 30_000;

/** Replays in a child process, one after another: an auditor must not slow down the operators. */
export function createReplay(): Replay {
  let child: ChildProcess | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function replayNext(job: ReplayJob): Promise<ReplayReport> {
    clearTimeout(idle);
    if (child?.connected !== true) child = startChild();
    const worker = child;
    try {
      return await answerOf(worker, job);
    } finally {
      idle = setTimeout(() => worker.kill('SIGKILL'), IDLE_MS).unref();
    }
  }
  return (job) => {
    const next = last.catch(() => undefined).then(() => replayNext(job));
    last = next;
    return next;
  };
}

function startChild(): ChildProcess {
  const child = fork(CHILD, {
    // It sees no settings: neither the database nor a key is any of its business.
    env: { TZ: 'UTC' },
    execArgv: ['--import', END_WITH_PARENT, '--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // Whoever waits for an answer hears of its end; an idle one is missed by nobody.
  child.on('error', () => undefined);
  child.unref();
  return child;
}

async function answerOf(child: ChildProcess, job: ReplayJob): Promise<ReplayReport> {
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let settle: () => void = () => undefined;
  const answer = new Promise<ReplayReport>((resolve, reject) => {
    const onMessage = (report: ReplayReport) => resolve(report);
    const onExit = () => reject(new Error('the process that replays has ended without a report'));
    child.once('message', onMessage).once('exit', onExit);
    settle = () => child.off('message', onMessage).off('exit', onExit);
    child.send(job);
  });
  return answer.finally(() => {
    clearTimeout(timer);
    settle();
  });
}
