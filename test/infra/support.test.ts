import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { isAlive } from '../../scripts/embedded/processes.ts';
import { dropDatabase, freshDatabase } from '../support/database.ts';
import { startOwnServers } from '../support/servers.ts';
import { startSystem } from '../support/system.ts';
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

describe('startSystem', () => {
  it('runs the real processes, kills one and brings it back, and leaves none', async () => {
    const system = await startSystem();
    try {
      await system.kill('control');
      expect(system.pids().control).toBeUndefined();
      system.restart('control');
      await system.untilHealthy();
    } finally {
      const pids = Object.values(system.pids());
      await system.stop();
      expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
    }
  });
});

describe('startOwnServers', () => {
  it('come back at the same address after a kill -9, Temporal also without its memory', async () => {
    const servers = await startOwnServers();
    try {
      await ask(servers.databaseUrl, 'create table kept as select 7 as n');
      await servers.killPostgres();
      await servers.restartPostgres();
      expect(await ask(servers.databaseUrl, 'select n from kept')).toBe(7);
      await servers.killTemporal();
      await servers.restartTemporal({ forget: true });
      const connection = await Connection.connect({ address: servers.temporalAddress });
      await connection.close();
    } finally {
      await servers.stop();
    }
  });
});
