import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { identityOf } from '../lock-file.mjs';
import { postgresFor, type PostgresInstallation } from './postgres-binaries.ts';
import {
  endOf,
  freePort,
  Hopeless,
  messageOf,
  openLog,
  poll,
  stopProcess,
  type ChildLog,
} from './processes.ts';
import { exitOf } from './run-program.ts';

const USER = 'daycut';
const PASSWORD_FILE = 'daycut.password';
const OWNER_FILE = 'daycut.owner';

export interface PostgresOptions {
  readonly dataDir: string;
  readonly port?: number;
  /** For tests: survives a kill, but not the end of the machine. */
  readonly fast?: boolean;
  /** Made when it is missing; `daycut` unless said otherwise. */
  readonly database?: string;
  readonly logFile?: string;
  /** Which programs to run as whom; found out unless given. */
  readonly installation?: PostgresInstallation;
  /** Told what an operator has to know. */
  readonly say?: (line: string) => void;
  /** Ends a start that nobody waits for any more, and what it has begun. */
  readonly signal?: AbortSignal;
}

export interface RunningPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
  /** Settles when the server is gone, by our doing or not, with how it ended. */
  readonly exited: Promise<string>;
}

/**
 * Starts the server of the embedded package on a data folder, making it the first time. A server
 * that outlived its killed launcher is stopped first; one whose launcher lives is left alone.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const installation = options.installation ?? postgresFor(resolve(options.dataDir));
  if (installation.remark !== undefined) options.say?.(installation.remark);
  const { dataDir } = installation;
  const logFile = options.logFile ?? `${dataDir}.log`;
  await clearTheWay(dataDir);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    await initialise(installation, options.fast ?? false, logFile, options.signal);
  }
  const password = readFileSync(join(dataDir, PASSWORD_FILE), 'utf8').trim();
  const server = await launch(installation, options, logFile, password);
  const database = options.database ?? USER;
  const url = (name: string) => `postgres://${USER}:${password}@127.0.0.1:${server.port}/${name}`;
  await createDatabase(url('postgres'), database);
  return { ...server, url: url(database) };
}

/** Stops an orphan; refuses when another living process owns the folder. */
async function clearTheWay(dataDir: string): Promise<void> {
  const pid = livingServer(dataDir);
  if (pid === undefined) return;
  const owner = ownerOf(dataDir);
  if (owner !== undefined && identityOf(owner.pid) === owner.identity) {
    throw new Error(
      `PostgreSQL already runs on ${dataDir} (process ${pid}), started by process ${owner.pid}.`,
    );
  }
  await stopProcess(pid, 'SIGINT', 30_000);
}

/**
 * The postmaster of this folder, if one lives. Its lock file outlives a crash; a number is reused.
 */
function livingServer(dataDir: string): number | undefined {
  const lock = join(dataDir, 'postmaster.pid');
  if (!existsSync(lock)) return undefined;
  const [pidLine = '', folder = ''] = readFileSync(lock, 'utf8').split('\n');
  const pid = Number.parseInt(pidLine, 10);
  if (!Number.isInteger(pid) || pid <= 1 || identityOf(pid) === undefined) return undefined;
  if (process.platform !== 'linux') return resolve(folder) === dataDir ? pid : undefined;
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(command[0] ?? '') === 'postgres' && command.includes(dataDir) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function ownerOf(dataDir: string): { pid: number; identity: string } | undefined {
  try {
    const [pid = '', identity = ''] = readFileSync(join(dataDir, OWNER_FILE), 'utf8').split('\n');
    return { pid: Number.parseInt(pid, 10), identity };
  } catch {
    return undefined;
  }
}

/** Made beside and renamed when complete, so that a kill in between leaves nothing half made. */
async function initialise(
  installation: PostgresInstallation,
  fast: boolean,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { dataDir, identity } = installation;
  const unfinished = `${dataDir}.unfinished`;
  const passwordFile = `${dataDir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) {
    chownSync(unfinished, identity.uid, identity.gid);
    chownSync(passwordFile, identity.uid, identity.gid);
  }
  const args = ['-D', unfinished, '-U', USER, '-E', 'UTF8', '--locale=C', '--no-instructions'];
  args.push(`--auth=${fast ? 'trust' : 'scram-sha-256'}`, `--pwfile=${passwordFile}`);
  if (fast) args.push('--no-sync');
  const log = openLog(logFile);
  const child = run(installation, 'initdb', args, log, dirname(unfinished));
  const code = await exitOf(child, signal);
  if (code !== 0) throw failure('PostgreSQL could not be initialised', dataDir, log);
  renameSync(passwordFile, join(unfinished, PASSWORD_FILE));
  rmSync(dataDir, { recursive: true, force: true });
  renameSync(unfinished, dataDir);
}

/** Another process may take the free port first, and a killed server's memory frees late: again. */
async function launch(
  installation: PostgresInstallation,
  options: PostgresOptions,
  logFile: string,
  password: string,
): Promise<Omit<RunningPostgres, 'url'>> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    try {
      return await launchOnce(installation, options, logFile, password, port);
    } catch (error) {
      const isPassing =
        /shared memory block .* still in use|lock file "postmaster\.pid" already exists/.test(
          messageOf(error),
        ) ||
        (options.port === undefined &&
          /could not bind|Address already in use/.test(messageOf(error)));
      if (!isPassing || Date.now() > deadline) throw error;
    }
  }
}

async function launchOnce(
  installation: PostgresInstallation,
  { fast = false, signal }: PostgresOptions,
  logFile: string,
  password: string,
  port: number,
): Promise<Omit<RunningPostgres, 'url'>> {
  const { dataDir } = installation;
  const log = openLog(logFile);
  const child = run(installation, 'postgres', serverArguments(dataDir, port, fast), log, dataDir);
  let end: string | undefined;
  const exited = endOf(child).then((how) => (end = how));
  const hasEnded = () => end !== undefined;
  const stopAtExit = () => child.kill('SIGINT');
  process.once('exit', stopAtExit);
  const stop = async () => {
    process.off('exit', stopAtExit);
    if (child.pid !== undefined) await stopProcess(child.pid, 'SIGINT', 30_000);
  };
  try {
    const url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
    await poll('the first answer of PostgreSQL', 60_000, async () => {
      if (hasEnded()) throw new Hopeless(end);
      if (signal?.aborted) throw new Hopeless('it was told to stop');
      return query(url, async (client) => {
        const { rows } = await client.query<{ data_directory: string }>('show data_directory');
        // Another server may sit on this port; ours is about to say so and end.
        return rows[0]?.data_directory === dataDir ? true : undefined;
      });
    });
  } catch (error) {
    await stop();
    const reason = `PostgreSQL did not start on port ${port} (${messageOf(error)})`;
    throw failure(reason, dataDir, log);
  }
  const pid = child.pid ?? 0;
  writeFileSync(join(dataDir, OWNER_FILE), `${process.pid}\n${identityOf(process.pid) ?? ''}`);
  child.unref();
  return { port, pid, stop, exited };
}

/**
 * Two backends that COPY at once fill the write-ahead log faster than its default buffer lets them;
 * kept segments are written over, which is cheaper than making new ones.
 */
const BULK_WRITES = { max_wal_size: '4GB', min_wal_size: '512MB', wal_buffers: '64MB' };

function serverArguments(dataDir: string, port: number, fast: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: fast ? '300' : '100',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fast ? { fsync: 'off', full_page_writes: 'off', max_wal_size: '4GB' } : BULK_WRITES),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataDir, '-p', String(port), ...flags];
}

/** In a session of its own: a terminal's Ctrl-C must reach us first, and the server when we say. */
function run(
  { bin, prefix, identity }: PostgresInstallation,
  name: string,
  args: readonly string[],
  log: ChildLog,
  cwd: string,
): ChildProcess {
  const [program = '', ...rest] = [...prefix, join(bin, name), ...args];
  try {
    return spawn(program, rest, {
      ...identity,
      cwd,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' },
    });
  } finally {
    closeSync(log.fd);
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  await query(url, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  });
}

async function query<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // The end of the server is told by its exit; a broken idle connection adds nothing.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return await ask(client);
  } finally {
    await client.end();
  }
}

const failure = (what: string, dataDir: string, log: ChildLog): Error =>
  new Error(`${what}. Data: ${dataDir}. Log: ${log.file}, which ends with:\n${log.tail()}`);
