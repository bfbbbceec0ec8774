// What both commands need before anything else can run. Plain JavaScript without dependencies: on
// a fresh clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Checks Node.js and installs the dependencies when they are missing or older than the lock. */
export function prepare() {
  const [major, minor] = process.versions.node.split('.').map((part) => Number.parseInt(part, 10));
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (isOld) {
    fail(
      `Daycut needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`,
    );
  }
  if (!isInstalled()) {
    console.log('Installing the dependencies (once) …');
    if (run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']) !== 0) {
      fail('npm ci failed; its messages are above.');
    }
  }
}

// npm writes this file last; a start that was broken off in the middle leaves none.
function isInstalled() {
  const installed = `${root}/node_modules/.package-lock.json`;
  const wanted = `${root}/package-lock.json`;
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

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
