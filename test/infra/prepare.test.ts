import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { isAlive, poll } from '../../scripts/embedded/processes.ts';
import type { Holder } from '../../scripts/lock-file.mjs';

interface Start {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly code: Promise<number | null>;
}

/** Notes when it begins and ends, with its process number, and installs once it is told to. */
const NPM = `#!/bin/sh
echo "began $$" >> npm.log
while [ ! -e go ]; do sleep 0.05; done
mkdir -p node_modules
touch node_modules/.package-lock.json
echo "ended $$" >> npm.log
`;

let clone: string;
const starts: Start[] = [];

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'daycut prepare test '));
  mkdirSync(join(clone, 'scripts'));
  for (const file of ['prepare.mjs', 'lock-file.mjs']) {
    copyFileSync(join(projectRoot, 'scripts', file), join(clone, 'scripts', file));
  }
  const start =
    "import { prepare } from './prepare.mjs';\nawait prepare();\nconsole.log('goes on');";
  writeFileSync(join(clone, 'scripts/start.mjs'), start);
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  mkdirSync(join(clone, 'bin'));
  writeFileSync(join(clone, 'bin/npm'), NPM);
  chmodSync(join(clone, 'bin/npm'), 0o755);
});
afterEach(async () => {
  install();
  await Promise.all(starts.splice(0).map(({ code }) => code));
  await poll('the end of npm', 60_000, () => !began().some(isAlive) || undefined);
  rmSync(clone, { recursive: true, force: true });
});

function start(): Start {
  const env = { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH'] ?? ''}` };
  const child = spawn(process.execPath, [join(clone, 'scripts/start.mjs')], { cwd: clone, env });
  let text = '';
  const keep = (data: Buffer) => (text += data.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = once(child, 'close').then(([status]) => status as number | null);
  const started = { child, text: () => text, code };
  starts.push(started);
  return started;
}

const install = (): void => writeFileSync(join(clone, 'go'), '');

/** The process numbers of the installations that were begun. */
function began(): number[] {
  if (!existsSync(join(clone, 'npm.log'))) return [];
  const log = readFileSync(join(clone, 'npm.log'), 'utf8');
  return [...log.matchAll(/began (\d+)/g)].map(([, pid]) => Number.parseInt(pid!, 10));
}

/** The lock knows npm by then. */
const untilBegun = (times = 1): Promise<true> =>
  poll(`installation ${times}`, 60_000, () => {
    const lock = readFileSync(join(clone, '.daycut/installing.json'), 'utf8');
    const { partner } = JSON.parse(lock) as Holder;
    return (began().length === times && began().at(-1) === partner?.pid) || undefined;
  });
const untilWaiting = ({ text }: Start): Promise<true> =>
  poll('the wait', 60_000, () => text().includes('waiting') || undefined);

describe('prepare', () => {
  it('installs once for two starts at once; the second says whom it waits for', async () => {
    const first = start();
    await untilBegun();
    const second = start();
    await untilWaiting(second);
    expect(second.text()).toContain(`installed already (process ${first.child.pid!}, since 20`);
    install();
    expect(await Promise.all([first.code, second.code])).toEqual([0, 0]);
    expect(began()).toHaveLength(1);
    expect(second.text()).toContain('goes on');
    expect(readdirSync(join(clone, '.daycut'))).toEqual([]);
  });

  it('waits for the npm of a start that was killed, and does not repeat its work', async () => {
    const first = start();
    await untilBegun();
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = start();
    await untilWaiting(second);
    expect(second.text()).toContain(`installed already (process ${began()[0]!}, since 20`);
    install();
    expect(await second.code).toBe(0);
    expect(began()).toHaveLength(1);
  });

  it('installs anew when start and npm were killed', async () => {
    const first = start();
    await untilBegun();
    first.child.kill('SIGKILL');
    process.kill(began()[0]!, 'SIGKILL');
    await first.code;
    const second = start();
    await untilBegun(2);
    install();
    expect(await second.code).toBe(0);
  });

  it('ends npm with itself on Ctrl-C', async () => {
    const first = start();
    await untilBegun();
    first.child.kill('SIGINT');
    expect(await first.code).toBe(130);
    expect(began().some(isAlive)).toBe(false);
    expect(readdirSync(join(clone, '.daycut'))).toEqual([]);
  });

  it('leaves a folder alone that node_modules only points to', async () => {
    mkdirSync(join(clone, 'elsewhere'));
    symlinkSync(join(clone, 'elsewhere'), join(clone, 'node_modules'));
    const refused = start();
    expect(await refused.code).toBe(1);
    expect(refused.text()).toMatch(/node_modules is a symbolic link.*\n.*elsewhere\n/);
    expect(began()).toEqual([]);
  });
});
