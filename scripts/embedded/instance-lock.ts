import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf } from './processes.ts';

/** Who runs on a data folder. */
export interface Instance {
  readonly pid: number;
  readonly since: string;
  readonly url?: string;
}

interface LockFile extends Instance {
  readonly identity: string;
}

export interface InstanceLock {
  /** Known only later: tells the next one who asks. */
  readonly announce: (url: string) => void;
  readonly release: () => void;
}

/** Thrown when another living process holds the folder. */
export class AlreadyRunning extends Error {
  override name = 'AlreadyRunning';
  readonly instance: Instance;

  constructor(instance: Instance, dir: string) {
    const where = instance.url === undefined ? 'it is still starting' : instance.url;
    super(
      `Daycut already runs on ${dir}: process ${instance.pid}, ${where}, since ${instance.since}.`,
    );
    this.instance = instance;
  }
}

/** One launcher for each data folder. What a killed one left behind is taken over. */
export function lockInstance(dir: string): InstanceLock {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'instance.json');
  const mine: LockFile = {
    pid: process.pid,
    identity: identityOf(process.pid) ?? '',
    since: new Date().toISOString(),
  };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    while (!linked(draft, file)) takeOverOrThrow(dir, file);
  } finally {
    rmSync(draft, { force: true });
  }
  const release = () => {
    process.off('exit', release);
    if (read(file)?.identity === mine.identity) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return {
    announce: (url) => {
      writeFileSync(draft, JSON.stringify({ ...mine, url }));
      renameSync(draft, file);
    },
    release,
  };
}

/** A hard link is made once or not at all, and whoever sees it sees the whole file. */
function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function takeOverOrThrow(dir: string, file: string): void {
  const holder = read(file);
  if (holder !== undefined && identityOf(holder.pid) === holder.identity) {
    throw new AlreadyRunning(holder, dir);
  }
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  // Another one was faster and this is its lock: it goes back where it was.
  if (moved !== undefined && identityOf(moved.pid) === moved.identity) linked(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): LockFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockFile;
  } catch {
    return undefined;
  }
}
