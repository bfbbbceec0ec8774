import { join, resolve } from 'node:path';
import { loadConfig, projectRoot } from '../../config.ts';
import { migrate } from '../../db/migrate.ts';
import { lockInstance } from './instance-lock.ts';
import { livingPostgresUrl, startPostgres } from './postgres.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A PostgreSQL that holds the books, for as long as a command needs it. */
export interface Store {
  readonly url: string;
  /** Where keys and bundles of the installation are. */
  readonly home: string;
  /** False for the books of DATABASE_URL. */
  readonly isEmbedded: boolean;
  readonly close: () => Promise<void>;
}

/**
 * The store that a command line tool reads: the one of DATABASE_URL; else the embedded one, which
 * is started and stopped again unless `npm start` runs it already.
 */
export async function openStore(env: Environment, say: (line: string) => void): Promise<Store> {
  const settings = loadConfig({ DATABASE_URL: 'postgres://daycut@127.0.0.1/daycut', ...env });
  const home = resolve(projectRoot, settings.DAYCUT_HOME);
  const close = async () => undefined;
  if (env['DATABASE_URL']) return { url: env['DATABASE_URL'], home, isEmbedded: false, close };
  const dataDir = join(home, 'postgres');
  const url = livingPostgresUrl(dataDir);
  if (url !== undefined) return { url, home, isEmbedded: true, close };
  return startStore(home, dataDir, say);
}

/** Under the lock of the launcher, so that the two never work on one folder. */
async function startStore(
  home: string,
  dataDir: string,
  say: (line: string) => void,
): Promise<Store> {
  const lock = lockInstance(home);
  try {
    const logFile = join(home, 'logs', 'postgres.log');
    const server = await startPostgres({ dataDir, logFile, say });
    await migrate(server.url);
    return {
      url: server.url,
      home,
      isEmbedded: true,
      close: async () => {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
