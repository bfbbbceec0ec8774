// What both commands need before anything else can run. Plain JavaScript without dependencies: on
// a fresh clone there is nothing else yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { takeLock } from './lock-file.mjs';

const OLDEST_NODE = [20, 19];
const ASK_AGAIN_MS = 200;
const INTERRUPTED = 130;

const root = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';
const LOCK = join(root, 'package-lock.json');
const MODULES = join(root, 'node_modules');
const INSTALLED = join(MODULES, '.package-lock.json');
const STAMP = join(MODULES, '.daycut-lock');
/** Not in the folder that npm empties, and not in a data folder, which may be another one. */
const INSTALLING = join(root, '.daycut', 'installing.json');

/** Checks Node.js and installs the dependencies when they are missing or not those of the lock. */
export async function prepare() {
  const [major, minor] = process.versions.node.split('.').map((part) => Number.parseInt(part, 10));
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (isOld) {
    const oldest = OLDEST_NODE.join('.');
    fail(`Daycut needs Node.js ${oldest} or newer; this is ${process.versions.node}.`);
  }
  if (isInstalled()) return;
  const lock = await installationLock();
  try {
    if (!isInstalled()) await install(lock);
  } finally {
    lock.release();
  }
}

// npm writes its own list last; an installation that was broken off in the middle leaves none. Our
// stamp knows the lock again when git has merely touched it.
function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashOfLock()) return true;
  return statSync(INSTALLED).mtimeMs >= statSync(LOCK).mtimeMs;
}

const hashOfLock = () => createHash('sha256').update(readFileSync(LOCK)).digest('hex');

/** Two installations in one folder would delete each other's files: the second one waits. */
async function installationLock() {
  for (let hasTold = false; ; hasTold = true) {
    const { lock, holder } = takeLock(INSTALLING);
    if (lock !== undefined) return lock;
    if (!hasTold) {
      const who = `process ${holder.pid}, since ${holder.since}`;
      console.log(`The dependencies are being installed already (${who}); waiting for that …`);
    }
    await pause(ASK_AGAIN_MS);
  }
}

async function install(lock) {
  if (lstatSync(MODULES, { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      'node_modules is a symbolic link, and npm ci would empty the folder that it points to:\n' +
        `${targetOf(MODULES)}\nRemove the link; then this installs the dependencies.`,
    );
  }
  console.log('Installing the dependencies (once, a minute or two) …');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: root, stdio: 'inherit', shell: isWindows });
  // If we are killed, npm goes on, and whoever comes next must wait for it.
  if (npm.pid !== undefined) lock.shareWith(npm.pid);
  const isInterrupted = stopWithUs(npm);
  const code = await new Promise((resolve) => {
    npm.once('exit', resolve);
    npm.once('error', (error) => fail(`npm could not be run: ${error.message}`));
  });
  if (isInterrupted()) process.exit(INTERRUPTED);
  if (code !== 0) fail('npm ci failed; its messages are above.');
  writeFileSync(STAMP, hashOfLock());
}

function targetOf(link) {
  try {
    return realpathSync(link);
  } catch {
    return 'a folder that is not there';
  }
}

/** A Ctrl-C of the terminal reaches npm by itself; a signal to us alone would not. */
function stopWithUs(child) {
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    const onSignal = () => {
      isInterrupted = true;
      child.kill(signal);
    };
    process.on(signal, onSignal);
    child.once('exit', () => process.off(signal, onSignal));
  }
  return () => isInterrupted;
}

/** Runs a program in the top folder, in this terminal, and gives its exit code. */
export function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    shell: isWindows,
  });
  if (error) fail(`${program} could not be run: ${error.message}`);
  return status ?? 1;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
