import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { loadTemporal } from '../../config.ts';
import { migrate } from '../../db/migrate.ts';
import { loadSampleBroker } from '../sample-broker/load.ts';
import { startNodeChild } from '../embedded/node-child.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { Hopeless, messageOf, poll } from '../embedded/processes.ts';
import type { Part, Supervisor } from '../embedded/supervisor.ts';
import { findTemporalCli } from '../embedded/temporal-cli.ts';
import { startTemporal } from '../embedded/temporal-server.ts';
import { workflowBundle } from '../embedded/workflow-bundle.ts';
import { baseUrlOf, portFor } from './address.ts';
import type { Screen } from './screen.ts';
import type { Environment, LaunchSettings } from './settings.ts';

/** The parts of Daycut that run, as the operator needs to know them. */
export interface Installation {
  readonly baseUrl: string;
  readonly filesDir: string;
}

/** Who starts it: told what happens, and watching what runs. */
export interface Launcher {
  readonly env: Environment;
  readonly settings: LaunchSettings;
  readonly supervisor: Supervisor;
  readonly screen: Screen;
}

const NODE_PARTS = ['worker-control', 'worker-batch', 'server'];
const RESTARTS_AT_START_MAX = 3;

/** Starts what is not there already, in the order in which one needs the other. */
export async function startInstallation(launcher: Launcher): Promise<Installation> {
  const { env, settings, supervisor, screen } = launcher;
  const home = settings.DAYCUT_HOME;
  const port = await portFor(settings.HOST, settings.PORT);
  const [databaseUrl, temporal, bundle] = await Promise.all([
    database(launcher),
    temporalServer(launcher),
    screen.during('Workflow bundle', () => workflowBundle(home)),
  ]);
  await screen.during('Database schema', () => migrate(databaseUrl));
  const filesDir = join(home, 'sample-broker');
  await screen.during('Sample broker', () =>
    loadSampleBroker(databaseUrl, { filesDir, cutoffTime: settings.DAYCUT_CUTOFF_TIME }),
  );
  const childEnv = {
    ...env,
    ...temporal,
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    DAYCUT_HOME: home,
    DAYCUT_CLOCK: settings.DAYCUT_CLOCK,
    DAYCUT_EMBEDDED: String(settings.hasDemoPeople),
    DAYCUT_ISSUER_KEYS: settings.DAYCUT_ISSUER_KEYS ?? join(home, 'issuer-keys.json'),
    DAYCUT_WORKFLOW_BUNDLE: bundle,
  };
  const baseUrl = baseUrlOf(settings.HOST, port);
  await screen.during('Workers and API', async () => {
    await supervisor.add(nodePart('worker-control', home, childEnv, 'worker.ts', 'control'));
    await supervisor.add(nodePart('worker-batch', home, childEnv, 'worker.ts', 'batch'));
    await supervisor.add(nodePart('server', home, childEnv, 'server.ts'));
    await untilHealthy(baseUrl, supervisor, home);
  });
  return { baseUrl, filesDir };
}

async function database({ settings, supervisor, screen }: Launcher): Promise<string> {
  if (settings.givenDatabaseUrl !== undefined) {
    screen.done('PostgreSQL', 'the one of DATABASE_URL');
    return settings.givenDatabaseUrl;
  }
  const home = settings.DAYCUT_HOME;
  let url = '';
  let port: number | undefined;
  const start = async (signal: AbortSignal) => {
    const server = await startPostgres({
      signal,
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
async function temporalServer({
  env,
  settings,
  supervisor,
  screen,
}: Launcher): Promise<Record<string, string>> {
  const outside = loadTemporal(env);
  if (outside.connectionOptions.address !== undefined) {
    await screen.during(`Temporal at ${outside.connectionOptions.address}`, async () => {
      const connection = await Connection.connect(outside.connectionOptions);
      await connection.close();
    });
    return {};
  }
  const home = settings.DAYCUT_HOME;
  const cli = await supervisor.during((signal) =>
    findTemporalCli({ env, say: screen.say, signal }),
  );
  let address = '';
  let port: number | undefined;
  const start = async (signal: AbortSignal) => {
    const server = await startTemporal({
      signal,
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
