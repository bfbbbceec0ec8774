import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { projectRoot } from '../../config.ts';
import { connect } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { readAuditRoots } from '../../db/queries/audit-log.ts';
import { startPostgres } from '../../scripts/embedded/postgres.ts';
import { loadTinyBroker } from '../../scripts/sample-broker/load.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** As `npm run -s verify-audit` does it, in a home of its own and without DATABASE_URL. */
async function run(home: string, ...args: string[]): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, DAYCUT_HOME: home };
  delete env['DATABASE_URL'];
  const script = ['scripts/verify-audit.mjs', ...args];
  const child = spawn(process.execPath, script, { cwd: projectRoot, env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

describe('npm run verify-audit', () => {
  let home: string;
  let roots: string;

  async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
    const server = await startPostgres({ dataDir: join(home, 'postgres'), fast: true });
    try {
      return await work(server.url);
    } finally {
      await server.stop();
    }
  }

  const asSuperuser = (url: string, sql: string) =>
    withClient(url, async (client) => {
      await client.query('SET session_replication_role = replica');
      await client.query(sql);
    });

  beforeAll(async () => {
    home = mkdtempSync(join(inject('scratch'), 'verify-'));
    roots = join(home, 'roots.json');
    await withServer(async (url) => {
      await migrate(url);
      await loadTinyBroker(url);
      const db = connect(url, { poolSize: 1 });
      writeFileSync(roots, JSON.stringify(await readAuditRoots(db.$client)));
      await db.$client.end();
    });
  });

  it('starts the embedded database that does not run, and stops it again', async () => {
    const { code, out, err } = await run(home, '--roots', roots);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/1 {2}daily_roots[^]*Every proof holds/);
    // A server that still ran would refuse this.
    await withServer(async () => undefined);
  });

  it('uses the one that runs', async () => {
    const { code, out } = await withServer(async () => run(home, '--json'));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, findings: [], counts: { daily_roots: 1 } });
  });

  it('names the first bad row and ends with 1', async () => {
    const { code, out } = await withServer(async (url) => {
      await asSuperuser(url, 'UPDATE postings SET amount = 2 * amount WHERE journal_id = 3');
      return run(home);
    });
    expect(code).toBe(1);
    expect(out).toMatch(/First bad row: postings, ledger_date \d{4}-\d\d-\d\d, journal_id 3\n/);
  });

  it.each([
    ['an option that it does not know', ['--rots', 'x'], /Unknown option/],
    ['a file that is not there', ['--roots', 'nowhere.json'], /nowhere\.json/],
    ['a file that is no export', ['--roots', 'package.json'], /no export of GET \/audit\/roots/],
  ])('ends with 2 for %s', async (_name, args, message) => {
    const { code, err } = await run(home, ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client);
  await client.end();
}
