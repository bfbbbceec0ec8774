import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Db } from '../db/client.ts';
import { migrate } from '../db/migrate.ts';
import { startNodeChild } from '../scripts/embedded/node-child.ts';
import { startPostgres, type RunningPostgres } from '../scripts/embedded/postgres.ts';
import { freePort, poll } from '../scripts/embedded/processes.ts';
import { findTemporalCli } from '../scripts/embedded/temporal-cli.ts';
import { startTemporal, type RunningTemporal } from '../scripts/embedded/temporal-server.ts';
import { workflowBundle } from '../scripts/embedded/workflow-bundle.ts';
import { signIn, type ApiClient } from '../scripts/launch/api-client.ts';

const NAMESPACE = 'default';

/** A whole Daycut of its own, as `npm start` would run it, in a folder that goes with it. */
export interface Installation {
  readonly db: Db;
  readonly postgres: RunningPostgres;
  readonly temporal: RunningTemporal;
  /** Worker and server processes by name. */
  readonly pids: Readonly<Record<string, number>>;
  readonly api: ApiClient;
  readonly stop: () => Promise<void>;
}

export interface InstallationOptions {
  readonly batchWorkers: number;
  /** Fills the migrated database before the workers start. */
  readonly load: (db: Db) => Promise<void>;
  readonly say: (line: string) => void;
  /** As in DAYCUT_CLOCK. */
  readonly clock: string;
}

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const home = mkdtempSync(join(tmpdir(), 'daycut-bench-'));
  const undo: (() => Promise<unknown>)[] = [
    async () => rmSync(home, { recursive: true, force: true }),
  ];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const postgres = await startPostgres({ dataDir: join(home, 'postgres'), say: options.say });
    undo.push(postgres.stop);
    await migrate(postgres.url);
    const db = connect(postgres.url, { poolSize: 8, name: 'bench' });
    undo.push(() => db.$client.end());
    await options.load(db);
    const cli = await findTemporalCli({ env: process.env, say: options.say });
    const temporal = await startTemporal({
      cli,
      dir: join(home, 'temporal'),
      namespaces: [NAMESPACE],
    });
    undo.push(temporal.stop);
    const port = await freePort();
    const env = {
      ...process.env,
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      PORT: String(port),
      DAYCUT_HOME: home,
      DAYCUT_EMBEDDED: 'true',
      DAYCUT_ISSUER_KEYS: join(home, 'issuer-keys.json'),
      DAYCUT_WORKFLOW_BUNDLE: await workflowBundle(home),
      DAYCUT_CLOCK: options.clock,
      LOG_LEVEL: 'warn',
    };
    const pids: Record<string, number> = {};
    const start = (name: string, script: string, ...args: string[]): void => {
      const logFile = join(home, `${name}.log`);
      const child = startNodeChild({ script, args, env, logFile });
      undo.push(child.stop);
      pids[name] = child.pid;
    };
    start('worker control', 'worker.ts', 'control');
    for (let n = 1; n <= options.batchWorkers; n += 1) {
      start(`worker batch ${n}`, 'worker.ts', 'batch');
    }
    start('server', 'server.ts');
    const baseUrl = `http://127.0.0.1:${port}/api/v1`;
    await poll('a healthy system', 90_000, async () => {
      const answer = await fetch(`${baseUrl}/health`);
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    });
    return { db, postgres, temporal, pids, api: await signIn(baseUrl, 'operator'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
