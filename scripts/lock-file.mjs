// A file that one living process holds at a time. Plain JavaScript without dependencies: it guards
// the installation of the dependencies, too.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What tells this process from a later one that was given the same number; undefined when there
 * is no living process of this number. A number alone proves nothing after a crash or a reboot.
 */
export function identityOf(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return undefined;
  }
  try {
    if (process.platform === 'linux') return linuxIdentity(pid);
    if (process.platform === 'win32') return String(pid);
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Boot and start tick. The command may hold spaces and brackets, so fields count from its end. */
function linuxIdentity(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = fields[0] === 'Z' || fields[0] === 'X';
  if (isZombie) return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${fields[19] ?? ''}`;
}

/** Takes the lock, or says which living process has it. What a killed one left is taken over. */
export function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  let mine = { ...namingProcess(process.pid), since: new Date().toISOString() };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    while (!isLinked(draft, file)) {
      const found = readLock(file);
      const living = livingHolder(found);
      if (living !== undefined) return { holder: { ...found, pid: living.pid } };
      putAside(file);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const release = () => {
    process.off('exit', release);
    if (readLock(file)?.identity === mine.identity) rmSync(file, { force: true });
  };
  const rewrite = (change) => {
    mine = { ...mine, ...change };
    writeFileSync(draft, JSON.stringify(mine));
    renameSync(draft, file);
  };
  process.once('exit', release);
  return {
    lock: { rewrite, shareWith: (pid) => rewrite({ partner: namingProcess(pid) }), release },
  };
}

const namingProcess = (pid) => ({ pid, identity: identityOf(pid) ?? '' });

const livingHolder = (found) =>
  [found, found?.partner].find((each) => each && identityOf(each.pid) === each.identity);

/** A hard link is made once or not at all, and whoever sees it sees the whole file. */
function isLinked(draft, file) {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function putAside(file) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  // If another one was faster this is its lock: it goes back where it was.
  if (livingHolder(readLock(aside)) !== undefined) isLinked(aside, file);
  rmSync(aside, { force: true });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
