import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** `empty` is migrated and holds what every installation holds; `sample` has the sample broker. */
export type Template = 'empty' | 'sample';

const MIGRATED = 'daycut_template';
const SAMPLE = 'daycut_sample';

/** A database of a test's own, as a copy of files: some 15 ms. Its URL. */
export async function freshDatabase(template: Template = 'empty'): Promise<string> {
  if (template === 'sample') await ensureSample();
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => copy(admin, name, template === 'sample' ? SAMPLE : MIGRATED));
  return urlOf(name);
}

/** Ends every connection to it first. Only for tests that make very many. */
export async function dropDatabase(url: string): Promise<void> {
  const name = pg.escapeIdentifier(new URL(url).pathname.slice(1));
  await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
}

/** Loaded by whoever asks first; the others wait for it. */
async function ensureSample(): Promise<void> {
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock(hashtext($1))', [SAMPLE]);
    const known = await admin.query('select 1 from pg_database where datname = $1', [SAMPLE]);
    if (known.rowCount !== 0) return;
    const unfinished = `${SAMPLE}_unfinished`;
    await admin.query(`drop database if exists ${unfinished}`);
    await copy(admin, unfinished, MIGRATED);
    const { loadSampleBroker } = await import('../../scripts/sample-broker/load.ts');
    await loadSampleBroker(urlOf(unfinished));
    await admin.query(`alter database ${unfinished} rename to ${SAMPLE}`);
  });
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
