import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { isAlive, poll } from '../../scripts/embedded/processes.ts';
import { runProgram } from '../../scripts/embedded/run-program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daycut-program-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Never ends, and has a child that would live on: both note their numbers. */
const SLOW = 'echo $$ >> pids; sleep 1000 & echo $! >> pids; wait';

const untilNoted = (): Promise<number[]> =>
  poll('the slow program', 60_000, () => {
    const pids = readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number);
    return pids.length === 2 ? pids : undefined;
  });

const untilGone = (pids: readonly number[]): Promise<true> =>
  poll('the end of both', 60_000, () => !pids.some(isAlive) || undefined);

describe('runProgram', () => {
  it('gives what the program printed', async () => {
    expect(await runProgram('echo', ['1.8.2'], { timeoutMs: 60_000 })).toBe('1.8.2\n');
  });

  it('throws the last words of one that failed', async () => {
    const failed = runProgram('sh', ['-c', 'echo looking >&2; echo no way out >&2; exit 3'], {
      timeoutMs: 60_000,
    });
    await expect(failed).rejects.toThrow(/^no way out$/);
  });

  it('throws when there is no such program', async () => {
    await expect(runProgram('no-such-program', [], { timeoutMs: 60_000 })).rejects.toThrow(
      'ENOENT',
    );
  });

  it('ends the program and what it started when it is told to stop', async () => {
    const stopping = new AbortController();
    const running = runProgram('sh', ['-c', SLOW], {
      cwd: folder,
      timeoutMs: 60_000,
      signal: stopping.signal,
    });
    const outcome = expect(running).rejects.toThrow('aborted');
    const pids = await untilNoted();
    stopping.abort();
    await outcome;
    await untilGone(pids);
  });

  it('ends the program when its own process exits', async () => {
    const code = `
      import { runProgram } from './scripts/embedded/run-program.ts';
      process.on('SIGTERM', () => process.exit(0));
      await runProgram('sh', ['-c', ${JSON.stringify(SLOW)}], {
        cwd: ${JSON.stringify(folder)},
        timeoutMs: 60_000,
      });`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    const parent = spawn(process.execPath, args, { cwd: projectRoot, stdio: 'ignore' });
    const pids = await untilNoted();
    parent.kill('SIGTERM');
    await untilGone(pids);
  });
});
