import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { freePort, isAlive, poll } from '../../scripts/embedded/processes.ts';

interface Start {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly code: Promise<number | null>;
}

const START_MS = 180_000;
let home: string;
let port: number;

/** As `npm start` does it, in a terminal that shows nothing. */
function start(...args: string[]): Start {
  const env = { ...process.env, DAYCUT_HOME: home, PORT: String(port) };
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { cwd: projectRoot, env });
  let text = '';
  const keep = (data: Buffer) => (text += data.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = once(child, 'exit').then(([status]) => status as number | null);
  return { child, text: () => text, code };
}

async function untilUp({ child, text }: Start): Promise<void> {
  await poll('the start', START_MS, () => {
    if (child.exitCode !== null) throw new Error(text());
    return text().includes('Daycut is up') || undefined;
  });
}

/** The processes that hold a file or an argument of this home. */
function processesOfHome(): number[] {
  const pid = (file: string): number => {
    const text = readFileSync(join(home, file), 'utf8');
    return file.endsWith('.json')
      ? (JSON.parse(text) as { pid: number }).pid
      : Number.parseInt(text, 10);
  };
  return [pid('postgres/postmaster.pid'), pid('temporal/temporal.pid.json')];
}

beforeAll(async () => {
  // Closed to everybody else, as the home of root is, and with a space, as on other desks.
  home = join(mkdtempSync(join(tmpdir(), 'daycut-start-')), 'my data');
  chmodSync(join(home, '..'), 0o700);
  port = await freePort();
});
afterAll(() => {
  rmSync(join(home, '..'), { recursive: true, force: true });
});

describe('npm start', () => {
  it(
    'serves, tells a second start who runs, and leaves no process behind on Ctrl-C',
    async () => {
      const first = start('--manual');
      try {
        await untilUp(first);
        const health = await fetch(`http://127.0.0.1:${port}/api/v1/health`);
        expect(health.status).toBe(200);

        const second = start('--manual');
        expect(await second.code).toBe(1);
        expect(second.text()).toContain(`process ${first.child.pid!}, http://127.0.0.1:${port}`);

        const children = processesOfHome();
        first.child.kill('SIGINT');
        expect(await first.code).toBe(0);
        expect(children.filter(isAlive)).toEqual([]);
      } finally {
        first.child.kill('SIGTERM');
        await first.code;
      }
    },
    START_MS,
  );

  it(
    'comes up again after everything was killed, on the same data',
    async () => {
      const first = start('--manual');
      await untilUp(first);
      const orphans = processesOfHome();
      first.child.kill('SIGKILL');
      await first.code;
      const second = start('--manual');
      try {
        await untilUp(second);
        expect(orphans.filter(isAlive)).toEqual([]);
        expect(second.text()).toMatch(/Sample broker\s+0\.\d s/);
      } finally {
        second.child.kill('SIGINT');
        await second.code;
      }
    },
    START_MS,
  );

  it(
    'clears the five sample dates one after another, the missing row included',
    async () => {
      const json = join(home, '..', 'closing.json');
      const once = start('--once', '--days', '5', '--json', json);
      expect(await once.code, once.text()).toBe(0);
      const closing = JSON.parse(readFileSync(json, 'utf8')) as { ok: boolean; dates: unknown[] };
      expect([closing.ok, closing.dates.length]).toEqual([true, 5]);
      expect(once.text()).toContain('.corrected.csv imported');
    },
    START_MS,
  );

  it('refuses an option that it does not know', async () => {
    const wrong = start('--dayz');
    expect(await wrong.code).toBe(2);
    expect(wrong.text()).toContain('Usage: npm start');
  });
});
