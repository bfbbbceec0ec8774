import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { asNobody, postgresPackage } from '../../scripts/embedded/postgres-binaries.ts';
import { startPostgres, type RunningPostgres } from '../../scripts/embedded/postgres.ts';
import { isAlive, poll, signalProcess } from '../../scripts/embedded/processes.ts';

const folders: string[] = [];
const servers: RunningPostgres[] = [];

function folder(name = 'data'): string {
  // Only its owner may enter, as with the home of root.
  const made = mkdtempSync(join(tmpdir(), 'daycut postgres test '));
  folders.push(made);
  return join(made, name);
}

async function start(dataDir: string): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, fast: true });
  servers.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

// Made once: what follows starts on it again and again, as an installation does.
let dataDir: string;
beforeAll(() => {
  dataDir = folder('a day cut');
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

describe('startPostgres', () => {
  it('serves a database of its own, in a closed folder with spaces in its path', async () => {
    const { url, pid } = await start(dataDir);
    expect(await ask(url, 'select current_database()')).toBe('daycut');
    expect(isAlive(pid)).toBe(true);
  });

  it('leaves no process behind when it stops', async () => {
    const { pid, stop } = await start(dataDir);
    await stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('keeps the data over a restart', async () => {
    const first = await start(dataDir);
    await ask(first.url, 'create table kept as select 7 as n');
    await first.stop();
    const second = await start(dataDir);
    expect(await ask(second.url, 'select n from kept')).toBe(7);
  });

  it('keeps the data over a kill -9', async () => {
    const first = await start(dataDir);
    await ask(first.url, 'create table survived as select 7 as n');
    signalProcess(first.pid, 'SIGKILL');
    const second = await start(dataDir);
    expect(await ask(second.url, 'select n from survived')).toBe(7);
  });

  it('refuses a folder whose server and starter live', async () => {
    const { pid } = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`process ${pid}`);
  });

  it('takes over from a starter that was killed', async () => {
    const script = `
      import { startPostgres } from './scripts/embedded/postgres.ts';
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, fast: true });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const orphan = Number.parseInt(line.toString(), 10);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    expect(isAlive(orphan)).toBe(true);
    const { url } = await start(dataDir);
    expect(isAlive(orphan)).toBe(false);
    expect(await ask(url, 'select 1')).toBe(1);
  });

  it('ends with its starter when the starter just exits', async () => {
    const script = `
      import { startPostgres } from './scripts/embedded/postgres.ts';
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, fast: true });
      console.log(server.pid);
      process.exit(3);`;
    const starter = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number.parseInt(line.toString(), 10);
    await poll('the end of the server', 60_000, () => (isAlive(pid) ? undefined : true));
    expect(isAlive(pid)).toBe(false);
  });

  it('says why it did not start, with the end of its log', async () => {
    const { port } = await start(dataDir);
    const other = startPostgres({ dataDir: folder(), fast: true, port });
    await expect(other).rejects.toThrow(/did not start on port[^]*Address already in use/);
  });

  it('asks for its password unless it is a throw-away server', async () => {
    const server = await startPostgres({ dataDir: folder() });
    servers.push(server);
    const { password } = new URL(server.url);
    const refused = ask(server.url.replace(password, 'guess'), 'select 1');
    await expect(refused).rejects.toThrow(/password authentication failed/);
  });
});

describe.runIf(process.getuid?.() === 0)('root without user namespaces', () => {
  it.each([
    { name: 'where nobody may go', dataDir: () => folder() },
    {
      name: 'in a new folder',
      dataDir: () => join(tmpdir(), `daycut-test-${randomUUID()}`, 'data'),
    },
  ])('runs as nobody $name, whatever the umask, and says so', async ({ dataDir }) => {
    const wanted = dataDir();
    const umask = process.umask(0o077);
    const said: string[] = [];
    try {
      const installation = asNobody(postgresPackage(), wanted);
      folders.push(join(installation.dataDir, '..'));
      const server = await startPostgres({
        dataDir: wanted,
        fast: true,
        installation,
        say: (line) => said.push(line),
      });
      servers.push(server);
      expect(await ask(server.url, 'select 1')).toBe(1);
      const where = installation.dataDir === wanted ? '' : `its data in ${installation.dataDir}`;
      expect(said).toEqual([expect.stringContaining(where)]);
      expect(statSync(installation.dataDir).uid).toBe(65_534);
    } finally {
      process.umask(umask);
    }
  });
});
