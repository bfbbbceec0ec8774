import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';

/**
 * `empty` is migrated and holds nothing else; `tiny` has the tiny broker with its first ledger date
 * open and no trade; `sample` has the sample broker.
 */
export type Template = 'empty' | 'tiny' | 'sample';

const MIGRATED = 'daycut_template';

/** What is loaded into a template of its own, once a run. */
const LOADERS = {
  tiny: async (url: string) => {
    const { loadTinyBroker } = await import('../../scripts/sample-broker/load.ts');
    await loadTinyBroker(url);
  },
  sample: async (url: string) => {
    const { loadSampleBroker } = await import('../../scripts/sample-broker/load.ts');
    await loadSampleBroker(url, { filesDir: sampleFilesDir() });
  },
} as const;

/** Where the counterparty files of the `sample` template are. */
export const sampleFilesDir = (): string => join(inject('scratch'), 'sample-broker');

/** A database of a test's own, as a copy of files: some 15 ms. Its URL. */
export async function freshDatabase(template: Template = 'empty'): Promise<string> {
  return copyOfTemplate(
    template === 'empty' ? MIGRATED : await ensureTemplate(template, LOADERS[template]),
  );
}

/** Ends every connection to it first. Only for tests that make very many. */
export async function dropDatabase(url: string): Promise<void> {
  const name = pg.escapeIdentifier(new URL(url).pathname.slice(1));
  await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
}

/**
 * A template of the run, loaded by whoever asks first; the others wait for it. Its name. `load`
 * gets the URL of a migrated database.
 */
export async function ensureTemplate(
  template: string,
  load: (url: string) => Promise<void>,
): Promise<string> {
  const name = `daycut_${template}`;
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock(hashtext($1))', [name]);
    const known = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (known.rowCount !== 0) return;
    const unfinished = `${name}_unfinished`;
    await admin.query(`drop database if exists ${unfinished}`);
    await copy(admin, unfinished, MIGRATED);
    await load(urlOf(unfinished));
    await admin.query(`alter database ${unfinished} rename to ${name}`);
  });
  return name;
}

/** A database of a test's own from a template that `ensureTemplate` made. */
export async function copyOfTemplate(name: string): Promise<string> {
  const database = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => copy(admin, database, name));
  return urlOf(database);
}

const copy = (admin: pg.Client, name: string, template: string): Promise<unknown> =>
  admin.query(`create database ${name} template ${template} strategy file_copy`);

function urlOf(database: string): string {
  const url = new URL(inject('templateUrl'));
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: urlOf('postgres') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
