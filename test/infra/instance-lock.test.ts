import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { lockInstance } from '../../scripts/embedded/instance-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daycut-lock-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the lock, says so, and lives until it is told otherwise. */
async function holder(): Promise<{ pid: number; kill: () => Promise<void> }> {
  const code = `
    import { lockInstance } from './scripts/embedded/instance-lock.ts';
    const lock = lockInstance(${JSON.stringify(folder)});
    lock.announce('http://127.0.0.1:3000');
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid!, kill };
}

describe('lockInstance', () => {
  it('tells the second one who runs, where and since when', async () => {
    const other = await holder();
    try {
      expect(() => lockInstance(folder)).toThrow(
        new RegExp(`process ${other.pid}, http://127.0.0.1:3000, since 20`),
      );
    } finally {
      await other.kill();
    }
  });

  it('takes over from one that was killed', async () => {
    const other = await holder();
    await other.kill();
    expect(() => lockInstance(folder).release()).not.toThrow();
  });

  it('takes over from a process number that now means another program', () => {
    const former = { pid: process.ppid, identity: 'another boot', since: '2025-12-22T09:00:00Z' };
    writeFileSync(join(folder, 'instance.json'), JSON.stringify(former));
    expect(() => lockInstance(folder).release()).not.toThrow();
  });

  it('takes over a file that was cut off', () => {
    writeFileSync(join(folder, 'instance.json'), '{"pid":');
    expect(() => lockInstance(folder).release()).not.toThrow();
  });

  it('leaves nothing behind', () => {
    lockInstance(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });
});
