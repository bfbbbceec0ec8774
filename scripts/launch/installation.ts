import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { loadConfig, loadTemporal, projectRoot } from '../../config.ts';
import { migrate } from '../../db/migrate.ts';
import { loadSampleBroker } from '../sample-broker/load.ts';
import { startNodeChild } from '../embedded/node-child.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { freePort, Hopeless, messageOf, poll } from '../embedded/processes.ts';
import type { Part, Supervisor } from '../embedded/supervisor.ts';
import { findTemporalCli } from '../embedded/temporal-cli.ts';
import { startTemporal } from '../embedded/temporal-server.ts';
import { workflowBundle } from '../embedded/workflow-bundle.ts';
import type { Screen } from './screen.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The parts of Daycut that run, as the operator needs to know them. */
export interface Installation {
  readonly baseUrl: string;
  readonly home: string;
  readonly filesDir: string;
  /** False where sign-in is a real one: then only people can drive the day. */
  readonly hasDemoPeople: boolean;
}

const NODE_PARTS = ['worker-control', 'worker-batch', 'server'];
const RESTARTS_AT_START_MAX = 3;
const NO_DATABASE_YET = 'postgres://daycut@127.0.0.1/daycut';

/** The folder for the data; the settings are checked here, before anything is started. */
export function homeOf(env: Environment): string {
  return resolve(projectRoot, loadConfig({ DATABASE_URL: NO_DATABASE_YET, ...env }).DAYCUT_HOME);
}

/** Starts what is not there already, in the order in which one needs the other. */
export async function startInstallation(
  env: Environment,
  supervisor: Supervisor,
  screen: Screen,
): Promise<Installation> {
  const settings = loadConfig({ DATABASE_URL: NO_DATABASE_YET, ...env });
  const home = homeOf(env);
  const port = await portFor(settings.HOST, settings.PORT);
  const [databaseUrl, temporal, bundle] = await Promise.all([
    database(env, home, supervisor, screen),
    temporalServer(env, home, supervisor, screen),
    screen.during('Workflow bundle', () => workflowBundle(home)),
  ]);
  await screen.during('Database schema', () => migrate(databaseUrl));
  const filesDir = join(home, 'sample-broker');
  await screen.during('Sample broker', () =>
    loadSampleBroker(databaseUrl, { filesDir, cutoffTime: settings.DAYCUT_CUTOFF_TIME }),
  );
  const hasDemoPeople = settings.DAYCUT_JWKS_URL === undefined;
  const childEnv = {
    ...env,
    ...temporal,
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    DAYCUT_HOME: home,
    DAYCUT_EMBEDDED: String(hasDemoPeople),
    DAYCUT_ISSUER_KEYS: settings.DAYCUT_ISSUER_KEYS ?? join(home, 'issuer-keys.json'),
    DAYCUT_WORKFLOW_BUNDLE: bundle,
  };
  const host = settings.HOST === '0.0.0.0' ? '127.0.0.1' : settings.HOST;
  const baseUrl = `http://${host}:${port}/api/v1`;
  await screen.during('Workers and API', async () => {
    await supervisor.add(nodePart('worker-control', home, childEnv, 'worker.ts', 'control'));
    await supervisor.add(nodePart('worker-batch', home, childEnv, 'worker.ts', 'batch'));
    await supervisor.add(nodePart('server', home, childEnv, 'server.ts'));
    await untilHealthy(baseUrl, supervisor, home);
  });
  return { baseUrl, home, filesDir, hasDemoPeople };
}

async function database(
  env: Environment,
  home: string,
  supervisor: Supervisor,
  screen: Screen,
): Promise<string> {
  if (env['DATABASE_URL']) {
    screen.done('PostgreSQL', 'the one of DATABASE_URL');
    return env['DATABASE_URL'];
  }
  let url = '';
  let port: number | undefined;
  const start = async () => {
    const server = await startPostgres({
      dataDir: join(home, 'postgres'),
      logFile: join(home, 'logs', 'postgres.log'),
      say: screen.say,
      ...(port === undefined ? {} : { port }),
    });
    // Those who are connected come back to the address that they know.
    ({ url, port } = server);
    return server;
  };
  await screen.during('PostgreSQL', () => supervisor.add({ name: 'postgres', start }));
  return url;
}

/** What the children need to reach Temporal. */
async function temporalServer(
  env: Environment,
  home: string,
  supervisor: Supervisor,
  screen: Screen,
): Promise<Record<string, string>> {
  const outside = loadTemporal(env);
  if (outside.connectionOptions.address !== undefined) {
    await screen.during(`Temporal at ${outside.connectionOptions.address}`, async () => {
      const connection = await Connection.connect(outside.connectionOptions);
      await connection.close();
    });
    return {};
  }
  const cli = await findTemporalCli({ env, say: screen.say });
  let address = '';
  let port: number | undefined;
  const start = async () => {
    const server = await startTemporal({
      cli,
      dir: join(home, 'temporal'),
      logFile: join(home, 'logs', 'temporal.log'),
      namespaces: [outside.namespace],
      ...(port === undefined ? {} : { port }),
    });
    ({ address, port } = server);
    return server;
  };
  const name = `Temporal ${cli.version} (${cli.source})`;
  await screen.during(name, () => supervisor.add({ name: 'temporal', start }));
  return { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: outside.namespace };
}

function nodePart(
  name: string,
  home: string,
  env: NodeJS.ProcessEnv,
  script: string,
  ...args: string[]
): Part {
  const logFile = join(home, 'logs', `${name}.log`);
  return { name, start: () => startNodeChild({ script, args, env, logFile }) };
}

async function untilHealthy(baseUrl: string, supervisor: Supervisor, home: string): Promise<void> {
  try {
    await poll('a healthy system', 90_000, async () => {
      const failing = NODE_PARTS.find((name) => supervisor.restarts(name) >= RESTARTS_AT_START_MAX);
      if (failing !== undefined) throw new Hopeless(`${failing} does not stay up`);
      const answer = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    });
  } catch (error) {
    throw new Error(`${messageOf(error)}. Logs: ${join(home, 'logs')}`, { cause: error });
  }
}

/** A former launcher's server may need a moment to be gone; another program stays. */
async function portFor(host: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  const tryToListen = () =>
    new Promise<true>((done, fail) => {
      const probe = createServer();
      probe.once('error', fail);
      probe.listen(port, host, () => probe.close(() => done(true)));
    });
  try {
    await poll(`a free port ${port}`, 5000, tryToListen);
  } catch (error) {
    throw new Error(`Port ${port} is in use by another program; PORT=… npm start takes another.`, {
      cause: error,
    });
  }
  return port;
}
