import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import Type, { type Static, type TSchema } from 'typebox';
import Value from 'typebox/value';
import { clockFrom } from './domain/clock.ts';

const SettingsSchema = Type.Object({
  DATABASE_URL: Type.String({
    pattern: '^postgres(ql)?://',
    description: 'The PostgreSQL database that holds the books.',
  }),
  PG_POOL_SIZE: Type.Integer({
    minimum: 1,
    maximum: 200,
    default: 8,
    description: 'Connections to PostgreSQL a process may hold; also the shards at a time.',
  }),
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 3000,
    description: 'The port of the API; 0 takes any free one.',
  }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'The address the API listens on.',
  }),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) =>
      Type.Literal(level),
    ),
    { default: 'info', description: 'fatal, error, warn, info, debug, trace or silent.' },
  ),
  DAYCUT_HOME: Type.String({
    minLength: 1,
    default: '.daycut',
    description: 'The folder for the data, keys, bundles and logs of an embedded installation.',
  }),
  DAYCUT_EMBEDDED: Type.Boolean({
    default: false,
    description: 'Set by the launcher: turns the local token issuer and its demo people on.',
  }),
  DAYCUT_CLOCK: Type.String({
    default: 'system',
    description:
      'system, an instant (time stands still), <instant>+ (starts there and runs), or ' +
      '<instant>+@<instant> (runs, and showed the first at the second).',
  }),
  DAYCUT_CUTOFF_TIME: Type.String({
    pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
    default: '17:00',
    description: 'The cutoff of a new installation, in Hong Kong; later it is a setting.',
  }),
  DAYCUT_COMMAND_TTL_MS: Type.Integer({
    minimum: 1000,
    maximum: 3_600_000,
    default: 30_000,
    description: 'A command that was not applied within this time never will be.',
  }),
  DAYCUT_WORKFLOW_BUNDLE: Type.Optional(
    Type.String({ minLength: 1, description: 'A prebuilt workflow bundle; else one is built.' }),
  ),
  DAYCUT_TEMPORAL_IDENTITY: Type.Optional(
    Type.String({ minLength: 1, description: 'The name that Temporal histories show.' }),
  ),
  DAYCUT_ISSUER_KEYS: Type.Optional(
    Type.String({ minLength: 1, description: 'The key file of the local token issuer.' }),
  ),
  DAYCUT_EVIDENCE_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'The Ed25519 private key (PEM) that signs evidence; embedded: made in the home.',
    }),
  ),
  DAYCUT_JWKS_URL: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'The keys of the OIDC provider.' }),
  ),
  DAYCUT_JWT_ISSUER: Type.Optional(
    Type.String({ minLength: 1, description: 'The issuer a token must name.' }),
  ),
  DAYCUT_JWT_AUDIENCE: Type.Optional(
    Type.String({ minLength: 1, description: 'The audience a token must name.' }),
  ),
  DAYCUT_FIRST_ADMIN: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The `sub` of the first administrator; without effect once there is one.',
    }),
  ),
});

export type Config = Readonly<Static<typeof SettingsSchema>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting with its default and what it is for; `.env.example` is checked against it. */
export const SETTINGS = SettingsSchema.properties as unknown as Readonly<
  Record<string, { readonly default?: string | number | boolean; readonly description?: string }>
>;

/** What one setting alone cannot show. */
function problemsBetween(config: Config): string[] {
  const problems: string[] = [];
  try {
    clockFrom(config.DAYCUT_CLOCK);
  } catch (error) {
    problems.push(`  DAYCUT_CLOCK ${error instanceof Error ? error.message : String(error)}`);
  }
  if (config.DAYCUT_JWKS_URL !== undefined) {
    for (const name of ['DAYCUT_JWT_ISSUER', 'DAYCUT_JWT_AUDIENCE'] as const) {
      if (config[name] === undefined) problems.push(`  ${name} is needed with DAYCUT_JWKS_URL`);
    }
  }
  return problems;
}

/** Read once, by a process's root. An empty variable counts as absent; all problems at once. */
export function loadConfig(env: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in SETTINGS && value !== ''),
  );
  const candidate = Value.Convert(SettingsSchema, Value.Default(SettingsSchema, given));
  const problems = Object.entries<TSchema>(SettingsSchema.properties).flatMap(([name, schema]) =>
    problemsOf(name, schema, (candidate as Record<string, unknown>)[name]),
  );
  if (Value.Check(SettingsSchema, candidate)) problems.push(...problemsBetween(candidate));
  else if (problems.length === 0) problems.push('  no setting explains why');
  if (problems.length > 0) {
    throw new Error(`The environment is not usable:\n${problems.join('\n')}`);
  }
  return Object.freeze(candidate as Config);
}

/** Setting by setting: one list over all of them is cut off after eight errors by TypeBox. */
function problemsOf(name: string, schema: TSchema, value: unknown): string[] {
  if (value === undefined) {
    const isOptional = !SettingsSchema.required.some((required) => required === name);
    return isOptional ? [] : [`  ${name} is missing. ${describe(name)}`];
  }
  if (Value.Check(schema, value)) return [];
  return [`  ${name} ${Value.Errors(schema, value)[0]?.message ?? 'is wrong'}. ${describe(name)}`];
}

const describe = (name: string): string => SETTINGS[name]?.description ?? '';

/** Whom a token must come from where there is no embedded issuer. There is no default for that. */
export function oidcProvider({
  DAYCUT_JWKS_URL: jwksUrl,
  DAYCUT_JWT_ISSUER: issuer,
  DAYCUT_JWT_AUDIENCE: audience,
}: Config): { readonly jwksUrl: string; readonly issuer: string; readonly audience: string } {
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    throw new Error('set DAYCUT_JWKS_URL, DAYCUT_JWT_ISSUER and DAYCUT_JWT_AUDIENCE');
  }
  return { jwksUrl, issuer, audience };
}

/**
 * Where Temporal is: profiles of its own configuration file, overridden by TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE and their siblings, exactly as its other tools read them.
 */
export function loadTemporal(env: Environment): ClientConnectConfig & { namespace: string } {
  const named = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[0].startsWith('TEMPORAL_') && !!entry[1],
  );
  const loaded = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(named) });
  return { ...loaded, namespace: loaded.namespace ?? 'default' };
}

/** The top folder of the project, wherever the process was started. */
export const projectRoot = fileURLToPath(new URL('.', import.meta.url));
