import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { startNodeChild } from '../../scripts/embedded/node-child.ts';
import { isAlive, poll, signalProcess } from '../../scripts/embedded/processes.ts';
import { runProgram } from '../../scripts/embedded/run-program.ts';
import { createSupervisor, type Part, type Supervisor } from '../../scripts/embedded/supervisor.ts';

let folder: string;
let supervisor: Supervisor;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daycut-supervisor-test-'));
  said = [];
  supervisor = createSupervisor({ say: (line) => said.push(line), backoffMs: 10 });
});
afterEach(async () => {
  await supervisor.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that says when it is up, and that it ends when it is asked to. */
function part(name: string, code = 'setInterval(() => {}, 1000);'): Part {
  const script = join(folder, `${name}.mts`);
  const onTerm = `process.on('SIGTERM', () => { console.log('${name} ends'); process.exit(0); });`;
  writeFileSync(script, `${onTerm}\nconsole.log('up');\n${code}\n`);
  const logFile = join(folder, 'all.log');
  return { name, start: () => startNodeChild({ script, env: process.env, logFile }) };
}

const log = (): string => readFileSync(join(folder, 'all.log'), 'utf8');
const untilUp = (times: number) =>
  poll(`${times} starts`, 60_000, () => (log().match(/up/g) ?? []).length >= times || undefined);

describe('createSupervisor', () => {
  it('starts again what was killed, and says so', async () => {
    await supervisor.add(part('worker'));
    const first = supervisor.pids()['worker']!;
    signalProcess(first, 'SIGKILL');
    await poll('the second', 60_000, () => supervisor.restarts('worker') === 1 || undefined);
    expect(supervisor.pids()['worker']).not.toBe(first);
    expect(said).toEqual([expect.stringMatching(/^worker: it ended with SIGKILL; starting it/)]);
  });

  it('shows the last words of a child that ends at once', async () => {
    await supervisor.add(part('broken', `console.error('no such table'); process.exit(1);`));
    await poll('a restart', 60_000, () => supervisor.restarts('broken') >= 1 || undefined);
    expect(said[0]).toContain('no such table');
  });

  it('stops the last one first and leaves nobody', async () => {
    await supervisor.add(part('worker'));
    await untilUp(1);
    await supervisor.add(part('server'));
    await untilUp(2);
    const pids = Object.values(supervisor.pids());
    await supervisor.stop();
    expect(log().match(/\w+ ends/g)).toEqual(['server ends', 'worker ends']);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends what is only starting, and waits until it has ended', async () => {
    const pidFile = join(folder, 'pid');
    const adding = supervisor.add({
      name: 'slow',
      start: async (signal) => {
        const args = ['-c', `echo $$ > '${pidFile}'; sleep 1000`];
        await runProgram('sh', args, { timeoutMs: 60_000, signal });
        throw new Error('it was not ended');
      },
    });
    const outcome = expect(adding).rejects.toThrow('aborted');
    const pid = await poll('the slow start', 60_000, () =>
      Number.parseInt(readFileSync(pidFile, 'utf8'), 10),
    );
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    await outcome;
  });

  it('begins nothing more once it stops', async () => {
    await supervisor.stop();
    await expect(supervisor.add(part('late'))).rejects.toThrow('aborted');
    expect(existsSync(join(folder, 'all.log'))).toBe(false);
  });

  it('starts nothing again once it stops', async () => {
    await supervisor.add(part('worker'));
    await untilUp(1);
    await supervisor.stop();
    expect(supervisor.restarts('worker')).toBe(0);
  });
});

describe('startNodeChild', () => {
  it('ends with a parent that was killed', async () => {
    part('orphan');
    const parent = `
      import { startNodeChild } from './scripts/embedded/node-child.ts';
      const { pid } = startNodeChild({
        script: ${JSON.stringify(join(folder, 'orphan.mts'))},
        env: process.env,
        logFile: ${JSON.stringify(join(folder, 'all.log'))},
      });
      console.log(pid);`;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', parent],
      { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const orphan = Number.parseInt(line.toString(), 10);
    await untilUp(1);
    child.kill('SIGKILL');
    await poll('the end of the orphan', 60_000, () => (isAlive(orphan) ? undefined : true));
    expect(isAlive(orphan)).toBe(false);
  });
});
