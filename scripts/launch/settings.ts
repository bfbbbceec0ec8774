import { resolve } from 'node:path';
import { loadConfig, projectRoot, type Config } from '../../config.ts';
import { clockStartedAt } from '../../domain/clock.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const NO_DATABASE_YET = 'postgres://daycut@127.0.0.1/daycut';

/** What the launcher goes by, checked before anything is started. */
export interface LaunchSettings extends Config {
  /** Undefined where the launcher has to start one. */
  readonly givenDatabaseUrl: string | undefined;
  /** False where sign-in is a real one: then only people can drive the day. */
  readonly hasDemoPeople: boolean;
}

/**
 * A clock that starts somewhere and runs starts once, here: each process of the installation, also
 * one that is started again, then shows the same time. Throws what is wrong with the settings.
 */
export function launchSettings(env: Environment, now: Date): LaunchSettings {
  const givenDatabaseUrl = env['DATABASE_URL'] || undefined;
  const config = loadConfig({ ...env, DATABASE_URL: givenDatabaseUrl ?? NO_DATABASE_YET });
  return {
    ...config,
    DAYCUT_HOME: resolve(projectRoot, config.DAYCUT_HOME),
    DAYCUT_CLOCK: clockStartedAt(config.DAYCUT_CLOCK, now),
    givenDatabaseUrl,
    hasDemoPeople: config.DAYCUT_JWKS_URL === undefined,
  };
}
