import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { freePort, isAlive, poll } from '../../scripts/embedded/processes.ts';
import { signIn, type ApiClient } from '../../scripts/launch/api-client.ts';
import { counterpartyFiles, readManifest } from '../../scripts/launch/counterparty-files.ts';
import type { Report } from '../../scripts/launch/report.ts';
import type { Screen } from '../../scripts/launch/screen.ts';
import type { FlowView } from '../../scripts/launch/views.ts';

interface Start {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly code: Promise<number | null>;
}

const START_MS = 180_000;
const SILENT: Screen = {
  say: () => undefined,
  done: () => undefined,
  passing: () => undefined,
  during: (_what, work) => work(),
};
let home: string;
let port: number;

/** As `npm start` does it, in a terminal that shows nothing. */
const start = (...args: string[]): Start => startWith({}, ...args);

function startWith(settings: Readonly<Record<string, string>>, ...args: string[]): Start {
  const env = { ...process.env, DAYCUT_HOME: home, PORT: String(port), ...settings };
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { cwd: projectRoot, env });
  let text = '';
  const keep = (data: Buffer) => (text += data.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = once(child, 'close').then(([status]) => status as number | null);
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

/** Whoever works on this home, the launcher itself excepted: it is named by no argument. */
function programsOfHome(): string[] {
  const isNumber = /^\d+$/;
  return readdirSync('/proc')
    .filter((name) => isNumber.test(name) && isAlive(Number.parseInt(name, 10)))
    .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
    .filter((command) => command.includes(home));
}

async function importFilesOf(ledgerDate: string, api: ApiClient): Promise<void> {
  const filesDir = join(home, 'sample-broker');
  const day = readManifest(filesDir).ledgerDates.find((date) => date.ledgerDate === ledgerDate);
  const desk = { api, filesDir, screen: SILENT };
  await counterpartyFiles(desk, ledgerDate, day?.files ?? []).importMissing();
}

beforeAll(async () => {
  // Closed to everybody else, as the home of root is, and with a space, as on other desks.
  home = join(realpathSync(mkdtempSync(join(tmpdir(), 'daycut-start-'))), 'my data');
  chmodSync(join(home, '..'), 0o700);
  port = await freePort();
});
afterAll(() => {
  rmSync(join(home, '..'), { recursive: true, force: true });
});

describe.runIf(process.platform === 'linux')('Ctrl-C during npm start', () => {
  it.each([
    {
      when: 'PostgreSQL makes its data folder',
      has: () => existsSync(join(home, 'postgres.unfinished')),
    },
    { when: 'the sample is loaded', has: (text: string) => text.includes('Database schema') },
  ])(
    'leaves no program behind when $when',
    async ({ has }) => {
      const broken = start('--manual');
      await poll('that moment', START_MS, () => has(broken.text()) || undefined);
      broken.child.kill('SIGINT');
      expect(await broken.code, broken.text()).toBe(130);
      expect(broken.text()).not.toContain('did not come through');
      expect(programsOfHome()).toEqual([]);
    },
    START_MS,
  );
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
    'comes up again after everything was killed, and leaves to a person what a person paused',
    async () => {
      const us = '/ledger-dates/2025-12-22/flows/US';
      const baseUrl = `http://127.0.0.1:${port}/api/v1`;
      const gone = mkdtempSync(join(home, '..', 'gone-'));
      const first = start('--manual', '--json', join(gone, 'closing.json'));
      let orphans: number[];
      try {
        await poll('its checks', START_MS, () => first.text().includes('starts') || undefined);
        rmSync(gone, { recursive: true });
        await untilUp(first);
        expect(first.text()).toContain('could not be written as JSON');
        const api = await signIn(baseUrl, 'operator');
        await importFilesOf('2025-12-22', api);
        await api.command(`${us}/readiness`);
        await api.command(`${us}/steps/sync/run`);
        orphans = processesOfHome();
      } finally {
        first.child.kill('SIGKILL');
        await first.code;
      }
      const json = join(home, '..', 'stopped.json');
      const second = start('--json', json);
      try {
        await untilUp(second);
        expect(orphans.filter(isAlive)).toEqual([]);
        expect(second.text()).toMatch(/Sample broker\s+0\.\d s/);
        expect(second.text()).toContain('This needs a person. US is PAUSED');
        const { ok, stoppedBy } = JSON.parse(readFileSync(json, 'utf8')) as Report;
        expect([ok, stoppedBy]).toEqual([false, expect.stringContaining('US is PAUSED')]);
        const api = await signIn(baseUrl, 'operator');
        await api.command(`${us}/start`);
        await poll('the end of the flow', 60_000, async () => {
          const { mode } = await api.get<FlowView>(us);
          return mode === 'COMPLETED' || undefined;
        });
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
      // A file name is meant from the folder in which a person calls npm.
      const folder = join(home, '..');
      const args = ['--once', '--days', '5', '--json', 'closing.json'];
      const once = startWith({ INIT_CWD: folder }, ...args);
      expect(await once.code, once.text()).toBe(0);
      const closing = JSON.parse(readFileSync(join(folder, 'closing.json'), 'utf8')) as Report;
      expect([closing.ok, closing.stoppedBy, closing.dates.length]).toEqual([true, null, 5]);
      expect(once.text()).toContain('.corrected.csv imported');
    },
    START_MS,
  );

  it('refuses an option that it does not know', async () => {
    const wrong = start('--dayz');
    expect(await wrong.code).toBe(2);
    expect(wrong.text()).toContain('Usage: npm start');
  });

  it('refuses a file that it could not write, before anything is started', async () => {
    const wrong = start('--once', '--json', join(home, 'no such folder', 'closing.json'));
    expect(await wrong.code).toBe(2);
    expect(wrong.text()).toMatch(/^--json: .*closing\.json cannot be written/);
  });

  it('refuses to prove a day where it cannot sign in', async () => {
    const sso = {
      DAYCUT_JWKS_URL: 'https://sign-in.example/keys',
      DAYCUT_JWT_ISSUER: 'https://sign-in.example',
      DAYCUT_JWT_AUDIENCE: 'daycut',
    };
    const wrong = startWith(sso, '--once');
    expect(await wrong.code).toBe(2);
    expect(wrong.text()).toContain('npm start cannot sign in');
  });
});
