import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { dropDatabase, freshDatabase } from '../support/database.ts';
import { freshNamespace } from '../support/temporal.ts';

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe('freshDatabase', () => {
  it('gives each test a migrated database of its own', async () => {
    const [first, second] = await Promise.all([freshDatabase(), freshDatabase()]);
    await ask(first, 'create table mine as select 1 as n');
    expect(await ask(first, "select to_regclass('ledger_dates')::text")).toBe('ledger_dates');
    expect(await ask(second, "select to_regclass('mine')")).toBeNull();
    await Promise.all([dropDatabase(first), dropDatabase(second)]);
  });
});

describe('freshNamespace', () => {
  it('serves at once', async () => {
    const namespace = await freshNamespace();
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { workflow } = new Client({ connection, namespace });
    const handle = await workflow.start('waits', { workflowId: 'one', taskQueue: 'q', args: [] });
    expect(handle.workflowId).toBe('one');
    await connection.close();
  });
});
