import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../db/migrate.ts';
import { startPostgres } from '../../scripts/embedded/postgres.ts';
import { findTemporalCli } from '../../scripts/embedded/temporal-cli.ts';
import { startTemporal } from '../../scripts/embedded/temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run; it is removed at the end. */
    scratch: string;
    /** The migrated database that others are copied from. Nobody connects to it. */
    templateUrl: string;
    temporalAddress: string;
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** One PostgreSQL and one Temporal for the whole run; each test takes its own slice. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = mkdtempSync(join(tmpdir(), 'daycut-test-'));
  const undo: (() => Promise<void>)[] = [
    async () => rmSync(scratch, { recursive: true, force: true }),
  ];
  const teardown = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const [postgres, temporal] = await Promise.all([
      startPostgres({
        dataDir: join(scratch, 'postgres'),
        fast: true,
        database: 'daycut_template',
        say,
      }).then((server) => {
        undo.push(server.stop);
        return server;
      }),
      findTemporalCli({ env: process.env, say })
        .then((cli) =>
          startTemporal({
            cli,
            dir: join(scratch, 'temporal'),
            namespaces: ['default'],
            inMemory: true,
          }),
        )
        .then((server) => {
          undo.push(server.stop);
          return server;
        }),
    ]);
    await migrate(postgres.url);
    project.provide('scratch', scratch);
    project.provide('templateUrl', postgres.url);
    project.provide('temporalAddress', temporal.address);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
