// What both commands need before anything else can run. Plain JavaScript without dependencies: on
// a fresh clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];

const root = fileURLToPath(new URL('..', import.meta.url));
const LOCK = join(root, 'package-lock.json');
const INSTALLED = join(root, 'node_modules', '.package-lock.json');
const STAMP = join(root, 'node_modules', '.daycut-lock');

/** Checks Node.js and installs the dependencies when they are missing or not those of the lock. */
export function prepare() {
  const [major, minor] = process.versions.node.split('.').map((part) => Number.parseInt(part, 10));
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (isOld) {
    const oldest = OLDEST_NODE.join('.');
    fail(`Daycut needs Node.js ${oldest} or newer; this is ${process.versions.node}.`);
  }
  if (isInstalled()) return;
  console.log('Installing the dependencies (once, a minute or two) …');
  if (run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    fail('npm ci failed; its messages are above.');
  }
  writeFileSync(STAMP, hashOfLock());
}

// npm writes its own list last; an installation that was broken off in the middle leaves none. Our
// stamp knows the lock again when git has merely touched it.
function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashOfLock()) return true;
  return statSync(INSTALLED).mtimeMs >= statSync(LOCK).mtimeMs;
}

const hashOfLock = () => createHash('sha256').update(readFileSync(LOCK)).digest('hex');

/** Runs a program in the top folder, in this terminal, and gives its exit code. */
export function run(program, args) {
  const isWindows = process.platform === 'win32';
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
