import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { startPostgres, type RunningPostgres } from '../../scripts/embedded/postgres.ts';
import { signalProcess } from '../../scripts/embedded/processes.ts';
import { findTemporalCli } from '../../scripts/embedded/temporal-cli.ts';
import {
  databaseFileOf,
  startTemporal,
  type RunningTemporal,
} from '../../scripts/embedded/temporal-server.ts';

/** PostgreSQL and Temporal of a test that kills them. Addresses stay the same over a restart. */
export interface OwnServers {
  /** Migrated, and empty. */
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  /** kill -9; all of its connections break. */
  readonly killPostgres: () => Promise<void>;
  readonly restartPostgres: () => Promise<void>;
  /** kill -9. */
  readonly killTemporal: () => Promise<void>;
  /** `forget`: as if its database had been lost. */
  readonly restartTemporal: (options?: { readonly forget?: boolean }) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startOwnServers(): Promise<OwnServers> {
  const dir = mkdtempSync(join(inject('scratch'), 'servers-'));
  const namespace = 'default';
  const cli = await findTemporalCli({ env: process.env });
  const temporalOptions = { cli, dir: join(dir, 'temporal'), namespaces: [namespace] };
  const postgresOptions = { dataDir: join(dir, 'postgres'), fast: true };
  // Settings that lose data lose it with the machine, not with the process.
  let postgres: RunningPostgres = await startPostgres(postgresOptions);
  let temporal: RunningTemporal = await startTemporal(temporalOptions);
  await migrate(postgres.url);
  const { url: databaseUrl, port: postgresPort } = postgres;
  const { address: temporalAddress, port: temporalPort } = temporal;
  const kill = async ({ pid, exited }: RunningPostgres | RunningTemporal) => {
    signalProcess(pid, 'SIGKILL');
    await exited;
  };
  return {
    databaseUrl,
    temporalAddress,
    namespace,
    killPostgres: () => kill(postgres),
    restartPostgres: async () => {
      postgres = await startPostgres({ ...postgresOptions, port: postgresPort });
    },
    killTemporal: () => kill(temporal),
    restartTemporal: async ({ forget = false } = {}) => {
      const file = databaseFileOf(temporalOptions);
      if (forget) for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
      temporal = await startTemporal({ ...temporalOptions, port: temporalPort });
    },
    stop: async () => {
      await Promise.all([postgres.stop(), temporal.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
