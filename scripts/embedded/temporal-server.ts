import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { identityOf } from '../lock-file.mjs';
import { endOf, freePort, Hopeless, messageOf, openLog, poll, stopProcess } from './processes.ts';
import type { TemporalCli } from './temporal-cli.ts';

const RETENTION = '30 days';

/**
 * A dev server has one history shard whose queue it polls 20 times a second, so that each activity
 * waits 50 ms twice: eight empty steps took 850 ms, and 110 ms with this. And commands of several
 * operators must not be refused only since ten are under way.
 */
const SETTINGS = ['history.transferProcessorMaxPollRPS=1000', 'history.maxInFlightUpdates=100'];

/** A log ahead of the file instead of a copy behind it: half the waiting, and as safe. */
const DATABASE = ['journal_mode=wal', 'synchronous=2'];

export interface TemporalOptions {
  readonly cli: TemporalCli;
  /** Holds the database file, the log and the note of who runs. */
  readonly dir: string;
  readonly namespaces: readonly string[];
  readonly port?: number;
  /** For tests: nothing is kept over a restart. */
  readonly inMemory?: boolean;
  readonly logFile?: string;
  /** Ends a start that nobody waits for any more, and the server that it has begun. */
  readonly signal?: AbortSignal;
}

export interface RunningTemporal {
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
  /** Settles when the server is gone, by our doing or not, with how it ended. */
  readonly exited: Promise<string>;
}

interface Note {
  readonly pid: number;
  readonly identity: string;
  readonly ownerPid: number;
  readonly ownerIdentity: string;
}

/** Starts Temporal's dev server and waits until each namespace answers. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  mkdirSync(options.dir, { recursive: true });
  const note = join(options.dir, 'temporal.pid.json');
  await clearTheWay(note);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(options, port, note);
    } catch (error) {
      // A server that was killed a moment ago may still hold the port that everybody knows.
      const mayPass =
        options.port === undefined
          ? /address already in use/.test(messageOf(error))
          : /it ended with/.test(messageOf(error));
      if (!mayPass || attempt === 5) throw error;
    }
  }
}

/** The file belongs to one release: another one cannot be trusted to read it. */
export const databaseFileOf = ({ dir, cli }: Pick<TemporalOptions, 'dir' | 'cli'>): string =>
  join(dir, `temporal-${cli.version}.db`);

async function clearTheWay(noteFile: string): Promise<void> {
  let note: Note;
  try {
    note = JSON.parse(readFileSync(noteFile, 'utf8')) as Note;
  } catch {
    return;
  }
  if (identityOf(note.pid) !== note.identity) return;
  if (identityOf(note.ownerPid) === note.ownerIdentity) {
    throw new Error(
      `Temporal already runs here (process ${note.pid}), started by process ${note.ownerPid}.`,
    );
  }
  await stopProcess(note.pid, 'SIGTERM', 10_000);
}

async function launch(
  options: TemporalOptions,
  port: number,
  noteFile: string,
): Promise<RunningTemporal> {
  const logFile = options.logFile ?? join(options.dir, 'temporal.log');
  const log = openLog(logFile);
  // In a session of its own: a terminal's Ctrl-C must reach us first, and the server when we say.
  const child = spawn(options.cli.path, serverArguments(options, port), {
    cwd: options.dir,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: process.env['PATH'], HOME: options.dir, TZ: 'UTC' },
  });
  closeSync(log.fd);
  let end: string | undefined;
  const exited = endOf(child).then((how) => (end = how));
  const hasEnded = () => end !== undefined;
  const pid = child.pid ?? 0;
  const stopAtExit = () => child.kill('SIGTERM');
  process.once('exit', stopAtExit);
  const stop = async () => {
    process.off('exit', stopAtExit);
    if (pid > 0) await stopProcess(pid, options.inMemory ? 'SIGKILL' : 'SIGTERM', 10_000);
    rmSync(noteFile, { force: true });
  };
  const address = `127.0.0.1:${port}`;
  try {
    writeNote(noteFile, pid);
    await untilServing(address, options.namespaces, () => {
      if (hasEnded()) throw new Hopeless(end);
      if (options.signal?.aborted) throw new Hopeless('it was told to stop');
    });
  } catch (error) {
    await stop();
    throw new Error(
      `Temporal did not start on port ${port} (${messageOf(error)}). Its log, ${logFile}, ends ` +
        `with:\n${log.tail()}`,
      { cause: error },
    );
  }
  child.unref();
  return { address, port, pid, stop, exited };
}

function serverArguments(options: TemporalOptions, port: number): string[] {
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
  args.push('--log-level', 'warn');
  for (const namespace of options.namespaces) args.push('--namespace', namespace);
  for (const setting of SETTINGS) args.push('--dynamic-config-value', setting);
  if (!options.inMemory) {
    args.push('--db-filename', databaseFileOf(options));
    for (const pragma of DATABASE) args.push('--sqlite-pragma', pragma);
  }
  return args;
}

function writeNote(file: string, pid: number): void {
  const identity = identityOf(pid) ?? '';
  const ownerIdentity = identityOf(process.pid) ?? '';
  const note: Note = { pid, identity, ownerPid: process.pid, ownerIdentity };
  writeFileSync(file, JSON.stringify(note));
}

/**
 * Answers for every namespace; keeps closed runs for a month, since a weekend must not lose any.
 */
async function untilServing(
  address: string,
  namespaces: readonly string[],
  checkChild: () => void,
): Promise<void> {
  const connection = await poll('the first answer of Temporal', 60_000, async () => {
    checkChild();
    return Connection.connect({ address, connectTimeout: 1000 });
  });
  try {
    for (const namespace of namespaces) {
      await poll(`namespace ${namespace}`, 30_000, async () => {
        checkChild();
        return connection.workflowService.updateNamespace({
          namespace,
          config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
        });
      });
    }
  } finally {
    await connection.close();
  }
}
