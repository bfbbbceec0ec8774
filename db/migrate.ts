import { fileURLToPath } from 'node:url';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { sealOlderBooks } from './audit/seal-older-books.ts';
import { connect } from './client.ts';
import { inTransaction } from './transaction.ts';

const MIGRATION_LOCK = 7701;

/**
 * Brings the database to the newest schema, and older books under seal. Safe to run twice, and by
 * two processes at once: an advisory lock makes the second one wait, and it then finds nothing left
 * to do.
 */
export async function migrate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runMigrations(drizzle(client), {
      migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
    });
    await sealBooks(url);
  } finally {
    await client.end();
  }
}

async function sealBooks(url: string): Promise<void> {
  const db = connect(url, { poolSize: 1, name: 'migrate' });
  try {
    await inTransaction(db, sealOlderBooks);
  } finally {
    await db.$client.end();
  }
}
