import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startNodeChild } from '../../scripts/embedded/node-child.ts';
import { freePort, Hopeless, poll, signalProcess } from '../../scripts/embedded/processes.ts';
import type { Running } from '../../scripts/embedded/supervisor.ts';
import { freshDatabase } from './database.ts';
import { bundlePath, freshNamespace } from './temporal.ts';

export type Role = 'control' | 'batch' | 'server';
const ROLES: readonly Role[] = ['control', 'batch', 'server'];

export interface SystemOptions {
  /** A fresh empty one unless given. */
  readonly databaseUrl?: string;
  /** A fresh one unless given. */
  readonly namespace?: string;
  readonly temporalAddress?: string;
  /** As in DAYCUT_CLOCK. The host's clock unless given. */
  readonly clock?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The processes to start; the server alone, say, shows what happens without workers. */
  readonly roles?: readonly Role[];
}

/** The real processes of one installation, seen from outside only. */
export interface System {
  readonly baseUrl: string;
  readonly databaseUrl: string;
  readonly namespace: string;
  readonly pids: () => Readonly<Partial<Record<Role, number>>>;
  /** kill -9. */
  readonly kill: (role: Role) => Promise<void>;
  /** Starts a process that is gone. Whether it serves already is for the caller to ask. */
  readonly restart: (role: Role) => void;
  /** Until GET /health says 200. */
  readonly untilHealthy: () => Promise<void>;
  /** What the processes logged. */
  readonly logOf: (role: Role) => string;
  readonly stop: () => Promise<void>;
}

/** Starts worker control, worker batch and server; they end with this process at the latest. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const databaseUrl = options.databaseUrl ?? (await freshDatabase());
  const temporalAddress = options.temporalAddress ?? inject('temporalAddress');
  const namespace = options.namespace ?? (await freshNamespace(temporalAddress));
  const port = await freePort();
  const home = mkdtempSync(join(inject('scratch'), 'home-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    PORT: String(port),
    DAYCUT_HOME: home,
    DAYCUT_EMBEDDED: 'true',
    DAYCUT_ISSUER_KEYS: join(home, 'issuer-keys.json'),
    DAYCUT_WORKFLOW_BUNDLE: await bundlePath(),
    DAYCUT_CLOCK: options.clock ?? 'system',
    LOG_LEVEL: 'info',
    ...options.env,
  };
  const children = new Map<Role, Running>();
  const ends = new Map<Role, string>();
  const start = (role: Role) => {
    const child = startChild(role, env, home);
    children.set(role, child);
    ends.delete(role);
    void child.exited.then((how) => {
      if (children.get(role) === child) ends.set(role, `${role}: ${how}\n${lastWords(child)}`);
    });
  };
  const baseUrl = `http://127.0.0.1:${port}/api/v1`;
  const untilHealthy = () => pollHealth(baseUrl, ends);
  const stop = async () => {
    for (const role of ROLES.toReversed()) await children.get(role)?.stop();
  };
  for (const role of options.roles ?? ROLES) start(role);
  const system: System = {
    baseUrl,
    databaseUrl,
    namespace,
    pids: () => Object.fromEntries([...children].map(([role, { pid }]) => [role, pid])),
    kill: async (role) => {
      const child = children.get(role);
      if (child === undefined) return;
      children.delete(role);
      signalProcess(child.pid, 'SIGKILL');
      await child.exited;
    },
    restart: start,
    untilHealthy,
    logOf: (role) => children.get(role)?.lastWords?.() ?? '',
    stop,
  };
  if (options.roles !== undefined) return system;
  try {
    await untilHealthy();
  } catch (error) {
    await stop();
    throw error;
  }
  return system;
}

function startChild(role: Role, env: NodeJS.ProcessEnv, home: string): Running {
  const logs = join(home, 'logs');
  mkdirSync(logs, { recursive: true });
  const options = { env, logFile: join(logs, `${role}.log`), graceMs: 10_000 };
  return role === 'server'
    ? startNodeChild({ ...options, script: 'server.ts' })
    : startNodeChild({ ...options, script: 'worker.ts', args: [role] });
}

async function pollHealth(baseUrl: string, ends: ReadonlyMap<Role, string>): Promise<void> {
  await poll('a healthy system', 60_000, async () => {
    for (const end of ends.values()) throw new Hopeless(end);
    const answer = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(await answer.text());
    return true;
  });
}

const lastWords = (child: Running): string => child.lastWords?.() ?? '';
